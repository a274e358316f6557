//! Redeeming refresh tokens (Microsoft identity platform, "OAuth 2.0 authorization code flow", "Refresh the access
//! token").

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use domain::{
    access::PERSONAL_ACCOUNTS_TENANT,
    connections::{GrantError, GrantRefusal, Granted, Grants, Trouble},
    jobs::LEASE,
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::form_urlencoded;
use uuid::Uuid;

use super::{
    Credentials, TokenEndpoint,
    credential::Proof,
    endpoint::TokenFailure,
    exchange::{is_header_value, optional_seconds, seconds},
    refusal::{Meaning, Refusal},
};

const GRANT: &str = "refresh_token";
/// All credentials together: well below the lease of a job.
const PATIENCE: Duration = Duration::from_secs(30);
const _: () = assert!(
    2 * PATIENCE.as_secs() <= LEASE.num_seconds().unsigned_abs(),
    "another process would ask Microsoft, too, while this one still waits for its answer"
);
/// How long an authority is left alone that does not say how long.
const UNSAID: Duration = Duration::from_secs(5);

/// The token endpoint, for refresh tokens.
pub struct RefreshTokenGrants {
    endpoint: Arc<TokenEndpoint>,
    credentials: Arc<Credentials>,
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    token_type: String,
    #[serde(deserialize_with = "seconds")]
    expires_in: i64,
    #[serde(default, deserialize_with = "optional_seconds")]
    refresh_in: Option<i64>,
    #[serde(default)]
    scope: String,
    refresh_token: Option<String>,
    #[serde(default, deserialize_with = "lenient_seconds")]
    refresh_token_expires_in: Option<i64>,
}

/// Its form is not documented: what is none is as if it were not there.
fn lenient_seconds<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(value.as_i64().filter(|seconds| (1..=366 * 86_400).contains(seconds)))
}

fn duration(seconds: i64) -> Duration {
    Duration::from_secs(u64::try_from(seconds).unwrap_or_default())
}

impl RefreshTokenGrants {
    pub fn new(endpoint: Arc<TokenEndpoint>, credentials: Arc<Credentials>) -> Self {
        Self { endpoint, credentials }
    }

    /// As a public client, which has nothing to prove itself by: Entra ID refuses a credential that comes with what such a
    /// client was given (AADSTS700025).
    async fn redeem_as(
        &self,
        client_id: Uuid,
        tenant: Uuid,
        refresh_token: &SecretString,
        scopes: &[String],
    ) -> Result<Granted, TokenFailure> {
        parse(&self.endpoint.post(tenant, GRANT, form(client_id, refresh_token, scopes, None)).await?)
    }

    async fn redeem(
        &self,
        tenant: Uuid,
        refresh_token: &SecretString,
        scopes: &[String],
    ) -> Result<Granted, TokenFailure> {
        let (endpoint, credentials) = (&self.endpoint, &self.credentials);
        for (index, credential) in credentials.usable(tenant, endpoint) {
            let proof = match credential.proof(endpoint, credentials.client_id, &endpoint.url(tenant)).await {
                Ok(proof) => proof,
                Err(reason) => {
                    credentials.gave_none(index, tenant, endpoint, &reason);
                    continue;
                }
            };
            let form = form(credentials.client_id, refresh_token, scopes, Some(&proof));
            let body = endpoint.post(tenant, GRANT, form).await;
            if !credentials.is_to_blame(index, tenant, endpoint, &body) {
                return parse(&body?);
            }
        }
        Err(credentials.exhausted(tenant, endpoint))
    }
}

fn form(client_id: Uuid, refresh_token: &SecretString, scopes: &[String], proof: Option<&Proof>) -> String {
    form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", GRANT)
        .append_pair("client_id", &client_id.to_string())
        .append_pair("refresh_token", refresh_token.expose_secret())
        .append_pair("scope", &scopes.join(" "))
        .extend_pairs(proof.map(Proof::members).unwrap_or_default())
        .finish()
}

