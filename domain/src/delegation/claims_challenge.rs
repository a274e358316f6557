//! What a policy wants to see in the next token: the `claims` of an Entra ID error body, or of a resource's
//! `WWW-Authenticate` (Microsoft identity platform, "Claims challenges, claims requests, and client capabilities").

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde_json::Value;

/// Claims that a client must ask for in its next sign-in. Minified JSON with the member `access_token` on top.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClaimsChallenge(String);

/// The text is not a claims challenge.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a claims challenge")]
pub struct NotAChallenge;

/// Longer ones would not fit into a header.
const LONGEST: usize = 4_096;

/// Some resources leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl ClaimsChallenge {
    /// Reads the JSON.
    pub fn parse(json: &str) -> Result<Self, NotAChallenge> {
        if json.len() > LONGEST {
            return Err(NotAChallenge);
        }
        let value: Value = serde_json::from_str(json).map_err(|_| NotAChallenge)?;
        let is_challenge = value.get("access_token").is_some_and(Value::is_object);
        if is_challenge { Ok(Self(value.to_string())) } else { Err(NotAChallenge) }
    }

    /// Reads the base64 of the JSON, as in the `claims` parameter of a challenge; the JSON itself is taken too, as
    /// Microsoft's own clients do.
    pub fn parse_parameter(text: &str) -> Result<Self, NotAChallenge> {
        if text.trim_start().starts_with('{') {
            return Self::parse(text);
        }
        // Resources send either alphabet (RFC 4648 §4, §5).
        let text = text.replace('-', "+").replace('_', "/");
        let bytes = BASE64.decode(text).map_err(|_| NotAChallenge)?;
        Self::parse(std::str::from_utf8(&bytes).map_err(|_| NotAChallenge)?)
    }

    /// The JSON, minified: what a client passes on as `claims` of its next request.
    pub fn json(&self) -> &str {
        &self.0
    }

    /// Standard base64 of the JSON: what stands in `WWW-Authenticate`.
    pub fn base64(&self) -> String {
        BASE64.encode(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sample of "Continuous access evaluation".
    const REVOKED: &str = r#"{"access_token":{"nbf":{"essential":true, "value":"1604106651"}}}"#;

    #[test]
    fn it_is_minified_and_survives_the_header() {
        let challenge = ClaimsChallenge::parse(REVOKED).unwrap();
        assert_eq!(challenge.json(), REVOKED.replace(' ', ""));
        assert_eq!(ClaimsChallenge::parse_parameter(&challenge.base64()), Ok(challenge.clone()));
        assert_eq!(
            ClaimsChallenge::parse_parameter(challenge.base64().trim_end_matches('=')),
            Ok(challenge.clone())
        );
        assert_eq!(ClaimsChallenge::parse_parameter(REVOKED), Ok(challenge));
    }

    #[test]
    fn what_asks_for_no_claim_of_an_access_token_is_none() {
        for text in
            ["", "{}", "[]", "null", r#"{"access_token":null}"#, r#"{"id_token":{}}"#, "{", "%%", "e30="]
        {
            assert_eq!(ClaimsChallenge::parse_parameter(text), Err(NotAChallenge), "{text}");
        }
        let long = format!(r#"{{"access_token":{{"x":"{}"}}}}"#, "y".repeat(LONGEST));
        assert_eq!(ClaimsChallenge::parse(&long), Err(NotAChallenge));
    }
}
