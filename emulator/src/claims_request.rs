//! The `claims` parameter: what a resource's challenge, or the client itself, wants of a token.

use serde_json::Value;

use crate::aadsts::Refusal;

/// What of it counts here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ClaimsRequest {
    /// The client can handle challenges (`xms_cc` with `cp1`).
    pub(crate) handles_claims: bool,
    /// A policy wants more than a password (`capolids`, `polids`).
    pub(crate) wants_mfa: bool,
    /// An authentication context (`acrs`).
    pub(crate) context: Option<String>,
}

impl ClaimsRequest {
    /// Reads JSON; nothing is nothing.
    pub(crate) fn parse(text: Option<&str>) -> Result<Self, Refusal> {
        let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(Self::default()) };
        let claims: Value =
            serde_json::from_str(text).map_err(|_| Refusal::bad_parameter("claims", "it is not JSON"))?;
        let wanted = |name: &str| claims.pointer(&format!("/access_token/{name}"));
        let handles_claims = wanted("xms_cc").is_some_and(|wanted| {
            values(wanted).iter().any(|capability| capability.eq_ignore_ascii_case("cp1"))
        });
        Ok(Self {
            handles_claims,
            wants_mfa: wanted("capolids").or_else(|| wanted("polids")).is_some(),
            context: wanted("acrs").and_then(|wanted| values(wanted).first().cloned()),
        })
    }
}

/// `value` and `values` of a claim that was asked for.
fn values(wanted: &Value) -> Vec<String> {
    let one = wanted.get("value").into_iter();
    let many = wanted.get("values").and_then(Value::as_array).into_iter().flatten();
    one.chain(many).filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merged_requests_are_read() {
        let text = r#"{"access_token":{"xms_cc":{"values":["CP1"]},"acrs":{"essential":true,"value":"c1"}}}"#;
        let read = ClaimsRequest::parse(Some(text)).unwrap();
        let expected =
            ClaimsRequest { handles_claims: true, wants_mfa: false, context: Some("c1".to_owned()) };
        assert_eq!(read, expected);
        assert!(ClaimsRequest::parse(Some("{")).is_err());
    }
}
