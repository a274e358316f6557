//! Passing a request on: within the key's rules, with a token, and once more with a newer one where that helps.

use std::sync::Arc;

use chrono::TimeDelta;

use super::{Answered, MicrosoftProxy, ProxyAnswer, ProxyPlace, ProxyRequest};
use crate::{
    access::Authorized,
    api_keys::permitted,
    connections::{
        ConnectionTokenError, ConnectionTokens, HandedToken, MayUseTokens, ResourceRequest, Target,
    },
    delegation::SharePointHost,
    graph::GraphError,
    id::ConnectionId,
};

/// Why a request was not passed on, or has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// Within none of the key's rules.
    #[error("the API key's rules do not allow the request")]
    NotAllowed,
    #[error(transparent)]
    Token(#[from] ConnectionTokenError),
    #[error(transparent)]
    Graph(#[from] GraphError),
}

/// Passes requests on in a connection's name.
#[derive(Clone)]
pub struct CredentialProxy {
    tokens: ConnectionTokens,
    microsoft: Arc<dyn MicrosoftProxy>,
}

impl CredentialProxy {
    pub fn new(tokens: ConnectionTokens, microsoft: Arc<dyn MicrosoftProxy>) -> Self {
        Self { tokens, microsoft }
    }

    /// The answer to a request at `target`, which is Graph or the SharePoint of the account's tenant.
    pub async fn pass_on<P: MayUseTokens>(
        &self,
        caller: &Authorized<P>,
        id: ConnectionId,
        target: Target,
        request: ProxyRequest,
    ) -> Result<ProxyAnswer, ProxyError> {
        let word = if target == Target::Graph { "graph" } else { "sharepoint" };
        if !is_within_rules(caller, word, &request) {
            return Err(ProxyError::NotAllowed);
        }
        let wanted = ResourceRequest::all_of(target);
        let handed = self.tokens.access_token(caller, id, &wanted, TimeDelta::zero()).await?;
        let again = again(&request);
        let error = match self.ask(&handed, word, request).await? {
            Answered::Answer(answer) => return Ok(*answer),
            Answered::TokenRefused { error, .. } => error,
        };
        // What was sent as it came is gone. Otherwise a token from after the refused one, and that once.
        let Some(request) = again else { return Err(error.into()) };
        tracing::info!(connection.id = %id, "Microsoft refused a token before its end; a newer one is tried");
        let newer = self.tokens.newer_token(caller, id, &wanted, handed.issued_at).await?;
        let Some(newer) = newer else { return Err(error.into()) };
        match self.ask(&newer, word, request).await? {
            Answered::Answer(answer) => Ok(*answer),
            Answered::TokenRefused { error, .. } => Err(error.into()),
        }
    }

    async fn ask(
        &self,
        handed: &HandedToken,
        word: &str,
        request: ProxyRequest,
    ) -> Result<Answered, GraphError> {
        let place = place(word, &handed.resource)?;
        self.microsoft.ask(&place, request, &handed.access_token).await
    }
}

fn is_within_rules<P: MayUseTokens>(caller: &Authorized<P>, word: &str, request: &ProxyRequest) -> bool {
    let rules = caller.principal().api_key().and_then(|identity| identity.key.proxy_rules.as_deref());
    let Some(rules) = rules else { return true };
    // Of a path whose segments cannot be told nobody knows what it asks for.
    let Some(path) = request.path.segments() else { return false };
    permitted(rules, &request.method, &format!("/{word}{path}"))
}

/// Where a token is for: nothing but what it was made for is sent it.
fn place(word: &str, resource: &str) -> Result<ProxyPlace, GraphError> {
    if word == "graph" {
        return Ok(ProxyPlace::Graph);
    }
    let host = resource.strip_prefix("https://").and_then(|host| SharePointHost::parse(host).ok());
    host.map(ProxyPlace::SharePoint).ok_or(GraphError::Unusable("a token for no SharePoint"))
}

fn again(request: &ProxyRequest) -> Option<ProxyRequest> {
    Some(ProxyRequest {
        method: request.method.clone(),
        path: request.path.clone(),
        headers: request.headers.clone(),
        body: request.body.again()?,
    })
}
