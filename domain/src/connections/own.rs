//! Tokens in the caller's name, whatever they called with: their own token exchanged, or, in a session, one of their own
//! connection.
//!
//! The one thing a reader would get wrong: of a session only the connection serves that the very person made, of the very
//! account that they are signed in with. What they may see besides, as an administrator perhaps, is never used for them.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

use super::{ConnectionTokenError, ConnectionTokens, HandedToken, Target, Trouble};
use crate::{
    access::{OnBehalfOf, SessionCaller},
    delegation::{ClaimsChallenge, DelegatedToken, DelegatedTokens, DelegationError, OwnFailure, Resource},
};

/// After how long a token may be had that lasts.
const TOO_SHORT: Duration = Duration::from_secs(5);

/// The one source of tokens in callers' names.
#[derive(Clone)]
pub struct CallersTokens {
    exchange: Arc<dyn DelegatedTokens>,
    connections: ConnectionTokens,
}

impl CallersTokens {
    /// `exchange` serves those who called with a token of Microsoft's.
    pub fn new(exchange: Arc<dyn DelegatedTokens>, connections: ConnectionTokens) -> Self {
        Self { exchange, connections }
    }
}

#[async_trait]
impl DelegatedTokens for CallersTokens {
    async fn token(
        &self,
        caller: &OnBehalfOf,
        resource: &Resource,
    ) -> Result<Arc<DelegatedToken>, DelegationError> {
        let Some(session) = caller.session() else { return self.exchange.token(caller, resource).await };
        let own = self.connections.own(caller, session, target(resource), None).await;
        own.map(delegated).map_err(refusal)
    }

    async fn refused(
        &self,
        caller: &OnBehalfOf,
        resource: &Resource,
        token: &DelegatedToken,
        challenge: Option<&ClaimsChallenge>,
    ) -> Result<Option<Arc<DelegatedToken>>, DelegationError> {
        match caller.session() {
            None => self.exchange.refused(caller, resource, token, challenge).await,
            Some(session) => self.own_after(caller, session, resource, token, challenge).await,
        }
    }
}

impl CallersTokens {
    async fn own_after(
        &self,
        caller: &OnBehalfOf,
        session: &SessionCaller,
        resource: &Resource,
        refused: &DelegatedToken,
        challenge: Option<&ClaimsChallenge>,
    ) -> Result<Option<Arc<DelegatedToken>>, DelegationError> {
        let own = |newer_than| self.connections.own(caller, session, target(resource), newer_than);
        let now = own(None).await.map_err(refusal)?;
        // Of many requests with one token each comes here; a token that was had since is good enough.
        if now.expires_at != refused.expires_at {
            return Ok(Some(delegated(now)));
        }
        if let Some(claims) = challenge {
            // What the resource wants to see a new sign-in has to show; the connection itself works elsewhere.
            let trouble = Trouble::Interaction;
            let claims = Some(claims.clone());
            let consent_url = None;
            let connection = now.connection_id;
            return Err(DelegationError::Unusable { connection, trouble, claims, consent_url });
        }
        match own(Some(now.issued_at)).await {
            Ok(newer) => Ok(Some(delegated(newer))),
            Err(ConnectionTokenError::ReplacedBefore) => Ok(None),
            Err(error) => Err(refusal(error)),
        }
    }
}

fn target(resource: &Resource) -> Target {
    match resource {
        Resource::Graph => Target::Graph,
        Resource::SharePoint { host } => Target::SharePointHost(host.clone()),
    }
}

fn delegated(token: HandedToken) -> Arc<DelegatedToken> {
    let HandedToken { access_token: secret, expires_at, scopes, .. } = token;
    Arc::new(DelegatedToken { secret, expires_at, scopes })
}

fn refusal(error: ConnectionTokenError) -> DelegationError {
    match error {
        // Also where it was removed a moment ago.
        ConnectionTokenError::NotFound => DelegationError::NotConnected,
        ConnectionTokenError::Trouble { connection, trouble, claims, consent_url } => {
            DelegationError::Unusable { connection: connection.id, trouble, claims, consent_url }
        }
        // The caller was suspended a moment ago.
        ConnectionTokenError::OwnerDisabled { .. } => DelegationError::AccountBlocked,
        ConnectionTokenError::NoSuchResource => DelegationError::NoSuchResource,
        // What is asked for is made of the service's own settings.
        ConnectionTokenError::OwnRegistration | ConnectionTokenError::NotUnderstood { .. } => {
            DelegationError::Misconfigured
        }
        // Clocks differ between replicas, or Microsoft gives none that lasts.
        ConnectionTokenError::TooShort { .. } => DelegationError::Unavailable { retry_after: TOO_SHORT },
        ConnectionTokenError::Unavailable { retry_after } => DelegationError::Unavailable { retry_after },
        // These are about API keys and about what callers ask for themselves; or it is our own failure.
        error @ (ConnectionTokenError::ResourceNotAllowed
        | ConnectionTokenError::RefreshTokenNotAllowed
        | ConnectionTokenError::ReplacedBefore
        | ConnectionTokenError::Seal(_)
        | ConnectionTokenError::Store(_)
        | ConnectionTokenError::Shared(_)
        | ConnectionTokenError::Unread(_)
        | ConnectionTokenError::Unwritten(_)) => DelegationError::Failed(OwnFailure(Arc::new(error))),
    }
}
