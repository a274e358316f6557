//! The credential proxy: requests to Microsoft 365 in a connection's name, whose token the client never sees.

mod pass_on;
mod request;

pub use pass_on::{CredentialProxy, ProxyError};
pub use request::{
    Header, InvalidPath, ProxyAnswer, ProxyPath, ProxyRequest, REQUEST_HEADERS, RESPONSE_HEADERS, Upload,
    UploadBody,
};

use async_trait::async_trait;
use secrecy::SecretString;

use crate::{
    access::permission,
    connections::MayUseTokens,
    delegation::{ClaimsChallenge, SharePointHost},
    graph::GraphError,
};

permission!(
    /// May have Microsoft Graph asked in the name of the connections that one sees.
    ProxyGraph = "proxy:graph"
);
permission!(
    /// May have SharePoint asked so.
    ProxySharePoint = "proxy:sharepoint"
);

impl MayUseTokens for ProxyGraph {
    const EVENT: &'static str = "connection.token.used";
}

impl MayUseTokens for ProxySharePoint {
    const EVENT: &'static str = "connection.token.used";
}

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProxyPlace {
    Graph,
    SharePoint(SharePointHost),
}

impl ProxyPlace {
    /// The word for it in paths and logs.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Graph => "graph",
            Self::SharePoint(_) => "sharepoint",
        }
    }
}

/// What came of asking.
pub enum Answered {
    /// Whatever its status.
    Answer(Box<ProxyAnswer>),
    /// The token does not hold: `401`.
    TokenRefused {
        /// What the resource wants to see in the next token.
        claims: Option<ClaimsChallenge>,
        /// The refusal, if there is no other token to try.
        error: GraphError,
    },
}

/// Microsoft 365, asked as the client wrote it.
#[async_trait]
pub trait MicrosoftProxy: Send + Sync {
    /// Sends a request with a token, which goes to this place and nowhere else. A redirect of a `GET` to the bytes of a
    /// file is followed, without the token.
    async fn ask(
        &self,
        place: &ProxyPlace,
        request: ProxyRequest,
        token: &SecretString,
    ) -> Result<Answered, GraphError>;
}
