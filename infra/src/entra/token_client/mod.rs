//! Asking Entra ID for tokens: on behalf of a caller, and for the service itself.
//!
//! What a reader would get wrong: only a parsed OAuth error (`refusal`) says anything about a user or a tenant. A page
//! of HTML, a lost connection or a `5xx` says nothing but "later". And numbers (AADSTS) only refine what the error's
//! class decided: Microsoft changes them (Microsoft identity platform, "Error codes").

mod app_only;
mod asker;
mod breaker;
mod certificate;
mod credential;
mod delegated;
mod endpoint;
mod exchange;
mod grants;
mod own;
mod pauses;
mod refusal;
mod shared;
mod transport;
mod verdict;

pub use app_only::AppTokenSource;
pub use certificate::{CertificateError, ClientCertificate};
pub use credential::{ClientCredential, Credentials, ManagedIdentity, ManagedIdentityError};
pub use delegated::{DelegatedTokenSettings, DelegatedTokenSource};
pub use endpoint::TokenEndpoint;
pub use grants::RefreshTokenGrants;
pub(crate) use own::NoOwnToken;
pub use own::OwnIdentity;
pub use shared::SharedTokens;

pub(super) use credential::Proof;
pub(super) use endpoint::TokenFailure;
pub(super) use refusal::{Meaning, Refusal};

#[cfg(test)]
pub(crate) mod tests;

use std::borrow::Cow;

use domain::delegation::Resource;

/// How the resources are called in this cloud.
#[derive(Clone, Debug)]
pub struct ResourceNames {
    /// Microsoft Graph's identifier: scheme and host, such as `https://graph.microsoft.com`.
    pub graph: String,
}

impl ResourceNames {
    /// The identifier of a resource, without a slash at its end.
    fn uri(&self, resource: &Resource) -> Cow<'_, str> {
        match resource {
            Resource::Graph => Cow::Borrowed(&self.graph),
            Resource::SharePoint { host } => Cow::Owned(format!("https://{host}")),
        }
    }

    /// The scope that means everything that was consented to.
    fn default_scope(&self, resource: &Resource) -> String {
        format!("{}/.default", self.uri(resource))
    }
}
