//! The verification of a bearer token, step by step in the order that a multi-tenant API must keep (Microsoft
//! identity platform, "Access tokens", "Validate tokens"). Each step is a function and has its own [`Rejection`].
//!
//! Policy is not decided here: which tenants may enter, and what a token permits, is the domain's.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    access::{
        PERSONAL_ACCOUNTS_TENANT, Rejection, TenantSelector, TokenVerifier, VerificationError, VerifiedToken,
    },
    clock::Clock,
    entropy::Entropy,
};
use jsonwebtoken::{Algorithm, crypto};
use serde_json::Value;
use uuid::Uuid;

use super::{
    AudienceError, Authority, AuthorityKeys,
    audience::Audiences,
    claims::{Members, TenantClaim},
    compact::CompactToken,
    issuer::{PLACEHOLDER, TokenVersion},
    jwks::{MAX_KEY_ID, SigningKey},
    metadata::{Snapshot, V1Issuer},
    parse_guid, person,
};

/// How far clocks may be apart.
pub(super) const SKEW: TimeDelta = TimeDelta::seconds(300);

/// Whose tokens, for whom.
#[derive(Clone, Debug)]
pub struct BearerSettings {
    pub authority: Authority,
    /// Our own application's id.
    pub client_id: Uuid,
    /// Audiences besides the client id and `api://<client id>`.
    pub extra_audiences: Vec<String>,
}

/// Verifies the access tokens of one authority.
pub struct BearerVerifier {
    keys: Arc<AuthorityKeys>,
    clock: Arc<dyn Clock>,
    audiences: Audiences,
}

struct Times {
    issued_at: DateTime<Utc>,
    not_before: Option<DateTime<Utc>>,
    expires_at: DateTime<Utc>,
}

