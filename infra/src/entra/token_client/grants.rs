//! Redeeming refresh tokens (Microsoft identity platform, "OAuth 2.0 authorization code flow", "Refresh the access
//! token").

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use domain::connections::{GrantError, GrantRefusal, Granted, Grants, Trouble};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::form_urlencoded;
use uuid::Uuid;

use super::{
    Credentials, TokenEndpoint,
    breaker::Breaker,
    credential::Proof,
    endpoint::TokenFailure,
    exchange::{is_header_value, optional_seconds, seconds},
    refusal::{Meaning, Refusal},
};

const GRANT: &str = "refresh_token";
/// All credentials together: well below the lease of a job.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a registration that is refused is left alone.
const UNSAID: Duration = Duration::from_secs(5);

/// The token endpoint, for refresh tokens.
pub struct RefreshTokenGrants {
    endpoint: Arc<TokenEndpoint>,
    credentials: Arc<Credentials>,
    breaker: Breaker,
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
        Self { endpoint, credentials, breaker: Breaker::default() }
    }

    async fn redeem(
        &self,
        tenant: Uuid,
        refresh_token: &SecretString,
        scopes: &[String],
    ) -> Result<Granted, TokenFailure> {
        let (endpoint, credentials) = (&self.endpoint, &self.credentials);
        for (index, credential) in credentials.usable(tenant, endpoint) {
            let proof = match credential.proof(endpoint, credentials.client_id, tenant).await {
                Ok(proof) => proof,
                Err(reason) => {
                    credentials.gave_none(index, tenant, endpoint, &reason);
                    continue;
                }
            };
            let form = form(credentials.client_id, refresh_token, scopes, &proof);
            let body = endpoint.post(tenant, GRANT, form).await;
            if !credentials.is_to_blame(index, tenant, endpoint, &body) {
                return parse(&body?);
            }
        }
        Err(credentials.exhausted(tenant, endpoint))
    }
}

fn form(client_id: Uuid, refresh_token: &SecretString, scopes: &[String], proof: &Proof) -> String {
    form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", GRANT)
        .append_pair("client_id", &client_id.to_string())
        .append_pair("refresh_token", refresh_token.expose_secret())
        .append_pair("scope", &scopes.join(" "))
        .extend_pairs(proof.members())
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
        refresh_token: &SecretString,
        scopes: &[String],
    ) -> Result<Granted, GrantError> {
        if let Err(retry_after) = self.breaker.may_ask(self.endpoint.clock().now()) {
            return Err(GrantError::Unavailable { retry_after });
        }
        let redeemed = tokio::time::timeout(PATIENCE, self.redeem(tenant, refresh_token, scopes));
        let redeemed = redeemed.await.unwrap_or(Err(TokenFailure::Timeout));
        match &redeemed {
            Err(TokenFailure::Unavailable { .. } | TokenFailure::Timeout) => {
                self.breaker.failed(self.endpoint.clock().now());
            }
            // That we could not prove who we are says nothing about the authority.
            Err(TokenFailure::NoCredential) => {}
            Ok(_)
            | Err(TokenFailure::Refused(_) | TokenFailure::Throttled { .. } | TokenFailure::Looping { .. }) =>
            {
                self.breaker.answered();
            }
        }
        redeemed.map_err(error)
    }
}

fn error(failure: TokenFailure) -> GrantError {
    match failure {
        TokenFailure::Refused(refusal) => {
            tracing::info!(%refusal, "a refresh was refused");
            refused(&refusal)
        }
        TokenFailure::NoCredential => GrantError::OwnRegistration,
        TokenFailure::Throttled { retry_after } | TokenFailure::Looping { retry_after } => {
            GrantError::Throttled { retry_after }
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

/// By class; where a class says too little, its number refines it ("Microsoft Entra authentication and authorization error
/// codes").
fn refused(refusal: &Refusal) -> GrantError {
    let by = |trouble| {
        GrantError::Refused(GrantRefusal {
            trouble,
            claims: refusal.claims.clone(),
            codes: refusal.codes.clone(),
        })
    };
    if let Some(trouble) = trouble_by_number(refusal) {
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
        // Here the grant is what was to be redeemed.
        Meaning::AssertionRejected => by(Trouble::Revoked),
        Meaning::AccountBlocked => by(Trouble::NotAssigned),
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

/// What a number says beyond the class of the refusal.
const NUMBERS: [(&[u32], Trouble); 6] = [
    (&[70_043], Trouble::SignInFrequency),
    (&[700_084], Trouble::PageEnded),
    (&[50_055, 50_132, 50_133], Trouble::PasswordChanged),
    (&[50_057], Trouble::AccountDisabled),
    (&[50_014, 50_020, 50_034, 500_341], Trouble::AccountGone),
    (&[50_105], Trouble::NotAssigned),
];

/// What a number of a refused grant says beyond its class.
fn trouble_by_number(refusal: &Refusal) -> Option<Trouble> {
    if refusal.error != "invalid_grant" {
        return None;
    }
    let is_password = refusal.suberror.as_deref() == Some("user_password_expired");
    let known = NUMBERS.into_iter().find(|(numbers, _)| refusal.has(numbers)).map(|(_, trouble)| trouble);
    known.or(is_password.then_some(Trouble::PasswordChanged))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn judged(error: &str, suberror: Option<&str>, code: u32) -> GrantError {
        let body = json!({ "error": error, "suberror": suberror, "error_codes": [code] });
        refused(&Refusal::parse(body.to_string().as_bytes()).unwrap())
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
