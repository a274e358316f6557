//! Sites.

use chrono::{DateTime, Utc};

use super::SiteId;

/// A SharePoint site.
#[derive(Clone, Debug)]
pub struct Site {
    pub id: SiteId,
    /// The last part of its address.
    pub name: Option<String>,
    pub display_name: Option<String>,
    pub description: Option<String>,
    /// Where a person sees it; `http` or `https`.
    pub web_url: Option<String>,
    pub created_at: Option<DateTime<Utc>>,
    pub last_modified_at: Option<DateTime<Utc>>,
}