impl BearerVerifier {
    /// Fetches nothing yet. The client must follow no redirects.
    pub fn new(
        settings: BearerSettings,
        client: reqwest::Client,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, AudienceError> {
        let keys = AuthorityKeys::new(settings.authority, client, Arc::clone(&clock), entropy);
        Self::with_keys(keys, settings.client_id, settings.extra_audiences, clock)
    }

    pub(super) fn with_keys(
        keys: Arc<AuthorityKeys>,
        client_id: Uuid,
        extra_audiences: Vec<String>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, AudienceError> {
        // The crate panics on first use when the features of the whole build name no or two providers. That one is
        // installed already is not an error.
        let _ = crypto::aws_lc::DEFAULT_PROVIDER.install_default();
        Ok(Self { keys, clock, audiences: Audiences::new(client_id, extra_audiences)? })
    }

    /// The keys behind it, to run their refresh in the background and to report on them.
    pub fn keys(&self) -> &Arc<AuthorityKeys> {
        &self.keys
    }

    /// Steps 2 to 9, against one state of the authority.
    fn check(
        &self,
        token: &CompactToken<'_>,
        snapshot: &Snapshot,
    ) -> Result<VerifiedToken, VerificationError> {
        let key = snapshot.keys.get(&token.key_id).ok_or(Rejection::UnknownKey)?;
        check_signature(token, key)?;
        let claims = token.claims()?;
        let times = self.check_times(&claims)?;
        let tenant = check_tenant(&claims)?;
        let iss = claims.text("iss")?.ok_or(Rejection::Issuer)?;
        let version = TokenVersion::of_issuer(iss);
        self.check_issuer(iss, version, &tenant, snapshot)?;
        check_key_issuer(key, iss, &tenant, snapshot)?;
        check_version(&claims, version)?;
        self.check_audience(&claims, version)?;
        let client_id = check_kind(&claims, version)?;
        let object_id = check_object_id(&claims)?;
        Ok(VerifiedToken {
            tenant: tenant.id,
            object_id,
            issued_at: times.issued_at,
            authenticated_at: authenticated_at(&claims, self.clock.now()),
            not_before: times.not_before,
            expires_at: times.expires_at,
            identity_type: claims.text("idtyp")?.map(ToOwned::to_owned),
            scopes: scopes(&claims)?,
            app_roles: claims.texts("roles")?,
            directory_roles: directory_roles(&claims),
            client_id,
            email: person::email(&claims),
            email_domain_owner_verified: person::email_domain_owner_verified(&claims),
            display_name: claims.display_text("name").map(ToOwned::to_owned),
            is_guest: person::is_guest(&claims, iss, &tenant, snapshot),
            handles_claims: handles_claims(&claims),
            key_id: token.key_id.clone(),
        })
    }

    /// Step 4: neither expired nor early, by our clock.
    fn check_times(&self, claims: &Members) -> Result<Times, Rejection> {
        let now = self.clock.now();
        let expires_at = claims.time("exp")?.ok_or(Rejection::Malformed)?;
        let not_before = claims.time("nbf")?;
        let issued_at = claims.time("iat")?.ok_or(Rejection::Malformed)?;
        if now - expires_at > SKEW {
            return Err(Rejection::Expired);
        }
        if not_before.is_some_and(|not_before| not_before - now > SKEW) {
            return Err(Rejection::NotYetValid);
        }
        Ok(Times { issued_at, not_before, expires_at })
    }

    /// Step 6: the issuer that the metadata names, for the token's own tenant. Personal accounts at `organizations`
    /// are refused as [`Rejection::TenantNotAllowed`]: their issuer is genuine, and it is the choice of the authority
    /// that shuts them out.
    fn check_issuer(
        &self,
        iss: &str,
        version: TokenVersion,
        tenant: &TenantClaim<'_>,
        snapshot: &Snapshot,
    ) -> Result<(), VerificationError> {
        if version == TokenVersion::V1 && snapshot.v1 == V1Issuer::NotHad {
            return Err(self.keys.unavailable());
        }
        let issuer = snapshot.issuer(version).ok_or(Rejection::Issuer)?;
        if !issuer.accepts(iss, tenant.text, tenant.id) {
            return Err(Rejection::Issuer.into());
        }
        let is_work_only = *self.keys.authority().tenant() == TenantSelector::Organizations;
        if is_work_only && tenant.id == PERSONAL_ACCOUNTS_TENANT {
            return Err(Rejection::TenantNotAllowed.into());
        }
        Ok(())
    }

    /// Step 9: for us. One audience, not a list of them.
    fn check_audience(&self, claims: &Members, version: TokenVersion) -> Result<(), Rejection> {
        let audience = claims.text("aud")?.ok_or(Rejection::Audience)?;
        if self.audiences.contains(audience, version) { Ok(()) } else { Err(Rejection::Audience) }
    }
}

#[async_trait]
impl TokenVerifier for BearerVerifier {
    async fn verify(&self, token: &str) -> Result<VerifiedToken, VerificationError> {
        let token = CompactToken::parse(token)?;
        if token.key_id.is_empty() || token.key_id.len() > MAX_KEY_ID {
            return Err(Rejection::UnknownKey.into());
        }
        let snapshot = self.keys.current().await?;
        let error = match self.check(&token, &snapshot) {
            Err(error) if is_cured_by_refresh(&error) => error,
            decided => return decided,
        };
        let is_unknown = matches!(error, VerificationError::Rejected(Rejection::UnknownKey));
        let unknown = is_unknown.then_some(token.key_id.as_str());
        match self.keys.newer_than(&snapshot, unknown).await {
            Some(newer) => self.check(&token, &newer),
            None => Err(error),
        }
    }

    fn trusts(&self, key_id: &str) -> bool {
        self.keys.trusts(key_id)
    }
}

/// Whether newer documents could make another verdict: never for times or audience.
fn is_cured_by_refresh(error: &VerificationError) -> bool {
    match error {
        VerificationError::Rejected(rejection) => {
            matches!(rejection, Rejection::UnknownKey | Rejection::Signature | Rejection::Issuer)
        }
        VerificationError::Unavailable { .. } => true,
    }
}

/// Step 3.
fn check_signature(token: &CompactToken<'_>, key: &SigningKey) -> Result<(), Rejection> {
    match crypto::verify(token.signature, token.signed.as_bytes(), &key.decoding, Algorithm::RS256) {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => Err(Rejection::Signature),
    }
}

/// Step 5. `tfp` names a policy of Azure AD B2C, whose issuers vouch for no tenant.
pub(super) fn check_tenant(claims: &Members) -> Result<TenantClaim<'_>, Rejection> {
    if claims.has("tfp") { Err(Rejection::TenantClaim) } else { claims.tenant() }
}

/// Step 7: the key may vouch for this issuer. Without it a key for personal accounts could vouch for a work tenant,
/// since both stand in one document. A v1.0 issuer may be vouched for by a key of the v2.0 issuer of its tenant.
/// (Microsoft.IdentityModel, `AadTokenValidationParametersExtension`.)
pub(super) fn check_key_issuer(
    key: &SigningKey,
    iss: &str,
    tenant: &TenantClaim<'_>,
    snapshot: &Snapshot,
) -> Result<(), Rejection> {
    if let Some(issuer) = &key.issuer {
        let vouched = issuer.replace(PLACEHOLDER, tenant.text);
        if vouched != iss && vouched != snapshot.v2.of_tenant(tenant.text) {
            return Err(Rejection::KeyIssuer);
        }
    }
    match (&key.cloud_instance_name, &snapshot.cloud_instance_name) {
        (Some(of_key), Some(of_cloud)) if of_key != of_cloud => Err(Rejection::KeyIssuer),
        (_, _) => Ok(()),
    }
}

/// Step 8.
pub(super) fn check_version(claims: &Members, version: TokenVersion) -> Result<(), Rejection> {
    if claims.text("ver")? == Some(version.word()) { Ok(()) } else { Err(Rejection::Version) }
}

/// An access token names the client that it was given to. One without a scope must do so, and must have nothing that
/// only ID tokens have: the ID token of a person with app roles, for a client that shares our application id, has
/// issuer, audience and `roles` just like an app-only token.
fn check_kind(claims: &Members, version: TokenVersion) -> Result<Option<Uuid>, Rejection> {
    let name = match version {
        TokenVersion::V1 => "appid",
        TokenVersion::V2 => "azp",
    };
    let client_id = claims.text(name)?.and_then(parse_guid);
    let is_id_token =
        client_id.is_none() || ["nonce", "at_hash", "c_hash"].into_iter().any(|name| claims.has(name));
    if is_id_token && !claims.has("scp") { Err(Rejection::PermissionClaims) } else { Ok(client_id) }
}

pub(super) fn check_object_id(claims: &Members) -> Result<Uuid, Rejection> {
    claims.value("oid").and_then(Value::as_str).and_then(parse_guid).ok_or(Rejection::ObjectId)
}

/// `auth_time` (`OpenID` Connect Core 1.0 §2; an optional claim of Entra ID's access tokens). Clocks differ a little, but
/// nobody signed in at a time to come.
pub(super) fn authenticated_at(claims: &Members, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    // One that cannot be read proves nothing, and nothing else hangs on it.
    let at = claims.time("auth_time").ok().flatten()?;
    (at - now <= SKEW).then_some(at.min(now))
}

/// A `scp` that names nothing would make a person's token look like an application's.
fn scopes(claims: &Members) -> Result<Vec<String>, Rejection> {
    let Some(text) = claims.text("scp")? else { return Ok(Vec::new()) };
    let scopes: Vec<_> = text.split_ascii_whitespace().map(ToOwned::to_owned).collect();
    if scopes.is_empty() { Err(Rejection::PermissionClaims) } else { Ok(scopes) }
}

/// Whether the client declared that it handles claims challenges; the word's case does not matter (Microsoft identity
/// platform, "Claims challenges, claims requests, and client capabilities").
fn handles_claims(claims: &Members) -> bool {
    let is_cp1 = |value: &Value| value.as_str().is_some_and(|word| word.eq_ignore_ascii_case("cp1"));
    match claims.value("xms_cc") {
        Some(Value::Array(words)) => words.iter().any(is_cp1),
        Some(word) => is_cp1(word),
        None => false,
    }
}

pub(super) fn directory_roles(claims: &Members) -> Vec<Uuid> {
    let Some(Value::Array(items)) = claims.value("wids") else { return Vec::new() };
    items.iter().filter_map(Value::as_str).filter_map(parse_guid).collect()
}
