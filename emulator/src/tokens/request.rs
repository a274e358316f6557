//! A wish for a token, good or wrong.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::directory::Version;

/// What the token is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenKind {
    /// For an API.
    #[default]
    Access,
    /// For the client itself: `aud` is a client id, and there is no `scp`.
    Id,
}

/// Who signs, or pretends to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SignWith {
    /// The key whose turn it is: the work key, in the personal tenant the personal one.
    #[default]
    Current,
    /// The work key before the last rotation.
    Previous,
    /// The key of personal accounts.
    Personal,
    /// A key no JWKS has ever listed, under the `kid` of the current one.
    Rogue,
    /// Nobody: `alg` "none" and an empty signature.
    None,
    /// HMAC whose secret is the current key's public half, as PEM.
    Hs256,
}

/// What to put into a token. Everything has a default but `user` or `app`, of which there must be one.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TokenRequest {
    /// Handle, user principal name or object id.
    pub user: Option<String>,
    /// Name or client id of the app that calls on its own behalf.
    pub app: Option<String>,
    /// Name, domain or GUID. Default: the user's home; for an app Contoso.
    pub tenant: Option<String>,
    /// An app (name, client id, App ID URI), or any text. Default "Tenantry"; for an ID token the SPA.
    pub audience: Option<String>,
    /// Of `scp`. Default for users those of the audience, `access_as_user`; an empty list leaves the claim out.
    pub scopes: Option<Vec<String>>,
    /// Default: those assigned. An empty list leaves the claim out.
    pub roles: Option<Vec<String>>,
    /// Default: what the audience asks for, else 2.
    pub version: Option<Version>,
    /// Default: an access token.
    pub kind: TokenKind,
    /// Of an ID token.
    pub nonce: Option<String>,
    /// Seconds from now, may be negative. Default: 60 to 90 minutes.
    pub expires_in: Option<i64>,
    /// Seconds from now of `nbf` and `iat`. Default 0, or an hour before the expiry if that has passed.
    pub not_before: Option<i64>,
    /// Merged last; `null` takes a claim away.
    pub claims: Map<String, Value>,
    /// The header's `kid`. Default: the signing key's.
    pub kid: Option<String>,
    /// Default: the current key.
    pub sign_with: SignWith,
    /// The payload, to the letter: nothing above but `version`, `kid` and `signWith` counts then.
    pub raw_payload: Option<String>,
}

impl TokenRequest {
    /// A token for a user: handle, user principal name or object id.
    pub fn user(who: impl Into<String>) -> Self {
        Self { user: Some(who.into()), ..Self::default() }
    }

    /// A token for an app: name or client id.
    pub fn app(who: impl Into<String>) -> Self {
        Self { app: Some(who.into()), ..Self::default() }
    }

    /// In this tenant: name, domain or GUID.
    #[must_use]
    pub fn tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = Some(tenant.into());
        self
    }

    /// For this app, or any text.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// With these scopes; none leaves `scp` out.
    #[must_use]
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = Some(scopes.into_iter().map(Into::into).collect());
        self
    }

    /// With these roles; none leaves `roles` out.
    #[must_use]
    pub fn roles<S: Into<String>>(mut self, roles: impl IntoIterator<Item = S>) -> Self {
        self.roles = Some(roles.into_iter().map(Into::into).collect());
        self
    }

    /// In this version's shape.
    #[must_use]
    pub fn version(mut self, version: Version) -> Self {
        self.version = Some(version);
        self
    }

    /// An ID token instead of an access token.
    #[must_use]
    pub fn id_token(mut self) -> Self {
        self.kind = TokenKind::Id;
        self
    }

    /// With this nonce, in an ID token.
    #[must_use]
    pub fn nonce(mut self, nonce: impl Into<String>) -> Self {
        self.nonce = Some(nonce.into());
        self
    }

    /// Expiring in so many seconds, or so many ago.
    #[must_use]
    pub fn expires_in(mut self, seconds: i64) -> Self {
        self.expires_in = Some(seconds);
        self
    }

    /// Valid in so many seconds, or so many ago.
    #[must_use]
    pub fn not_before(mut self, seconds: i64) -> Self {
        self.not_before = Some(seconds);
        self
    }

    /// With this claim, whatever Entra would say.
    #[must_use]
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.insert(name.into(), value.into());
        self
    }

    /// Without this claim.
    #[must_use]
    pub fn without(self, name: impl Into<String>) -> Self {
        self.claim(name, Value::Null)
    }

    /// Naming this key in the header.
    #[must_use]
    pub fn kid(mut self, kid: impl Into<String>) -> Self {
        self.kid = Some(kid.into());
        self
    }

    /// Signed by this key, or not at all.
    #[must_use]
    pub fn sign_with(mut self, sign_with: SignWith) -> Self {
        self.sign_with = sign_with;
        self
    }

    /// With this payload to the letter, such as one with duplicate members.
    #[must_use]
    pub fn raw_payload(mut self, payload: impl Into<String>) -> Self {
        self.raw_payload = Some(payload.into());
        self
    }
}
