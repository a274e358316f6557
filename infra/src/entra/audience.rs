//! Whom a token is for.

use uuid::Uuid;

use super::{issuer::TokenVersion, parse_guid};

/// Microsoft's own directory APIs, in all clouds. Their tokens are in the hands of every application that calls
/// them; an API that accepts one accepts anybody (Microsoft identity platform, "Access tokens").
const GRAPH: [&str; 10] = [
    "00000003-0000-0000-c000-000000000000",
    "00000002-0000-0000-c000-000000000000",
    "https://graph.microsoft.com",
    "https://graph.microsoft.us",
    "https://dod-graph.microsoft.us",
    "https://microsoftgraph.chinacloudapi.cn",
    "https://graph.windows.net",
    "https://graph.microsoftazure.us",
    "https://graph.chinacloudapi.cn",
    "https://graph.cloudapi.de",
];

/// Why an audience cannot be configured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AudienceError {
    #[error("`{0}` is an audience of Microsoft Graph: any application's Graph token would be accepted")]
    Graph(String),
    #[error("an audience is empty")]
    Empty,
}

/// The audiences that are ours.
#[derive(Debug)]
pub(super) struct Audiences {
    client_id: Uuid,
    /// `api://<client id>`.
    default_uri: String,
    extra: Vec<String>,
}

impl Audiences {
    pub(super) fn new(client_id: Uuid, extra: Vec<String>) -> Result<Self, AudienceError> {
        let client = client_id.to_string();
        for audience in extra.iter().chain([&client]) {
            if audience.trim().trim_end_matches('/').is_empty() {
                return Err(AudienceError::Empty);
            }
            if is_graph(audience) {
                return Err(AudienceError::Graph(audience.clone()));
            }
        }
        Ok(Self { client_id, default_uri: format!("api://{client}"), extra })
    }

    /// A v2.0 token names the client id (or what was configured besides); a v1.0 token names what the client asked
    /// for: the client id or any of the application's URIs, with or without a slash at the end. GUIDs are compared
    /// as such, URIs as text.
    pub(super) fn contains(&self, audience: &str, version: TokenVersion) -> bool {
        if parse_guid(audience) == Some(self.client_id) {
            return true;
        }
        match version {
            TokenVersion::V2 => self.extra.iter().any(|ours| is_same(ours, audience)),
            TokenVersion::V1 => {
                let audience = without_slash(audience);
                let ours = self.extra.iter().chain([&self.default_uri]);
                ours.map(|ours| without_slash(ours)).any(|ours| is_same(ours, audience))
            }
        }
    }
}

/// Exactly one slash may differ.
fn without_slash(audience: &str) -> &str {
    audience.strip_suffix('/').unwrap_or(audience)
}

fn is_same(ours: &str, audience: &str) -> bool {
    ours == audience || parse_guid(ours).is_some_and(|ours| parse_guid(audience) == Some(ours))
}

fn is_graph(audience: &str) -> bool {
    let audience = audience.trim().trim_end_matches('/').to_ascii_lowercase();
    GRAPH.contains(&audience.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: &str = "0a1b2c3d-0000-4000-8000-00000000cafe";
    const OTHER: &str = "0a1b2c3d-0000-4000-8000-00000000beef";

    fn audiences(extra: &[&str]) -> Result<Audiences, AudienceError> {
        let extra = extra.iter().map(|&text| text.to_owned()).collect();
        Audiences::new(CLIENT.parse().unwrap(), extra)
    }

    #[test]
    fn a_second_version_token_names_the_client_id_or_a_configured_audience() {
        let ours = audiences(&["https://api.example.com", OTHER]).unwrap();
        let accepted = |audience: &str| ours.contains(audience, TokenVersion::V2);
        assert!(accepted(CLIENT));
        assert!(accepted(&CLIENT.to_uppercase()));
        assert!(accepted("https://api.example.com"));
        assert!(accepted(&OTHER.to_uppercase()));
        assert!(!accepted("https://api.example.com/"));
        assert!(!accepted(&format!("api://{CLIENT}")));
        assert!(!accepted(&format!("{{{CLIENT}}}")));
        assert!(!accepted(""));
    }

    #[test]
    fn a_first_version_token_may_name_a_uri_with_or_without_one_slash() {
        let ours = audiences(&["https://api.example.com/v1/"]).unwrap();
        let accepted = |audience: &str| ours.contains(audience, TokenVersion::V1);
        for audience in [
            CLIENT,
            &CLIENT.to_uppercase(),
            &format!("api://{CLIENT}"),
            &format!("api://{CLIENT}/"),
            "https://api.example.com/v1",
            "https://api.example.com/v1/",
        ] {
            assert!(accepted(audience), "{audience}");
        }
        for audience in [
            &format!("api://{CLIENT}//"),
            &format!("API://{CLIENT}"),
            &format!("api://{}", CLIENT.to_uppercase()),
            "https://API.example.com/v1",
            "https://api.example.com",
            "",
            "/",
        ] {
            assert!(!accepted(audience), "{audience}");
        }
    }

    #[test]
    fn an_audience_of_graph_cannot_be_configured() {
        for audience in [
            "https://graph.microsoft.com",
            "https://Graph.microsoft.com/",
            "00000003-0000-0000-C000-000000000000",
        ] {
            assert_eq!(audiences(&[audience]).unwrap_err(), AudienceError::Graph(audience.to_owned()));
        }
        assert_eq!(audiences(&[" "]).unwrap_err(), AudienceError::Empty);
    }
}
