//! The error body of the token endpoint, and what it means.

use std::fmt;

use domain::delegation::ClaimsChallenge;
use serde::Deserialize;

/// A parsed OAuth error (RFC 6749 §5.2, with the members that Entra ID adds).
#[derive(Clone, Debug)]
pub(in crate::entra) struct Refusal {
    pub error: String,
    pub suberror: Option<String>,
    /// AADSTS numbers.
    pub codes: Vec<u32>,
    pub claims: Option<ClaimsChallenge>,
    /// For whoever asks Microsoft about it.
    pub trace_id: Option<String>,
}

#[derive(Deserialize)]
struct Body {
    error: String,
    suberror: Option<String>,
    #[serde(default)]
    error_codes: Vec<u32>,
    claims: Option<String>,
    trace_id: Option<String>,
}

/// What a refusal means to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::entra) enum Meaning {
    /// The person has to sign in again, or do something there.
    Interaction,
    /// Nobody has consented to what was asked.
    Consent,
    /// The tenant does not know our application (yet, or any more).
    ApplicationUnknown,
    /// The tenant's administrator has disabled our application.
    ApplicationDisabled,
    /// The assertion is expired, revoked or not for us.
    AssertionRejected,
    /// The account is disabled, gone, or not assigned to our application.
    AccountBlocked,
    /// A policy forbids it, and interaction would only explain that.
    PolicyBlocked,
    NoSuchTenant,
    NoSuchResource,
    /// Our secret or certificate does not hold.
    OurCredential,
    /// Our registration or request is wrong.
    OurMistake,
    /// The tenant sends too much.
    Throttled,
    /// One caller's client asks for the same again and again.
    Looping,
    Transient,
}

const APPLICATION_UNKNOWN: [u32; 2] = [700_016, 7_000_229];
const APPLICATION_DISABLED: [u32; 2] = [70_001, 7_000_112];
const TRANSIENT: [u32; 7] = [90_006, 90_012, 90_024, 90_033, 90_090, 50_033, 50_087];
const THROTTLED: [u32; 1] = [90_055];
const LOOPING: [u32; 1] = [50_196];
const ASSERTION: [u32; 4] = [50_013, 500_131, 500_133, 7_000_114];
const CONSENT: [u32; 4] = [65_001, 65_004, 90_093, 90_094];
const ACCOUNT: [u32; 7] = [50_014, 50_020, 50_034, 500_341, 50_053, 50_057, 50_105];
const POLICY: [u32; 7] = [53_003, 530_032, 530_034, 530_035, 53_011, 500_212, 500_213];
const INTERACTION: [u32; 17] = [
    50_055, 50_072, 50_074, 50_076, 50_078, 50_079, 50_097, 50_129, 50_131, 50_155, 50_158, 50_187, 53_000,
    53_001, 53_002, 53_004, 53_009,
];
const RESOURCE: [u32; 4] = [50_001, 500_011, 650_052, 650_054];
const NO_TENANT: [u32; 3] = [90_002, 50_059, 90_019];

impl Refusal {
    /// `None` for what is not an OAuth error, such as a proxy's page.
    pub(in crate::entra) fn parse(body: &[u8]) -> Option<Self> {
        let body: Body = serde_json::from_slice(body).ok()?;
        let error = word(&body.error)?;
        Some(Self {
            error,
            suberror: body.suberror.as_deref().and_then(word),
            codes: body.error_codes.into_iter().take(8).collect(),
            claims: body.claims.as_deref().and_then(|json| ClaimsChallenge::parse(json).ok()),
            trace_id: body.trace_id.as_deref().and_then(word),
        })
    }

    /// Of a client that did not prove who it is, by the numbers of the refusal.
    pub(in crate::entra) fn of_client(codes: Vec<u32>) -> Self {
        Self { error: "invalid_client".to_owned(), suberror: None, codes, claims: None, trace_id: None }
    }

    pub(in crate::entra) fn has(&self, codes: &[u32]) -> bool {
        self.codes.iter().any(|code| codes.contains(code))
    }

    /// By class; where a class says too little, its number refines it.
    pub(in crate::entra) fn meaning(&self) -> Meaning {
        match (self.error.as_str(), self.suberror.as_deref()) {
            ("invalid_client", _) => self.of_our_credential(),
            ("unauthorized_client", _) if self.has(&APPLICATION_DISABLED) => Meaning::ApplicationDisabled,
            // A tenant that has not authorized us: not consented, or consent was withdrawn.
            ("unauthorized_client", _) => Meaning::ApplicationUnknown,
            ("invalid_resource", _) => Meaning::NoSuchResource,
            ("consent_required", _) | (_, Some("consent_required")) => Meaning::Consent,
            (_, Some("message_only")) => Meaning::PolicyBlocked,
            (_, Some("bad_token" | "token_expired")) => Meaning::AssertionRejected,
            ("interaction_required" | "login_required", _)
            | (
                _,
                Some(
                    "basic_action"
                    | "additional_action"
                    | "user_password_expired"
                    | "protection_policy_required"
                    | "device_authentication_failed",
                ),
            ) => Meaning::Interaction,
            ("temporarily_unavailable" | "server_error", _) => Meaning::Transient,
            ("access_denied", _) => Meaning::AccountBlocked,
            _ if self.claims.is_some() => Meaning::Interaction,
            ("invalid_grant", _) => self.of_the_grant(),
            (_, _) => self.of_the_request(),
        }
    }

    /// One tenant that does not know us must not make a credential look broken that serves all others.
    fn of_our_credential(&self) -> Meaning {
        match () {
            () if self.has(&APPLICATION_UNKNOWN) => Meaning::ApplicationUnknown,
            () if self.has(&RESOURCE) => Meaning::NoSuchResource,
            () => Meaning::OurCredential,
        }
    }

