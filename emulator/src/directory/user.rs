//! A user object in one tenant.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{App, Assignment, app::yes};

/// A user as one tenant knows him. A guest has another object in each tenant.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[serde(rename_all(serialize = "camelCase"))]
#[expect(clippy::struct_excessive_bools, reason = "each is a property of its own, as in a directory")]
pub(crate) struct User {
    /// Short name, the same for all objects of one human.
    pub(crate) handle: String,
    /// Object id.
    pub(crate) id: Uuid,
    /// Whether he has a picture.
    #[serde(default)]
    pub(crate) photo: bool,
    pub(crate) given_name: String,
    pub(crate) family_name: String,
    #[serde(default)]
    pub(crate) display_name: Option<String>,
    pub(crate) upn: String,
    #[serde(default)]
    pub(crate) mail: Option<String>,
    /// Holds the directory role Global Administrator.
    #[serde(default)]
    pub(crate) administrator: bool,
    #[serde(default = "yes")]
    pub(crate) enabled: bool,
    #[serde(default)]
    pub(crate) mfa_required: bool,
    /// The tenant a guest comes from.
    #[serde(default)]
    pub(crate) home: Option<Uuid>,
    #[serde(default)]
    pub(crate) assigned: Vec<Assignment>,
    /// What he was given before this is void, whoever holds it.
    #[serde(skip_deserializing)]
    pub(crate) sessions_valid_from: Option<DateTime<Utc>>,
    /// What a public client was given before this is void.
    #[serde(skip_deserializing)]
    pub(crate) password_changed: Option<DateTime<Utc>>,
}

impl User {
    pub(crate) fn name(&self) -> String {
        self.display_name.clone().unwrap_or_else(|| format!("{} {}", self.given_name, self.family_name))
    }

    /// Whether `who` is this object's handle, user principal name or object id.
    pub(crate) fn is_called(&self, who: &str) -> bool {
        self.handle.eq_ignore_ascii_case(who)
            || self.upn.eq_ignore_ascii_case(who)
            || Uuid::try_parse(who).is_ok_and(|id| id == self.id)
    }

    /// Whether he was let in to `app`, with or without a role.
    pub(crate) fn is_assigned_to(&self, app: &App) -> bool {
        self.assigned.iter().any(|assignment| assignment.app == app.name)
    }

    /// What the object says of itself, such as "guest" and "MFA required".
    pub(crate) fn remarks(&self) -> Vec<String> {
        [
            (self.home.is_some(), "guest"),
            (self.administrator, "administrator"),
            (!self.enabled, "disabled"),
            (self.mfa_required, "MFA required"),
        ]
        .into_iter()
        .filter(|(holds, _)| *holds)
        .map(|(_, remark)| remark.to_owned())
        .collect()
    }
}
