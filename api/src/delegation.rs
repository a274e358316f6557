//! `GET /api/auth/me/delegation`: whether Microsoft 365 can be asked in the caller's name.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{
    access::SignedIn,
    delegation::{DelegatedTokens, Resource},
};
use poem_openapi::{Object, OpenApi, payload::Json};

use crate::{auth::Delegated, error::ApiError, http::Data, openapi::Tag};

/// What may be asked of Microsoft Graph in the caller's name.
#[derive(Debug, Object)]
#[oai(rename_all = "camelCase")]
struct Delegation {
    /// The delegated permissions that the service has, as Entra ID names them.
    scopes: Vec<String>,
    /// Until when, without asking again.
    expires_at: DateTime<Utc>,
}

/// What may be done in the caller's name.
pub(crate) struct DelegationApi {
    pub tokens: Arc<dyn DelegatedTokens>,
}

#[OpenApi(tag = "Tag::Identity")]
impl DelegationApi {
    /// Get what may be done in your name
    ///
    /// Whether the service can ask Microsoft Graph on your behalf, and with which permissions. When it cannot, the
    /// refusal says what is missing: a client may call this first, and let the person sign in again or an administrator
    /// consent before anything else is tried. It takes a person's own access token, or a session whose person has connected
    /// the account that they signed in with.
    #[oai(path = "/api/auth/me/delegation", method = "get", operation_id = "getMyDelegation")]
    async fn delegation(&self, caller: Delegated<SignedIn>) -> Result<Json<Data<Delegation>>, ApiError> {
        let token = self.tokens.token(caller.on_behalf_of(), &Resource::Graph).await?;
        let data = Delegation { scopes: token.scopes.clone(), expires_at: token.expires_at };
        Ok(Json(Data { data }))
    }
}