    /// A grant that is refused without a word why: the safe reading is that the caller needs a new token.
    fn of_the_grant(&self) -> Meaning {
        let known = [
            (&CONSENT[..], Meaning::Consent),
            (&ACCOUNT, Meaning::AccountBlocked),
            (&POLICY, Meaning::PolicyBlocked),
            (&INTERACTION, Meaning::Interaction),
            (&RESOURCE, Meaning::NoSuchResource),
            (&THROTTLED, Meaning::Throttled),
            (&LOOPING, Meaning::Looping),
            (&TRANSIENT, Meaning::Transient),
        ];
        let refined = known.into_iter().find(|(codes, _)| self.has(codes));
        refined.map_or(Meaning::AssertionRejected, |(_, meaning)| meaning)
    }

    /// A request that is refused as wrong: ours is, unless the number knows better.
    fn of_the_request(&self) -> Meaning {
        let known = [
            (&NO_TENANT[..], Meaning::NoSuchTenant),
            (&RESOURCE, Meaning::NoSuchResource),
            (&ASSERTION, Meaning::AssertionRejected),
            (&THROTTLED, Meaning::Throttled),
            (&LOOPING, Meaning::Looping),
            (&TRANSIENT, Meaning::Transient),
        ];
        let refined = known.into_iter().find(|(codes, _)| self.has(codes));
        refined.map_or(Meaning::OurMistake, |(_, meaning)| meaning)
    }
}

/// For the log: no description, which may name people.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.error)?;
        if let Some(suberror) = &self.suberror {
            write!(f, "/{suberror}")?;
        }
        for code in &self.codes {
            write!(f, " AADSTS{code}")?;
        }
        match &self.trace_id {
            Some(trace_id) => write!(f, " (trace {trace_id})"),
            None => Ok(()),
        }
    }
}

/// A word that may stand in a log.
fn word(text: &str) -> Option<String> {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "_-".contains(character);
    ((1..=64).contains(&text.len()) && text.chars().all(is_plain)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn meaning(error: &str, suberror: Option<&str>, code: u32, claims: bool) -> Meaning {
        let claims = claims.then_some(r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#);
        let body = json!({ "error": error, "suberror": suberror, "error_codes": [code], "claims": claims });
        Refusal::parse(body.to_string().as_bytes()).unwrap().meaning()
    }

    #[test]
    fn the_class_decides_whatever_the_number() {
        const ANY: u32 = 123_456;
        for (error, suberror, claims, expected) in [
            ("interaction_required", None, false, Meaning::Interaction),
            ("invalid_grant", Some("basic_action"), false, Meaning::Interaction),
            ("invalid_grant", None, true, Meaning::Interaction),
            ("invalid_grant", Some("consent_required"), false, Meaning::Consent),
            ("invalid_grant", Some("message_only"), true, Meaning::PolicyBlocked),
            ("invalid_grant", Some("bad_token"), false, Meaning::AssertionRejected),
            ("invalid_grant", None, false, Meaning::AssertionRejected),
            ("invalid_client", None, false, Meaning::OurCredential),
            ("unauthorized_client", None, false, Meaning::ApplicationUnknown),
            ("invalid_resource", None, false, Meaning::NoSuchResource),
            ("temporarily_unavailable", None, false, Meaning::Transient),
            ("invalid_scope", None, false, Meaning::OurMistake),
            ("something_new", None, false, Meaning::OurMistake),
        ] {
            assert_eq!(meaning(error, suberror, ANY, claims), expected, "{error} {suberror:?}");
        }
        // A number that means something else in another class decides nothing here.
        assert_eq!(meaning("invalid_grant", Some("basic_action"), 50_057, false), Meaning::Interaction);
        assert_eq!(meaning("invalid_client", None, 50_057, false), Meaning::OurCredential);
        assert_eq!(meaning("temporarily_unavailable", None, 50_173, false), Meaning::Transient);
    }

    #[test]
    fn a_number_refines_what_the_class_leaves_open() {
        assert_eq!(meaning("invalid_grant", None, 65_001, false), Meaning::Consent);
        assert_eq!(meaning("invalid_grant", None, 50_057, false), Meaning::AccountBlocked);
        assert_eq!(meaning("invalid_grant", None, 50_076, false), Meaning::Interaction);
        assert_eq!(meaning("invalid_grant", None, 53_003, false), Meaning::PolicyBlocked);
        assert_eq!(meaning("invalid_grant", None, 50_196, false), Meaning::Looping);
        assert_eq!(meaning("invalid_request", None, 90_055, false), Meaning::Throttled);
        assert_eq!(meaning("invalid_client", None, 7_000_229, false), Meaning::ApplicationUnknown);
        assert_eq!(meaning("unauthorized_client", None, 7_000_112, false), Meaning::ApplicationDisabled);
        assert_eq!(meaning("invalid_request", None, 90_002, false), Meaning::NoSuchTenant);
        assert_eq!(meaning("invalid_request", None, 90_033, false), Meaning::Transient);
    }

    #[test]
    fn what_is_not_an_oauth_error_is_none_and_nothing_hostile_reaches_the_log() {
        for body in ["", "<html>", "null", "[]", r#"{"error":{"code":"x"}}"#, "{\"error\":\"a b\\n\"}"] {
            assert!(Refusal::parse(body.as_bytes()).is_none(), "{body}");
        }
        let body = json!({ "error": "invalid_grant", "suberror": "a\nb", "trace_id": "<x>", "claims": "{}" });
        let refusal = Refusal::parse(body.to_string().as_bytes()).unwrap();
        assert_eq!(refusal.to_string(), "invalid_grant");
        assert!(refusal.claims.is_none());
    }
}
