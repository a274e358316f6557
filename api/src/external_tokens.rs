//! `GET /api/external/tokens`: the compatible form, as automations know it from before.
//!
//! What a reader would get wrong: its body has no `data` around it, and its tokens are lists of numbers. Both are what
//! the published decoders read.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{
    connections::{
        CompatibleError, CompatibleToken, CompatibleTokens, ConnectionFilter, Encrypted, ReadTokens,
    },
    id::{ConnectionId, UserId},
    secret::SealError,
};
use futures_util::{StreamExt, TryStreamExt, future, stream};
use poem_openapi::{Object, OpenApi, param::Query};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    auth::{KeyCaller, chain},
    error::ApiError,
    http::{Direct, WithSecret},
    id::Id,
    openapi::Tag,
};

/// How many connections are asked for their tokens at once.
const AT_ONCE: usize = 16;

/// Bytes, as `Buffer.toJSON()` of Node.js writes them.
#[derive(Debug, Object, Serialize)]
#[oai(rename = "EncryptedToken")]
struct BufferView {
    /// `Buffer`.
    #[oai(rename = "type")]
    #[serde(rename = "type")]
    kind: String,
    /// An initialization vector of 16 bytes and the token, by AES-256-CBC with the SHA-256 of the wire key; `null` where
    /// the connection gives no token.
    data: Option<Vec<u8>>,
}

impl BufferView {
    fn of(bytes: Option<&Arc<[u8]>>) -> Self {
        Self { kind: "Buffer".to_owned(), data: bytes.map(|bytes| bytes.to_vec()) }
    }
}

/// A connection and one of its resources.
#[derive(Debug, Object, Serialize)]
#[oai(rename = "ExternalAccount", rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
struct AccountView {
    /// The connection's id: the same for each of its resources.
    id: Id<ConnectionId>,
    /// The member who connected it.
    user_id: Id<UserId>,
    /// `microsoft` for Microsoft Graph, `microsoft-sharepoint` for SharePoint.
    provider: String,
    /// The tenant of the account.
    tenant_id: Uuid,
    access_token: BufferView,
    /// `null` unless the key was made with `includeRefreshToken`.
    refresh_token: Option<BufferView>,
    /// When the access token ends; `null` without one.
    expires_at: Option<DateTime<Utc>>,
    /// What the access token allows.
    scope: Vec<String>,
    /// How the connection is: `ACTIVE`, `EXPIRING`, `REAUTH_REQUIRED`, `CONSENT_REQUIRED`, `BLOCKED`, `REVOKED`,
    /// `CONFIG_ERROR` or `DISABLED`.
    status: String,
    /// What the access token is for, such as `https://graph.microsoft.com`; `null` without one.
    resource: Option<String>,
}

impl From<CompatibleToken> for AccountView {
    fn from(element: CompatibleToken) -> Self {
        let provider = if element.is_share_point { "microsoft-sharepoint" } else { "microsoft" };
        let view = Self {
            id: Id(element.connection_id),
            user_id: Id(element.user_id),
            provider: provider.to_owned(),
            tenant_id: element.tenant_id,
            access_token: BufferView::of(None),
            refresh_token: None,
            expires_at: None,
            scope: Vec::new(),
            status: element.status.as_str().to_owned(),
            resource: None,
        };
        let Some(Encrypted { access_token, refresh_token, resource, expires_at, scopes }) = element.token
        else {
            return view;
        };
        Self {
            access_token: BufferView::of(Some(&access_token)),
            refresh_token: refresh_token.map(|bytes| BufferView::of(Some(&bytes))),
            expires_at: Some(expires_at),
            scope: scopes,
            resource: Some(resource),
            ..view
        }
    }
}

/// All that the key sees of what was asked for.
#[derive(Debug, Object, Serialize)]
#[oai(rename = "ExternalTokens", rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
struct ExternalTokensView {
    /// One element for each connection and resource.
    accounts: Vec<AccountView>,
}

impl From<CompatibleError> for ApiError {
    fn from(error: CompatibleError) -> Self {
        match error {
            CompatibleError::NotAKey | CompatibleError::Forbidden => Self::forbidden(),
            CompatibleError::TooMany => Self::invalid_field(
                "userId",
                "is needed, or accountId: there are more connections than one answer has",
            ),
            CompatibleError::Token(error) => error.into(),
            CompatibleError::Seal(SealError::Store(error)) | CompatibleError::Store(error) => error.into(),
            CompatibleError::Seal(error) => Self::internal(chain(&error)),
            CompatibleError::Encryption => Self::internal("a token could not be encrypted"),
        }
    }
}

/// Tokens in the compatible form.
pub(crate) struct ExternalTokensApi {
    pub tokens: CompatibleTokens,
}

#[OpenApi(tag = "Tag::TokenHub")]
impl ExternalTokensApi {
    /// Get encrypted tokens
    ///
    /// Of every connection that the key sees, one element for each resource: Microsoft Graph, and SharePoint where the
    /// account's tenant has it. Tokens are encrypted with the key's `wireKey`, and last for at least the service's refresh
    /// buffer. A connection that gives no token is there with its `status`. A filter that names another member's
    /// connections is refused where the key's role is `user`; an `accountId` that the key does not see finds nothing.
    #[oai(path = "/api/external/tokens", method = "get", operation_id = "getExternalTokens")]
    async fn list(
        &self,
        caller: KeyCaller<ReadTokens>,
        /// Connections of this member.
        #[oai(name = "userId")]
        user_id: Query<Option<Id<UserId>>>,
        /// Connections whose account has this address.
        #[oai(validator(min_length = 1, max_length = 320))]
        email: Query<Option<String>>,
        /// This connection.
        #[oai(name = "accountId")]
        account_id: Query<Option<Id<ConnectionId>>>,
    ) -> Result<WithSecret<Direct<ExternalTokensView>>, ApiError> {
        let filter = ConnectionFilter {
            connection_id: account_id.0.map(|id| id.0),
            user_id: user_id.0.map(|id| id.0),
            email: email.0,
        };
        let wants = self.tokens.wants(&caller, &filter).await?;
        let asked: Vec<_> =
            wants.wanted.iter().map(|wanted| Box::pin(self.tokens.token(&caller, &wants, wanted))).collect();
        let tokens = stream::iter(asked).buffered(AT_ONCE).try_filter_map(future::ok);
        let found: Vec<CompatibleToken> = tokens.try_collect().await?;
        let accounts = found.into_iter().map(AccountView::from).collect();
        Ok(WithSecret(Direct::of(&ExternalTokensView { accounts })?))
    }
}

#[cfg(test)]
mod tests {
    use poem_openapi::types::ToJSON;
    use serde_json::json;

    use super::*;

    #[test]
    fn both_ways_of_writing_say_the_same() {
        let account = AccountView {
            id: Id(domain::id::TypedId::from_uuid(Uuid::from_u128(1))),
            user_id: Id(domain::id::TypedId::from_uuid(Uuid::from_u128(2))),
            provider: "microsoft".to_owned(),
            tenant_id: Uuid::from_u128(3),
            access_token: BufferView::of(Some(&Arc::from([0_u8, 127, 255]))),
            refresh_token: None,
            expires_at: None,
            scope: vec!["User.Read".to_owned()],
            status: "ACTIVE".to_owned(),
            resource: None,
        };
        let view = ExternalTokensView { accounts: vec![account] };
        let written = serde_json::to_value(&view).unwrap();
        assert_eq!(Some(&written), view.to_json().as_ref());
        assert_eq!(written["accounts"][0]["accessToken"], json!({ "type": "Buffer", "data": [0, 127, 255] }));
    }
}
