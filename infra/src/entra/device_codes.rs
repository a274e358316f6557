//! Signing in on a device without a browser (RFC 8628; Microsoft identity platform, "OAuth 2.0 device authorization
//! grant"), as a public client: it proves nothing but the device code.
//!
//! One call is one request, with no repetition: how often may be asked is the caller's to keep, who asks again anyway.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{
    access::Rejection,
    clock::Clock,
    connections::{DeviceCode, DeviceCodeError, DeviceCodes, Polled},
    identity::RedemptionError,
};
use openidconnect::core::CoreTokenResponse;
use reqwest::{
    StatusCode,
    header::{ACCEPT, CONTENT_TYPE},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::{Url, form_urlencoded};
use uuid::Uuid;

use super::{
    AuthorityKeys,
    id_tokens::IdTokens,
    token_client::{Meaning, Refusal},
};
use crate::http::retry_after;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// How long the authority may take for one answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// More is no answer.
const MAX_BYTES: usize = 256 * 1024;
/// How often may be asked where the authority does not say so (RFC 8628 §3.2), and the bounds of what is believed.
const INTERVAL: u64 = 5;
const INTERVALS: std::ops::RangeInclusive<u64> = 1..=120;
const LONGEST_LIFE: u64 = 3_600;
/// What a throttling or failing authority gets that does not say how long.
const PAUSE: Duration = Duration::from_secs(5);

/// The endpoints of one authority, for one public client.
pub struct EntraDeviceCodes {
    http: reqwest::Client,
    begin: Url,
    token: Url,
    client_id: Uuid,
    tokens: IdTokens,
}

#[derive(Deserialize)]
struct Begun {
    device_code: String,
    user_code: String,
    verification_uri: String,
    expires_in: u64,
    interval: Option<u64>,
}

/// The body of an answer, by what HTTP said of it.
enum Answer {
    Success(Vec<u8>),
    Refused(Refusal),
}

impl EntraDeviceCodes {
    /// Fetches nothing yet. The client must follow no redirects.
    pub fn new(
        client_id: Uuid,
        keys: Arc<AuthorityKeys>,
        http: reqwest::Client,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (begin, token) = (keys.authority().endpoint("devicecode"), keys.authority().endpoint("token"));
        Self { http, begin, token, client_id, tokens: IdTokens::new(keys, clock, client_id) }
    }

    async fn post(&self, url: &Url, form: String) -> Result<Answer, DeviceCodeError> {
        let request = self
            .http
            .post(url.clone())
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .timeout(PATIENCE)
            .body(form);
        let lost = |error: reqwest::Error| {
            tracing::warn!(error = %error.without_url(), "the authority gives no answer for a device");
            DeviceCodeError::Unavailable { retry_after: PAUSE }
        };
        let mut answer = request.send().await.map_err(lost)?;
        let (status, wait) = (answer.status(), retry_after(answer.headers(), self.tokens.clock().now()));
        let body = crate::http::body(&mut answer, MAX_BYTES).await.map_err(lost)?;
        let body = body.ok_or(DeviceCodeError::Unavailable { retry_after: PAUSE })?;
        if status.is_success() {
            return Ok(Answer::Success(body));
        }
        let is_passing = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
        match Refusal::parse(&body).filter(|_| !is_passing) {
            Some(refusal) => Ok(Answer::Refused(refusal)),
            None => Err(DeviceCodeError::Unavailable { retry_after: wait.unwrap_or(PAUSE) }),
        }
    }
}

/// The answer to a beginning, if it is one that a person can follow.
fn begun(body: &[u8]) -> Option<DeviceCode> {
    let begun: Begun = serde_json::from_slice(body).ok()?;
    let is_shown = |text: &str| !text.is_empty() && text.len() <= 200 && !text.contains(char::is_control);
    let page = Url::parse(&begun.verification_uri).ok()?;
    let is_local = matches!(page.host_str(), Some("localhost" | "127.0.0.1"));
    let is_page = page.scheme() == "https" || (page.scheme() == "http" && is_local);
    let is_whole = is_page && is_shown(&begun.user_code) && !begun.device_code.is_empty();
    let interval = begun.interval.unwrap_or(INTERVAL).clamp(*INTERVALS.start(), *INTERVALS.end());
    is_whole.then(|| DeviceCode {
        device_code: SecretString::from(begun.device_code),
        user_code: begun.user_code,
        verification_uri: begun.verification_uri,
        expires_in: Duration::from_secs(begun.expires_in.min(LONGEST_LIFE)),
        interval: Duration::from_secs(interval),
    })
}

/// What a refused poll means (RFC 8628 §3.5).
fn judged(refusal: Refusal) -> Result<Polled, DeviceCodeError> {
    match refusal.error.as_str() {
        "authorization_pending" => Ok(Polled::Pending),
        "slow_down" => Ok(Polled::SlowDown),
        // The last one is Microsoft's word.
        "access_denied" if refusal.codes.is_empty() => Ok(Polled::Declined),
        "authorization_declined" => Ok(Polled::Declined),
        "expired_token" => Ok(Polled::Expired),
        _ => Err(refused(refusal)),
    }
}

fn refused(refusal: Refusal) -> DeviceCodeError {
    match refusal.meaning() {
        Meaning::OurCredential => {
            tracing::error!(
                codes = ?refusal.codes,
                "the registration of AZURE_PUBLIC_CLIENT_ID does not allow public client flows"
            );
            DeviceCodeError::OwnRegistration { codes: refusal.codes }
        }
        Meaning::Transient | Meaning::Throttled | Meaning::Looping => {
            DeviceCodeError::Unavailable { retry_after: PAUSE }
        }
        Meaning::Interaction
        | Meaning::Consent
        | Meaning::ApplicationUnknown
        | Meaning::ApplicationDisabled
        | Meaning::AssertionRejected
        | Meaning::AccountBlocked
        | Meaning::PolicyBlocked
        | Meaning::NoSuchTenant
        | Meaning::NoSuchResource
        | Meaning::OurMistake => DeviceCodeError::Refused { error: refusal.error, codes: refusal.codes },
    }
}

#[async_trait]
impl DeviceCodes for EntraDeviceCodes {
    fn client_id(&self) -> Uuid {
        self.client_id
    }

    async fn begin(&self, scopes: &[String]) -> Result<DeviceCode, DeviceCodeError> {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", &self.client_id.to_string())
            .append_pair("scope", &scopes.join(" "))
            .finish();
        match self.post(&self.begin, form).await? {
            Answer::Success(body) => begun(&body).ok_or(DeviceCodeError::Unavailable { retry_after: PAUSE }),
            Answer::Refused(refusal) => Err(refused(refusal)),
        }
    }

    async fn poll(&self, device_code: &SecretString) -> Result<Polled, DeviceCodeError> {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", GRANT)
            .append_pair("client_id", &self.client_id.to_string())
            .append_pair("device_code", device_code.expose_secret())
            .finish();
        let body = match self.post(&self.token, form).await? {
            Answer::Success(body) => body,
            Answer::Refused(refusal) => return judged(refusal),
        };
        let tokens: CoreTokenResponse = serde_json::from_slice(&body).map_err(|_| {
            tracing::warn!("the authority's answer for a device is not a token response");
            DeviceCodeError::Lost
        })?;
        match self.tokens.arrival(&tokens, None).await {
            Ok(arrival) => Ok(Polled::SignedIn(Box::new(arrival))),
            Err(error) => {
                tracing::warn!(%error, "the identity of somebody who signed in on a device does not hold");
                // The code was good once, whatever it is that failed.
                Err(match error {
                    RedemptionError::Rejected(Rejection::TenantNotAllowed) => {
                        DeviceCodeError::TenantNotAllowed
                    }
                    RedemptionError::Rejected(_)
                    | RedemptionError::Unavailable
                    | RedemptionError::Refused { .. }
                    | RedemptionError::OwnCredential { .. } => DeviceCodeError::Lost,
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn polled(error: &str, code: u32) -> Result<Polled, DeviceCodeError> {
        let body = json!({ "error": error, "error_codes": [code] }).to_string();
        judged(Refusal::parse(body.as_bytes()).unwrap())
    }

    #[test]
    fn each_refusal_of_a_poll_means_what_the_standard_says() {
        assert!(matches!(polled("authorization_pending", 70_016), Ok(Polled::Pending)));
        assert!(matches!(polled("slow_down", 0), Ok(Polled::SlowDown)));
        assert!(matches!(polled("authorization_declined", 70_018), Ok(Polled::Declined)));
        assert!(matches!(polled("expired_token", 70_020), Ok(Polled::Expired)));
        for (error, code) in
            [("bad_verification_code", 70_018), ("invalid_grant", 54_005), ("invalid_grant", 53_003)]
        {
            assert!(matches!(polled(error, code), Err(DeviceCodeError::Refused { .. })), "{error} {code}");
        }
        let own = polled("invalid_client", 7_000_218);
        assert!(matches!(own, Err(DeviceCodeError::OwnRegistration { .. })), "{own:?}");
        let later = polled("temporarily_unavailable", 90_033);
        assert!(matches!(later, Err(DeviceCodeError::Unavailable { .. })), "{later:?}");
    }

    #[test]
    fn what_a_person_is_shown_is_bounded_and_leads_to_a_page_by_https() {
        let whole = json!({
            "device_code": "planted-device", "user_code": "ABCD1234", "expires_in": 900, "interval": 5,
            "verification_uri": "https://microsoft.com/devicelogin",
        });
        let code = begun(whole.to_string().as_bytes()).unwrap();
        assert_eq!((code.interval.as_secs(), code.expires_in.as_secs()), (5, 900));
        assert!(!format!("{code:?}").contains("planted"));
        let with = |name: &str, value: serde_json::Value| {
            let mut body = whole.clone();
            body[name] = value;
            begun(body.to_string().as_bytes())
        };
        assert_eq!(with("interval", json!(null)).unwrap().interval.as_secs(), 5);
        assert_eq!(with("interval", json!(0)).unwrap().interval.as_secs(), 1);
        assert_eq!(with("expires_in", json!(u64::MAX)).unwrap().expires_in.as_secs(), 3_600);
        assert!(with("verification_uri", json!("javascript:alert(1)")).is_none());
        assert!(with("verification_uri", json!("http://microsoft.com/devicelogin")).is_none());
        assert!(with("user_code", json!("")).is_none());
        assert!(begun(b"<html>").is_none());
    }
}
