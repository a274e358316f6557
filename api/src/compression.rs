//! Compressed responses, for clients that say they can read them.
//!
//! What a reader would get wrong: a response that holds a token or another secret beside something that an attacker
//! can choose must not be compressed, since its length would tell (BREACH). Its handler marks it with
//! [`NotCompressed`]; nothing here can know.

use async_compression::{
    Level,
    tokio::bufread::{BrotliEncoder, GzipEncoder, ZstdEncoder},
};
use bytes::Bytes;
use http_body::Body as _;
use http_body_util::combinators::BoxBody;
use poem::{
    Body, Request, Response,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
};
use tokio::io::BufReader;

/// Less is not worth its while.
const LEAST_BYTES: u64 = 1024;

/// Put into a response's extensions, keeps it as it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NotCompressed;

/// What we can write, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Zstd,
    Brotli,
    Gzip,
}

impl Coding {
    const ALL: [Self; 3] = [Self::Zstd, Self::Brotli, Self::Gzip];

    fn name(self) -> &'static str {
        match self {
            Self::Zstd => "zstd",
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    /// The one that the client likes best (RFC 9110 §12.5.3).
    fn accepted(headers: &HeaderMap) -> Option<Self> {
        let named: Vec<(&str, u16)> = headers
            .get_all(header::ACCEPT_ENCODING)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(named)
            .collect();
        let weight = |coding: &str| {
            named.iter().find(|(name, _)| name.eq_ignore_ascii_case(coding)).map(|(_, weight)| *weight)
        };
        let any = weight("*").unwrap_or(0);
        let weights = Self::ALL.map(|coding| (coding, weight(coding.name()).unwrap_or(any)));
        // Of several with the same weight `max_by_key` takes the last.
        let best = weights.into_iter().rev().max_by_key(|(_, weight)| *weight);
        best.filter(|(_, weight)| *weight > 0).map(|(coding, _)| coding)
    }

    fn encode(self, body: Body) -> Body {
        let plain = BufReader::new(body.into_async_read());
        match self {
            Self::Zstd => Body::from_async_read(ZstdEncoder::with_quality(plain, Level::Precise(3))),
            Self::Brotli => Body::from_async_read(BrotliEncoder::with_quality(plain, Level::Precise(4))),
            Self::Gzip => Body::from_async_read(GzipEncoder::with_quality(plain, Level::Precise(5))),
        }
    }
}

/// A coding's name and its weight in thousandths; what is no weight counts as none.
fn named(item: &str) -> (&str, u16) {
    let mut parts = item.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    let thousandths = |text: &str| {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let whole: u16 = whole.parse().ok().filter(|whole| *whole <= 1)?;
        let fraction: u16 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
        Some((whole * 1000 + fraction).min(1000))
    };
    (name, weight.map_or(1000, |text| thousandths(text).unwrap_or(0)))
}

/// How a client takes the response to a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Compression {
    is_head: bool,
    coding: Option<Coding>,
}

impl Compression {
    /// As the request says.
    pub(crate) fn of(request: &Request) -> Self {
        Self { is_head: request.method() == Method::HEAD, coding: Coding::accepted(request.headers()) }
    }

    /// The response, compressed if it may be and gains by it.
    pub(crate) fn apply(self, mut response: Response) -> Response {
        if self.is_head {
            return response;
        }
        // The only way to a body's length. One without (a stream) is passed on as it comes.
        let body: BoxBody<Bytes, std::io::Error> = response.take_body().into();
        let is_worth_it = body.size_hint().exact().is_some_and(|bytes| bytes >= LEAST_BYTES);
        let body = Body::from(body);
        if !is_worth_it || !may_be_compressed(&response) {
            response.set_body(body);
            return response;
        }
        response.headers_mut().append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        let Some(coding) = self.coding else {
            response.set_body(body);
            return response;
        };
        response.set_body(coding.encode(body));
        response.headers_mut().remove(header::CONTENT_LENGTH);
        // The entity tag stays as it is: it names the row's version, which `If-Match` must find again.
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
        response
    }
}

