//! What is asked of Microsoft 365 in a connection's name, and the answer.

use async_trait::async_trait;
use bytes::Bytes;
use percent_encoding::percent_decode_str;

use crate::sharepoint::ContentBody;

/// The longest path with its query, in bytes.
const LONGEST: usize = 8 * 1024;

/// A path below the root of Graph or SharePoint, with its query: as the client wrote it, and decoded for a look.
///
/// What a reader would get wrong: the path is sent as it was written, and judged as a server would read it that
/// decodes once more than it should. What means something else to the two is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyPath {
    written: String,
    decoded: String,
    /// Decoding brought a slash: how many segments there are depends on who counts.
    is_ambiguous: bool,
}

/// A path that leads elsewhere, or means two things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no path below the interface")]
pub struct InvalidPath;

impl ProxyPath {
    /// `path` begins with a slash, and nothing of it was decoded.
    pub fn parse(path: &str, query: Option<&str>) -> Result<Self, InvalidPath> {
        let length = path.len() + query.map_or(0, str::len);
        let is_written =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\\#".contains(&byte));
        if length > LONGEST || !path.starts_with('/') || !is_written(path) || !query.is_none_or(is_written) {
            return Err(InvalidPath);
        }
        let decoded = decode(path)?;
        let twice = decode(&decoded).map_err(|_| InvalidPath)?;
        for text in [path, decoded.as_str(), twice.as_str()] {
            let climbs = text.split(['/', '\\']).any(|segment| {
                // A path parameter is cut off by some servers, and dots are left.
                let plain = segment.split(';').next().unwrap_or_default().trim();
                plain == "." || plain == ".."
            });
            if climbs || text.contains('\\') || text.contains("//") || text.chars().any(char::is_control) {
                return Err(InvalidPath);
            }
        }
        let slashes = |text: &str| text.matches('/').count();
        let is_ambiguous = slashes(path) != slashes(&twice);
        let written = query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
        Ok(Self { written, decoded, is_ambiguous })
    }

    /// Path and query, to be sent.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// The decoded path, to be compared with rules; `None` when its segments cannot be told.
    pub fn segments(&self) -> Option<&str> {
        (!self.is_ambiguous).then_some(self.decoded.as_str())
    }
}

/// Percent-decoded once. What is no UTF-8 then, nobody reads alike.
fn decode(text: &str) -> Result<String, InvalidPath> {
    let decoded = percent_decode_str(text).decode_utf8().map_err(|_| InvalidPath)?;
    Ok(decoded.into_owned())
}

/// A header, by its name in lower case.
pub type Header = (String, Vec<u8>);

/// What is asked, but for the token.
pub struct ProxyRequest {
    /// `GET`, `HEAD`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: String,
    pub path: ProxyPath,
    /// Those of [`REQUEST_HEADERS`]; others are not sent.
    pub headers: Vec<Header>,
    pub body: Upload,
}

/// What is sent along.
pub enum Upload {
    Nothing,
    /// Small enough to be kept, so that it can be sent again.
    Whole(Bytes),
    /// Sent as it comes, which is once.
    Streamed {
        length: u64,
        body: Box<dyn UploadBody>,
    },
}

impl Upload {
    /// The same once more, if it was kept.
    pub fn again(&self) -> Option<Self> {
        match self {
            Self::Nothing => Some(Self::Nothing),
            Self::Whole(bytes) => Some(Self::Whole(bytes.clone())),
            Self::Streamed { .. } => None,
        }
    }
}

/// The pieces of a body on its way to Microsoft.
#[async_trait]
pub trait UploadBody: Send {
    /// The next piece; `None` at the end. After an error there is no more.
    async fn next(&mut self) -> std::io::Result<Option<Bytes>>;
}

/// The answer, whatever its status.
pub struct ProxyAnswer {
    pub status: u16,
    /// Those of [`RESPONSE_HEADERS`].
    pub headers: Vec<Header>,
    /// How many bytes there are, where that is known.
    pub length: Option<u64>,
    pub body: Box<dyn ContentBody>,
}

