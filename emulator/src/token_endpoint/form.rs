//! The parameters of a token request, and how the client proves who it is.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use poem::http::{HeaderMap, header};

use super::{has_origin, text};
use crate::aadsts::Refusal;

/// Unknown and repeated parameters do no harm: the first of a name counts.
pub(super) struct Form {
    parameters: Vec<(String, String)>,
    basic: Option<(String, String)>,
    /// Whether a page in a browser sent it.
    pub(super) has_origin: bool,
}

impl Form {
    pub(super) fn read(body: &[u8], headers: &HeaderMap) -> Result<Self, Refusal> {
        let parameters = url::form_urlencoded::parse(body).into_owned().collect();
        let basic = match text(headers, header::AUTHORIZATION.as_str()) {
            None => None,
            Some(value) => Some(basic(value).ok_or_else(Refusal::malformed_request)?),
        };
        Ok(Self { parameters, basic, has_origin: has_origin(headers) })
    }

    /// The parameter, unless it is absent or empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    pub(super) fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name).ok_or_else(|| Refusal::missing_parameter(name))
    }

    /// `scope`, unless it is absent; one that says nothing is a mistake.
    pub(super) fn scope(&self) -> Result<Option<&str>, Refusal> {
        let given = self.parameters.iter().find(|(known, _)| known == "scope").map(|(_, value)| value.trim());
        if given == Some("") { Err(Refusal::empty_scope()) } else { Ok(given) }
    }

    pub(super) fn required_scope(&self) -> Result<&str, Refusal> {
        self.scope()?.ok_or_else(|| Refusal::missing_parameter("scope"))
    }

    pub(super) fn client_id(&self) -> Result<&str, Refusal> {
        match &self.basic {
            Some((id, _)) => Ok(id),
            None => self.required("client_id"),
        }
    }

    pub(super) fn client_secret(&self) -> Option<&str> {
        match &self.basic {
            Some((_, secret)) => Some(secret),
            None => self.get("client_secret"),
        }
    }
}

/// Id and secret are URL-encoded before they are joined (RFC 6749 §2.3.1).
fn basic(authorization: &str) -> Option<(String, String)> {
    let (scheme, encoded) = authorization.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = pair.split_once(':')?;
    Some((url_decoded(id), url_decoded(secret)))
}

fn url_decoded(text: &str) -> String {
    let pair = format!("={}", text.replace('&', "%26"));
    url::form_urlencoded::parse(pair.as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_credentials_are_url_decoded() {
        let encoded = STANDARD.encode("my%2Did:s%3Acr%26t+=&");
        let read = basic(&format!("Basic {encoded}"));
        assert_eq!(read, Some(("my-id".to_owned(), "s:cr&t =&".to_owned())));
    }

    #[test]
    fn other_schemes_are_no_basic_credentials() {
        assert_eq!(basic("Bearer abc"), None);
        assert_eq!(basic("Basic"), None);
        assert_eq!(basic("Basic %%%"), None);
    }
}