fn may_be_compressed(response: &Response) -> bool {
    let headers = response.headers();
    let has_body = !matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let is_whole =
        !headers.contains_key(header::CONTENT_ENCODING) && !headers.contains_key(header::CONTENT_RANGE);
    let is_marked = response.extensions().get::<NotCompressed>().is_some();
    let may_be_changed = headers
        .get(header::CACHE_CONTROL)
        .and_then(|value| value.to_str().ok())
        .is_none_or(|value| !value.contains("no-transform"));
    has_body && is_whole && !is_marked && may_be_changed && response.content_type().is_some_and(is_text)
}

/// Whether content of the type is text; the rest (pictures, documents, events) is compressed already or must flow.
fn is_text(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    (essence.starts_with("text/") && essence != "text/event-stream")
        || ["json", "javascript", "xml", "yaml"].iter().any(|kind| {
            essence.strip_prefix("application/").is_some_and(|rest| rest == *kind)
                || essence.strip_suffix(kind).is_some_and(|rest| rest.ends_with('+'))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(value: &'static str) -> Option<&'static str> {
        let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(value))]);
        Coding::accepted(&headers).map(Coding::name)
    }

    #[test]
    fn the_client_decides() {
        assert_eq!(accepted("gzip, deflate, br, zstd"), Some("zstd"));
        assert_eq!(accepted("gzip, deflate, br"), Some("br"));
        assert_eq!(accepted("GZIP"), Some("gzip"));
        assert_eq!(accepted("br;q=0.5, gzip;q=0.8"), Some("gzip"));
        assert_eq!(accepted("*, zstd;q=0"), Some("br"));
        assert_eq!(accepted("gzip;q=0"), None);
        assert_eq!(accepted("gzip; q=nonsense"), None);
        assert_eq!(accepted("identity"), None);
        assert_eq!(accepted(""), None);
    }

    async fn compressed(make: fn() -> Response) -> (Option<String>, bool, usize) {
        let request = Request::builder().header(header::ACCEPT_ENCODING, "gzip").finish();
        let response = Compression::of(&request).apply(make());
        let header =
            |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (encoding, varies) = (header(header::CONTENT_ENCODING), header(header::VARY).is_some());
        (encoding, varies, response.into_body().into_bytes().await.unwrap().len())
    }

    fn json() -> poem::ResponseBuilder {
        Response::builder().content_type("application/json; charset=utf-8")
    }

    #[tokio::test]
    async fn what_is_long_and_text_is_compressed() {
        let (encoding, varies, length) = compressed(|| json().body("a".repeat(5000))).await;
        assert_eq!((encoding.as_deref(), varies), (Some("gzip"), true));
        assert!(length < 200, "{length}");
        let same = |response: fn() -> Response| async move {
            compressed(response).await.0.as_deref() != Some("gzip")
        };
        assert!(same(|| json().body("a".repeat(1000))).await, "short");
        assert!(same(|| json().status(StatusCode::NOT_MODIFIED).body("a".repeat(5000))).await);
        assert!(same(|| json().extension(NotCompressed).body("a".repeat(5000))).await, "marked");
        assert!(same(|| json().header("content-encoding", "br").body("a".repeat(5000))).await);
        assert!(same(|| json().header("cache-control", "no-transform").body("a".repeat(5000))).await);
        assert!(same(|| Response::builder().content_type("image/png").body("a".repeat(5000))).await);
    }

    #[test]
    fn text_has_many_names() {
        for text in ["text/html", "application/json", "application/problem+json; charset=x", "image/svg+xml"]
        {
            assert!(is_text(text), "{text}");
        }
        for other in ["image/png", "text/event-stream", "application/octet-stream", "application/zip"] {
            assert!(!is_text(other), "{other}");
        }
    }
}