/// What a client may say to Microsoft beside method, path and body. Whatever is not here stays here: credentials,
/// cookies, what proxies before us wrote, hop-by-hop headers, and those that would make another method of a request
/// (`X-HTTP-Method`), which the rules of a key could not see.
pub const REQUEST_HEADERS: &[&str] = &[
    "accept",
    "accept-language",
    "client-request-id",
    "consistencylevel",
    "content-disposition",
    "content-language",
    "content-range",
    "content-type",
    "dataserviceversion",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "maxdataserviceversion",
    "odata-maxversion",
    "odata-version",
    "prefer",
    "range",
    "return-client-request-id",
    "slug",
    "workbook-session-id",
    "x-requestdigest",
];

/// What of Microsoft's answer reaches the client: no cookies, nothing that speaks of Microsoft's connection or origin.
pub const RESPONSE_HEADERS: &[&str] = &[
    "accept-ranges",
    "allow",
    "client-request-id",
    "content-disposition",
    "content-language",
    "content-range",
    "content-type",
    "dataserviceversion",
    "etag",
    "last-modified",
    "location",
    "odata-version",
    "preference-applied",
    "request-id",
    "retry-after",
    "sprequestguid",
    "x-ms-ags-diagnostic",
    "x-ms-resource-unit",
    "x-ms-throttle-information",
    "x-ms-throttle-limit-percentage",
    "x-ms-throttle-scope",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_sent_as_it_was_written_and_read_decoded() {
        let path =
            ProxyPath::parse("/v1.0/users/adele%40contoso.com/messages", Some("$top=5&x=%2e%2e")).unwrap();
        assert_eq!(path.as_str(), "/v1.0/users/adele%40contoso.com/messages?$top=5&x=%2e%2e");
        assert_eq!(path.segments(), Some("/v1.0/users/adele@contoso.com/messages"));
        for good in ["/v1.0/me", "/beta/me/", "/_api/web/lists", "/v1.0/drives/b!x/root:/a%20b.txt:/content"]
        {
            assert!(ProxyPath::parse(good, None).is_ok(), "{good}");
        }
        // An id with a slash in it, which Exchange has: it may be sent, and is within no rule.
        let ambiguous = ProxyPath::parse("/v1.0/me/messages/AAMk%2FAD%3D", None).unwrap();
        assert_eq!(ambiguous.segments(), None);
        assert_eq!(ProxyPath::parse("/v1.0/me/messages/AAMk%252FAD", None).unwrap().segments(), None);
    }

    #[test]
    fn what_leads_elsewhere_or_means_two_things_is_no_path() {
        for path in [
            "",
            "v1.0/me",
            "//evil.example/v1.0/me",
            "/v1.0//me",
            "/\\evil.example",
            "/v1.0\\..\\beta",
            "/v1.0/../beta",
            "/v1.0/..",
            "/./me",
            "/v1.0/%2e%2e/beta",
            "/v1.0/%2E./beta",
            "/v1.0/a/..%2f..%2fbeta",
            "/v1.0/%252e%252e/beta",
            "/v1.0/..;x=1/beta",
            "/v1.0/%2e%2e%3bx/beta",
            "/v1.0/%5c..%5cbeta",
            "/v1.0/a%2f%2fb",
            "/v1.0/me%0d%0aX: y",
            "/v1.0/me%00",
            "/v1.0/me\r\nHost: evil.example",
            "/v1.0/me#fragment",
            "/v1.0/m e",
            "/v1.0/%ff",
            "/v1.0/mé",
        ] {
            assert_eq!(ProxyPath::parse(path, None), Err(InvalidPath), "{path:?}");
        }
        for query in ["a b", "a#b", "a\r\nb", "a\\b"] {
            assert_eq!(ProxyPath::parse("/v1.0/me", Some(query)), Err(InvalidPath), "{query:?}");
        }
        assert_eq!(ProxyPath::parse(&format!("/{}", "a".repeat(LONGEST)), None), Err(InvalidPath));
    }
}
