//! Lists, as SharePoint's own interface tells of them.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A list or library of a site.
#[derive(Clone, Debug)]
pub struct SharePointList {
    pub id: Uuid,
    pub title: String,
    pub description: Option<String>,
    pub item_count: Option<u64>,
    /// SharePoint's number for what it is made from: 100 for a list, 101 for a document library.
    pub template: Option<u32>,
    /// Not shown to people.
    pub is_hidden: bool,
    pub created_at: Option<DateTime<Utc>>,
}
