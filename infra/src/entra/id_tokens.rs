//! Verification of ID tokens (`OpenID` Connect Core 1.0 §3.1.3.7): of a sign-in in a browser, and of one on a device.
//!
//! The issuer to expect is that of the token's own tenant, which the signature then proves together with it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{
    access::{PERSONAL_ACCOUNTS_TENANT, Rejection, TenantSelector, VerificationError, VerifiedToken},
    clock::Clock,
    identity::{MicrosoftArrival, MicrosoftTokens, RedemptionError},
};
use openidconnect::{
    AccessTokenHash, ClaimsVerificationError, ClientId, IssuerUrl, JsonWebKeyId, JsonWebKeySet, Nonce,
    OAuth2TokenResponse as _, SignatureVerificationError, TokenResponse as _,
    core::{CoreIdToken, CoreIdTokenVerifier, CoreJsonWebKey, CoreJwsSigningAlgorithm, CoreTokenResponse},
};
use secrecy::SecretString;
use uuid::Uuid;

use super::{
    AuthorityKeys,
    claims::Members,
    compact::CompactToken,
    issuer::TokenVersion,
    jwks::SigningKey,
    metadata::Snapshot,
    person,
    verify::{
        SKEW, authenticated_at, check_key_issuer, check_object_id, check_tenant, check_version,
        directory_roles,
    },
};

/// Verifies the ID tokens that an authority writes for one client.
pub(super) struct IdTokens {
    keys: Arc<AuthorityKeys>,
    clock: Arc<dyn Clock>,
    client_id: ClientId,
}