fn parse(body: &Bytes) -> Result<Granted, TokenFailure> {
    let answer: Option<Answer> = serde_json::from_slice(body).ok();
    let answer = answer.filter(|answer| {
        answer.token_type.eq_ignore_ascii_case("bearer") && is_header_value(&answer.access_token)
    });
    let Some(answer) = answer else {
        let reason = "the answer has no token in it";
        return Err(TokenFailure::Unavailable { retry_after: UNSAID, reason });
    };
    Ok(Granted {
        access_token: SecretString::from(answer.access_token),
        expires_in: duration(answer.expires_in),
        refresh_in: answer.refresh_in.map(duration),
        scopes: answer.scope.split_ascii_whitespace().map(ToOwned::to_owned).collect(),
        refresh_token: answer.refresh_token.filter(|token| !token.is_empty()).map(SecretString::from),
        refresh_expires_in: answer.refresh_token_expires_in.map(duration),
    })
}

#[async_trait]
impl Grants for RefreshTokenGrants {
    async fn refresh(
        &self,
        tenant: Uuid,
        public_client: Option<Uuid>,
        refresh_token: &SecretString,
        scopes: &[String],
    ) -> Result<Granted, GrantError> {
        self.endpoint.may_ask().map_err(|retry_after| GrantError::NotAsked { retry_after })?;
        let redeemed = async {
            match public_client {
                Some(client) => self.redeem_as(client, tenant, refresh_token, scopes).await,
                None => self.redeem(tenant, refresh_token, scopes).await,
            }
        };
        let redeemed = tokio::time::timeout(PATIENCE, redeemed).await.unwrap_or(Err(TokenFailure::Timeout));
        redeemed.map_err(|failure| error(failure, tenant))
    }
}

fn error(failure: TokenFailure, tenant: Uuid) -> GrantError {
    match failure {
        TokenFailure::Refused(refusal) => {
            tracing::info!(%refusal, "a refresh was refused");
            refused(&refusal, tenant)
        }
        TokenFailure::NoCredential => GrantError::OwnRegistration,
        TokenFailure::Throttled { retry_after } | TokenFailure::Looping { retry_after } => {
            GrantError::Throttled { retry_after }
        }
        TokenFailure::LeftAlone { retry_after } | TokenFailure::NoProof { retry_after } => {
            GrantError::NotAsked { retry_after }
        }
        TokenFailure::Unavailable { retry_after, reason } => {
            tracing::warn!(reason, "the authority gives no token");
            GrantError::Unavailable { retry_after }
        }
        TokenFailure::Timeout => {
            tracing::warn!("the authority did not answer in time");
            GrantError::Unavailable { retry_after: UNSAID }
        }
    }
}

/// By number where it is known, else by class ("Microsoft Entra authentication and authorization error codes"). A grant
/// that is refused for a reason that nobody listed here is kept: it may be good again tomorrow, and whoever forgets it
/// makes a person sign in.
fn refused(refusal: &Refusal, tenant: Uuid) -> GrantError {
    let by = |trouble| {
        GrantError::Refused(GrantRefusal {
            trouble,
            claims: refusal.claims.clone(),
            codes: refusal.codes.clone(),
        })
    };
    if refusal.has(&LOCKED) && is_of_the_person(refusal) {
        return GrantError::Throttled { retry_after: UNLOCKED_AFTER };
    }
    if let Some(trouble) = known_trouble(refusal, tenant) {
        return by(trouble);
    }
    match refusal.meaning() {
        Meaning::Interaction if refusal.suberror.as_deref() == Some("additional_action") => {
            by(Trouble::Remedy)
        }
        Meaning::Interaction => by(Trouble::Interaction),
        Meaning::Consent => by(Trouble::Consent),
        Meaning::ApplicationUnknown => by(Trouble::ApplicationUnknown),
        Meaning::ApplicationDisabled => by(Trouble::ApplicationDisabled),
        Meaning::AssertionRejected | Meaning::AccountBlocked => by(Trouble::Unexplained),
        Meaning::PolicyBlocked => by(Trouble::Policy),
        Meaning::NoSuchTenant => by(Trouble::AccountGone),
        Meaning::NoSuchResource => GrantError::NoSuchResource,
        Meaning::OurCredential => GrantError::OwnRegistration,
        Meaning::OurMistake => GrantError::NotUnderstood { codes: refusal.codes.clone() },
        Meaning::Throttled | Meaning::Looping | Meaning::Transient => {
            GrantError::Unavailable { retry_after: UNSAID }
        }
    }
}

