//! Applications and what stands for them in a tenant.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids;

/// Shape of a token. The resource chooses it for access tokens, the endpoint for ID tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum Version {
    /// `ver` "1.0".
    V1,
    /// `ver` "2.0".
    V2,
}

impl TryFrom<u8> for Version {
    type Error = &'static str;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        match number {
            1 => Ok(Self::V1),
            2 => Ok(Self::V2),
            _ => Err("a token's version is 1 or 2"),
        }
    }
}

impl From<Version> for u8 {
    fn from(version: Version) -> Self {
        match version {
            Version::V1 => 1,
            Version::V2 => 2,
        }
    }
}

/// An application registration: one for all tenants.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct App {
    pub(crate) name: String,
    pub(crate) id: Uuid,
    /// App ID URI; without one the app is no resource.
    #[serde(default)]
    pub(crate) uri: Option<String>,
    /// Without one the app is a public client.
    #[serde(default)]
    pub(crate) secret: Option<String>,
    /// When the secret ends.
    #[serde(default)]
    pub(crate) secret_expires: Option<DateTime<Utc>>,
    /// Version of the tokens made *for* this app.
    pub(crate) token_version: Version,
    #[serde(default)]
    pub(crate) scopes: Vec<String>,
    #[serde(default)]
    pub(crate) roles: Vec<AppRole>,
    /// Those of the scopes that only an administrator may consent to.
    #[serde(default)]
    pub(crate) admin_scopes: Vec<String>,
    /// Where answers of the sign-in may go.
    #[serde(default)]
    pub(crate) redirect_uris: Vec<RedirectUri>,
    /// What the app says it needs: the meaning of `.default`, and what an administrator consents to.
    #[serde(default)]
    pub(crate) permissions: Vec<Permissions>,
    /// Whether `/authorize` gives out ID tokens (implicit and hybrid flow).
    #[serde(default)]
    pub(crate) id_tokens: bool,
    /// What else access tokens for this app are to say: `xms_cc` (what the client is capable of), `auth_time` (when the
    /// person signed in).
    #[serde(default)]
    pub(crate) optional_claims: Vec<String>,
    /// Whether this resource revokes at once, for which its tokens live longer.
    #[serde(default)]
    pub(crate) continuous_access: bool,
    /// Certificates by which the app proves who it is, PEM.
    #[serde(default)]
    pub(crate) certificates: Vec<String>,
    /// Whose tokens the app may prove itself by.
    #[serde(default)]
    pub(crate) federated: Vec<FederatedCredential>,
    /// "Allow public client flows": devices may sign in to it though it has a secret, without showing it.
    #[serde(default)]
    pub(crate) public_flows: bool,
}

/// Where an answer may go, and by whom it may be redeemed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RedirectUri {
    pub(crate) uri: String,
    pub(crate) platform: Platform,
}

/// What runs behind a redirect URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Platform {
    /// A server, which proves who it is.
    Web,
    /// A page, which redeems from its own origin.
    Spa,
    /// A program on somebody's machine.
    Public,
}

/// What an app needs of one resource.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Permissions {
    /// Name of the resource's app.
    pub(crate) app: String,
    #[serde(default)]
    pub(crate) scopes: Vec<String>,
    #[serde(default)]
    pub(crate) roles: Vec<String>,
}

/// An issuer outside, one of whose subjects speaks for the app.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FederatedCredential {
    /// `iss`, to the letter.
    pub issuer: String,
    /// `sub`, to the letter.
    pub subject: String,
    /// `aud`.
    #[serde(default = "token_exchange")]
    pub audience: String,
    /// The issuer's JWKS. Without it the keys are fetched, over http from this machine only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<serde_json::Value>,
}

fn token_exchange() -> String {
    "api://AzureADTokenExchange".to_owned()
}

/// A role an app defines for those who call it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AppRole {
    pub(crate) value: String,
    /// As everywhere, of roles whose id is known; else one is made of its name.
    #[serde(default)]
    pub(crate) id: Option<Uuid>,
    pub(crate) allowed: Vec<RoleHolder>,
}

/// Who may hold an app role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RoleHolder {
    User,
    Application,
}

/// An application in a tenant.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServicePrincipal {
    /// Name of the app.
    pub(crate) app: String,
    pub(crate) id: Uuid,
    #[serde(default)]
    pub(crate) assigned: Vec<Assignment>,
    /// Whether only users who were assigned get in.
    #[serde(default)]
    pub(crate) assignment_required: bool,
    #[serde(default = "yes")]
    pub(crate) enabled: bool,
    /// From when on it counts, after a consent that took time to spread.
    #[serde(skip)]
    pub(crate) since: Option<DateTime<Utc>>,
}

pub(super) fn yes() -> bool {
    true
}

/// A user's or service principal's roles at a resource; no roles is "default access".
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Assignment {
    /// Name of the resource's app.
    pub(crate) app: String,
    #[serde(default)]
    pub(crate) roles: Vec<String>,
    /// As of a service principal.
    #[serde(skip)]
    pub(crate) since: Option<DateTime<Utc>>,
}

impl App {
    /// Whether it has anything to prove who it is by.
    pub(crate) fn is_confidential(&self) -> bool {
        self.secret.is_some() || !self.certificates.is_empty() || !self.federated.is_empty()
    }

    /// Whether a program that can keep no secret may act as it.
    pub(crate) fn is_public(&self) -> bool {
        self.public_flows || !self.is_confidential()
    }

    /// Whether access tokens for it have this optional claim.
    pub(crate) fn wants(&self, claim: &str) -> bool {
        self.optional_claims.iter().any(|known| known == claim)
    }

    /// What it needs of `resource`.
    pub(crate) fn needs(&self, resource: &Self) -> Option<&Permissions> {
        self.permissions.iter().find(|needed| needed.app == resource.name)
    }

    /// Whether `who` is this app's name, client id or App ID URI (with or without a trailing slash).
    pub(crate) fn is_called(&self, who: &str) -> bool {
        self.name.eq_ignore_ascii_case(who) || self.is_resource(who)
    }

    /// Whether this is SharePoint, which has a host in each tenant.
    pub(crate) fn is_sharepoint(&self) -> bool {
        self.id.to_string() == ids::SHAREPOINT_APP
    }

    /// Whether `resource` is how a client may name this app in a scope.
    pub(crate) fn is_resource(&self, resource: &str) -> bool {
        let bare = resource.strip_suffix('/').unwrap_or(resource);
        let is_host = || {
            let host = bare.to_ascii_lowercase();
            host.strip_prefix("https://").is_some_and(|host| host.ends_with(".sharepoint.com"))
        };
        (self.is_sharepoint() && is_host())
            || Uuid::try_parse(bare).is_ok_and(|id| id == self.id)
            || self.uri.as_deref().is_some_and(|uri| uri.eq_ignore_ascii_case(bare))
    }
}

/// The roles `assigned` gives at `resource`.
pub(crate) fn roles_at(assigned: &[Assignment], resource: &App) -> Vec<String> {
    assigned
        .iter()
        .filter(|assignment| assignment.app == resource.name)
        .flat_map(|assignment| assignment.roles.iter().cloned())
        .collect()
}