impl IdTokens {
    pub(super) fn new(keys: Arc<AuthorityKeys>, clock: Arc<dyn Clock>, client_id: Uuid) -> Self {
        Self { keys, clock, client_id: ClientId::new(client_id.to_string()) }
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    /// Who has signed in, with what they gave. A device has no nonce, which binds a token to a browser.
    pub(super) async fn arrival(
        &self,
        tokens: &CoreTokenResponse,
        nonce: Option<&Nonce>,
    ) -> Result<MicrosoftArrival, RedemptionError> {
        let identity = self.verify(tokens, nonce).await?;
        let secret = |text: &str| SecretString::from(text.to_owned());
        let scopes = tokens.scopes().into_iter().flatten().map(|scope| scope.to_string()).collect();
        let tokens = MicrosoftTokens {
            access: secret(tokens.access_token().secret()),
            refresh: tokens.refresh_token().map(|token| secret(token.secret())),
            expires_in: tokens.expires_in(),
            scopes,
        };
        Ok(MicrosoftArrival { identity, tokens })
    }

    async fn verify(
        &self,
        tokens: &CoreTokenResponse,
        nonce: Option<&Nonce>,
    ) -> Result<VerifiedToken, RedemptionError> {
        let id_token = tokens.id_token().ok_or(Rejection::Malformed)?;
        let raw = id_token.to_string();
        let compact = CompactToken::parse(&raw)?;
        let snapshot = self.keys.current().await.map_err(|error| unjudged(&error))?;
        let check = |snapshot: &Snapshot| self.check(&compact, id_token, tokens, nonce, snapshot);
        let rejection = match check(&snapshot) {
            Err(rejection @ (Rejection::UnknownKey | Rejection::Signature | Rejection::Issuer)) => rejection,
            decided => return Ok(decided?),
        };
        let unknown = (rejection == Rejection::UnknownKey).then_some(compact.key_id.as_str());
        match self.keys.newer_than(&snapshot, unknown).await {
            Some(newer) => Ok(check(&newer)?),
            None => Err(rejection.into()),
        }
    }

    fn check(
        &self,
        compact: &CompactToken<'_>,
        id_token: &CoreIdToken,
        tokens: &CoreTokenResponse,
        nonce: Option<&Nonce>,
        snapshot: &Snapshot,
    ) -> Result<VerifiedToken, Rejection> {
        let key = snapshot.keys.get(&compact.key_id).ok_or(Rejection::UnknownKey)?;
        // Not proven yet: it only says which issuer to expect, and is proven together with that.
        let claims = compact.claims()?;
        let tenant = check_tenant(&claims)?;
        let issuer = snapshot.v2.of_tenant(tenant.text);
        if !snapshot.v2.accepts(&issuer, tenant.text, tenant.id) {
            return Err(Rejection::Issuer);
        }
        check_key_issuer(key, &issuer, &tenant, snapshot)?;
        self.check_proof(&issuer, &compact.key_id, key, id_token, tokens, nonce)?;
        check_version(&claims, TokenVersion::V2)?;
        let is_work_only = *self.keys.authority().tenant() == TenantSelector::Organizations;
        if is_work_only && tenant.id == PERSONAL_ACCOUNTS_TENANT {
            return Err(Rejection::TenantNotAllowed);
        }
        let (issued_at, expires_at) = times(&claims)?;
        Ok(VerifiedToken {
            tenant: tenant.id,
            object_id: check_object_id(&claims)?,
            issued_at,
            authenticated_at: authenticated_at(&claims, self.clock.now()),
            expires_at,
            app_roles: claims.texts("roles")?,
            directory_roles: directory_roles(&claims),
            email: person::email(&claims),
            email_domain_owner_verified: person::email_domain_owner_verified(&claims),
            display_name: claims.display_text("name").map(ToOwned::to_owned),
            is_guest: person::is_guest(&claims, &issuer, &tenant, snapshot),
            key_id: compact.key_id.clone(),
            ..VerifiedToken::default()
        })
    }

    /// Signature by this one key, issuer, audience, times and nonce (`OpenID` Connect Core 1.0 §3.1.3.7), and that the
    /// access token beside it belongs to it (§3.1.3.8).
    fn check_proof(
        &self,
        issuer: &str,
        key_id: &str,
        key: &SigningKey,
        id_token: &CoreIdToken,
        tokens: &CoreTokenResponse,
        nonce: Option<&Nonce>,
    ) -> Result<(), Rejection> {
        let (modulus, exponent) = key.parts();
        let key = CoreJsonWebKey::new_rsa(
            modulus.to_vec(),
            exponent.to_vec(),
            Some(JsonWebKeyId::new(key_id.to_owned())),
        );
        let now = self.clock.now();
        let verifier = CoreIdTokenVerifier::new_public_client(
            self.client_id.clone(),
            IssuerUrl::new(issuer.to_owned()).map_err(|_| Rejection::Issuer)?,
            JsonWebKeySet::new(vec![key.clone()]),
        )
        .set_allowed_algs([CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256])
        .set_time_fn(move || now - SKEW);
        let claims = match nonce {
            Some(nonce) => id_token.claims(&verifier, nonce),
            None => id_token.claims(&verifier, |_: Option<&Nonce>| Ok(())),
        };
        let claims = claims.map_err(|error| rejection(&error))?;
        if let Some(expected) = claims.access_token_hash() {
            let algorithm = id_token.signing_alg().map_err(|_| Rejection::Algorithm)?;
            let actual = AccessTokenHash::from_token(tokens.access_token(), algorithm, &key)
                .map_err(|_| Rejection::Algorithm)?;
            if actual != *expected {
                return Err(Rejection::Signature);
            }
        }
        Ok(())
    }
}

fn times(claims: &Members) -> Result<(DateTime<Utc>, DateTime<Utc>), Rejection> {
    let time = |name: &str| claims.time(name)?.ok_or(Rejection::Malformed);
    Ok((time("iat")?, time("exp")?))
}

fn unjudged(error: &VerificationError) -> RedemptionError {
    match error {
        VerificationError::Rejected(rejection) => (*rejection).into(),
        VerificationError::Unavailable { .. } => RedemptionError::Unavailable,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "whatever else is wrong with a token, it is not one")]
fn rejection(error: &ClaimsVerificationError) -> Rejection {
    match error {
        ClaimsVerificationError::Expired(_) => Rejection::Expired,
        ClaimsVerificationError::InvalidAudience(_) => Rejection::Audience,
        ClaimsVerificationError::InvalidIssuer(_) => Rejection::Issuer,
        ClaimsVerificationError::InvalidNonce(_) => Rejection::Nonce,
        ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey) => {
            Rejection::UnknownKey
        }
        ClaimsVerificationError::SignatureVerification(SignatureVerificationError::DisallowedAlg(_)) => {
            Rejection::Algorithm
        }
        ClaimsVerificationError::SignatureVerification(_) => Rejection::Signature,
        _ => Rejection::Malformed,
    }
}