/// Too many wrong passwords: the account is locked for some minutes.
const LOCKED: [u32; 1] = [50_053];
const UNLOCKED_AFTER: Duration = Duration::from_mins(5);
/// The grant is over. Nothing else forgets it.
const REVOKED: [u32; 4] = [50_173, 70_008, 700_082, 9_002_313];
/// Over as well; of a personal account it is how a missing consent is told.
const REVOKED_OR_PERSONAL_CONSENT: [u32; 1] = [70_000];

/// What a number says beyond the class of the refusal.
const NUMBERS: [(&[u32], Trouble); 7] = [
    (&REVOKED, Trouble::Revoked),
    (&[70_043], Trouble::SignInFrequency),
    (&[700_084], Trouble::PageEnded),
    (&[50_055, 50_132, 50_133], Trouble::PasswordChanged),
    (&[50_057], Trouble::AccountDisabled),
    (&[50_014, 50_020, 50_034, 500_341], Trouble::AccountGone),
    (&[50_105], Trouble::NotAssigned),
];

/// Whether the numbers of a refusal are about the person and the grant.
fn is_of_the_person(refusal: &Refusal) -> bool {
    matches!(refusal.error.as_str(), "invalid_grant" | "access_denied")
}

/// What is known of a refused grant beyond its class.
fn known_trouble(refusal: &Refusal, tenant: Uuid) -> Option<Trouble> {
    if !is_of_the_person(refusal) {
        return None;
    }
    match refusal.suberror.as_deref() {
        Some("bad_token") => return Some(Trouble::Revoked),
        Some("user_password_expired") => return Some(Trouble::PasswordChanged),
        Some(_) | None => {}
    }
    if refusal.has(&REVOKED_OR_PERSONAL_CONSENT) {
        let is_personal = tenant == PERSONAL_ACCOUNTS_TENANT;
        return Some(if is_personal { Trouble::Consent } else { Trouble::Revoked });
    }
    NUMBERS.into_iter().find(|(numbers, _)| refusal.has(numbers)).map(|(_, trouble)| trouble)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn judged(error: &str, suberror: Option<&str>, code: u32) -> GrantError {
        let body = json!({ "error": error, "suberror": suberror, "error_codes": [code] });
        refused(&Refusal::parse(body.to_string().as_bytes()).unwrap(), Uuid::nil())
    }

    fn trouble(body: &serde_json::Value, tenant: Uuid) -> Option<Trouble> {
        match refused(&Refusal::parse(body.to_string().as_bytes()).unwrap(), tenant) {
            GrantError::Refused(refusal) => Some(refusal.trouble),
            GrantError::NoSuchResource
            | GrantError::NotUnderstood { .. }
            | GrantError::OwnRegistration
            | GrantError::Throttled { .. }
            | GrantError::NotAsked { .. }
            | GrantError::Unavailable { .. } => None,
        }
    }

    #[test]
    fn a_grant_is_forgotten_for_reasons_that_are_listed_alone() {
        let numbered = |code: u32| json!({ "error": "invalid_grant", "error_codes": [code] });
        for code in [50_173, 70_008, 700_082, 70_000, 9_002_313] {
            let trouble = trouble(&numbered(code), Uuid::nil()).unwrap();
            assert!(trouble.ends_the_grant(), "{code}");
        }
        for body in [
            numbered(123_456),
            json!({ "error": "invalid_grant" }),
            json!({ "error": "invalid_grant", "suberror": "token_expired" }),
            json!({ "error": "access_denied" }),
            numbered(53_004),
            numbered(65_004),
            numbered(90_094),
            numbered(500_212),
            numbered(500_213),
        ] {
            let trouble = trouble(&body, Uuid::nil()).unwrap();
            assert!(!trouble.ends_the_grant(), "{body}: {trouble:?}");
            assert!(trouble.is_of_the_resource(), "{body}: {trouble:?}");
        }
        assert_eq!(trouble(&numbered(65_004), Uuid::nil()), Some(Trouble::Consent));
        assert_eq!(trouble(&numbered(500_213), Uuid::nil()), Some(Trouble::Policy));
        assert_eq!(trouble(&numbered(123_456), Uuid::nil()), Some(Trouble::Unexplained));
        // A lock passes by itself.
        assert!(matches!(judged("invalid_grant", None, 50_053), GrantError::Throttled { .. }));
    }

    #[test]
    fn a_personal_account_whose_consent_is_missing_keeps_its_grant() {
        let mut body = json!({ "error": "invalid_grant", "error_codes": [70_000] });
        assert_eq!(trouble(&body, PERSONAL_ACCOUNTS_TENANT), Some(Trouble::Consent));
        body["suberror"] = json!("bad_token");
        assert_eq!(trouble(&body, PERSONAL_ACCOUNTS_TENANT), Some(Trouble::Revoked));
    }

    #[test]
    fn each_class_of_a_refused_grant_is_a_trouble_of_its_own() {
        for (suberror, code, expected) in [
            (Some("consent_required"), 65_001, Trouble::Consent),
            (None, 65_001, Trouble::Consent),
            (Some("basic_action"), 50_076, Trouble::Interaction),
            (None, 50_079, Trouble::Interaction),
            (None, 50_158, Trouble::Interaction),
            (Some("additional_action"), 53_000, Trouble::Remedy),
            (Some("message_only"), 53_003, Trouble::Policy),
            (None, 53_003, Trouble::Policy),
            (None, 530_032, Trouble::Policy),
            (Some("bad_token"), 50_173, Trouble::Revoked),
            (None, 50_173, Trouble::Revoked),
            (None, 70_008, Trouble::Revoked),
            (None, 700_082, Trouble::Revoked),
            (None, 70_000, Trouble::Revoked),
            (None, 9_002_313, Trouble::Revoked),
            (None, 70_043, Trouble::SignInFrequency),
            (Some("user_password_expired"), 50_055, Trouble::PasswordChanged),
            (None, 50_133, Trouble::PasswordChanged),
            (None, 50_057, Trouble::AccountDisabled),
            (None, 50_034, Trouble::AccountGone),
            (None, 50_020, Trouble::AccountGone),
            (None, 50_105, Trouble::NotAssigned),
            (None, 700_084, Trouble::PageEnded),
        ] {
            let judged = judged("invalid_grant", suberror, code);
            assert!(
                matches!(&judged, GrantError::Refused(refusal) if refusal.trouble == expected),
                "{suberror:?} {code}: {judged:?}"
            );
        }
        for (code, expected) in
            [(700_016, Trouble::ApplicationUnknown), (7_000_112, Trouble::ApplicationDisabled)]
        {
            let judged = judged("unauthorized_client", None, code);
            assert!(matches!(judged, GrantError::Refused(refusal) if refusal.trouble == expected), "{code}");
        }
        let of_tenant = judged("invalid_client", None, 7_000_229);
        assert!(
            matches!(of_tenant, GrantError::Refused(refusal) if refusal.trouble == Trouble::ApplicationUnknown)
        );
    }

    #[test]
    fn what_says_nothing_about_the_grant_is_no_trouble_of_it() {
        for (error, code) in
            [("invalid_client", 7_000_215), ("invalid_client", 7_000_222), ("invalid_client", 700_027)]
        {
            assert!(matches!(judged(error, None, code), GrantError::OwnRegistration), "{code}");
        }
        assert!(matches!(judged("invalid_resource", None, 500_011), GrantError::NoSuchResource));
        assert!(matches!(judged("invalid_scope", None, 70_011), GrantError::NotUnderstood { .. }));
        assert!(matches!(judged("invalid_request", None, 900_144), GrantError::NotUnderstood { .. }));
    }

    #[test]
    fn an_answer_is_taken_as_it_is_and_shows_no_secret() {
        let body = json!({
            "access_token": "planted-access", "refresh_token": "planted-refresh", "token_type": "Bearer",
            "expires_in": 4_000, "refresh_in": 2_000, "scope": "User.Read Mail.Read",
            "refresh_token_expires_in": 86_399,
        });
        let granted = parse(&Bytes::from(body.to_string())).unwrap();
        assert_eq!(granted.expires_in, Duration::from_secs(4_000));
        assert_eq!(granted.refresh_expires_in, Some(Duration::from_secs(86_399)));
        assert_eq!(granted.scopes, ["User.Read", "Mail.Read"]);
        assert!(!format!("{granted:?}").contains("planted"));
        for body in ["", "<html>", "{}", r#"{"access_token":"a b","token_type":"Bearer","expires_in":1}"#] {
            assert!(parse(&Bytes::from(body.to_owned())).is_err(), "{body}");
        }
    }
}
