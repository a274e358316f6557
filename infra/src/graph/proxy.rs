//! The credential proxy's other side: a request as the client wrote it, with a token that the client never sees.
//!
//! What a reader would get wrong: the host is never the client's to choose. It is Graph's as configured, or that of the
//! SharePoint that the token was made for, if its name ends as SharePoint's do; the client's path is put behind it, and
//! what the parser of addresses would have changed about it is refused.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use domain::{
    clock::Clock,
    graph::{GraphError, Link},
    proxy::{
        Answered, Header, MicrosoftProxy, ProxyAnswer, ProxyPlace, ProxyRequest, REQUEST_HEADERS,
        RESPONSE_HEADERS, Upload,
    },
    sharepoint::ContentBody,
};
use futures_util::stream;
use reqwest::{
    Body, Method, RequestBuilder, Response, StatusCode,
    header::{AUTHORIZATION, CONTENT_LENGTH, HeaderName, HeaderValue, LOCATION, RANGE},
};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{
    SharePointHosts,
    address::{Root, download},
    client::{GraphSettings, text, transport_error},
    refusal::{Refusal, request_id},
};

/// The longest answer that is passed on.
const MOST_BYTES: u64 = 1024 * 1024 * 1024;
/// What is sent as it comes may take so many times as long.
const UPLOADS_TAKE: u32 = 4;

/// Passes requests on to Microsoft 365.
pub struct GraphProxy {
    http: reqwest::Client,
    graph: Root,
    hosts: SharePointHosts,
    timeout: Duration,
    clock: Arc<dyn Clock>,
}

impl GraphProxy {
    pub fn new(
        settings: &GraphSettings,
        hosts: SharePointHosts,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, reqwest::Error> {
        let http = crate::http::microsoft_365()?;
        let graph = Root::new(&settings.graph_url, "");
        Ok(Self { http, graph, hosts, timeout: settings.timeout, clock })
    }

    fn url(&self, place: &ProxyPlace, request: &ProxyRequest) -> Result<Url, GraphError> {
        let root = match place {
            ProxyPlace::Graph => self.graph.clone(),
            ProxyPlace::SharePoint(host) => {
                self.hosts.origin(host).ok_or(GraphError::Unusable("a host that is not SharePoint's"))?
            }
        };
        Ok(root.follow(&Link::new(format!("{}{}", root.path(), request.path.as_str())))?)
    }

    fn request(
        &self,
        url: Url,
        request: ProxyRequest,
        token: &SecretString,
    ) -> Result<RequestBuilder, GraphError> {
        let method = Method::from_bytes(request.method.as_bytes())
            .map_err(|_| GraphError::Unusable("a method that is none"))?;
        let mut builder = self.http.request(method, url);
        for (name, value) in &request.headers {
            let header = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value));
            if let (true, (Ok(name), Ok(value))) = (REQUEST_HEADERS.contains(&name.as_str()), header) {
                builder = builder.header(name, value);
            }
        }
        builder = match request.body {
            Upload::Nothing => builder,
            Upload::Whole(bytes) => builder.body(bytes),
            Upload::Streamed { length, body } => {
                let pieces = stream::unfold(Some(body), |body| async move {
                    let mut body = body?;
                    match body.next().await {
                        Ok(Some(piece)) => Some((Ok(piece), Some(body))),
                        Ok(None) => None,
                        Err(error) => Some((Err(error), None)),
                    }
                });
                builder.header(CONTENT_LENGTH, length).body(Body::wrap_stream(pieces))
            }
        };
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()))
            .map_err(|_| GraphError::Unusable("a token that is none"))?;
        bearer.set_sensitive(true);
        Ok(builder.header(AUTHORIZATION, bearer))
    }

    async fn send(&self, builder: RequestBuilder, within: Duration) -> Result<Response, GraphError> {
        let answer = tokio::time::timeout(within, builder.send()).await;
        answer.map_err(|_| GraphError::TimedOut)?.map_err(transport_error)
    }

    /// The bytes that a redirect of a `GET` leads to, asked for without the bearer and everything else but the range.
    async fn redirected(
        &self,
        response: &Response,
        asked: &Url,
        range: Option<Vec<u8>>,
    ) -> Result<Response, GraphError> {
        let location = text(response.headers(), LOCATION).unwrap_or_default();
        let url = download(location, asked)
            .map_err(|_| GraphError::Unusable("a redirect to a place where no file can be"))?;
        let mut builder = self.http.get(url);
        if let Some(range) = range.and_then(|range| HeaderValue::from_bytes(&range).ok()) {
            builder = builder.header(RANGE, range);
        }
        self.send(builder, self.timeout).await
    }
}

#[async_trait]
impl MicrosoftProxy for GraphProxy {
    async fn ask(
        &self,
        place: &ProxyPlace,
        request: ProxyRequest,
        token: &SecretString,
    ) -> Result<Answered, GraphError> {
        let url = self.url(place, &request)?;
        let reads = request.method == "GET";
        let range = request.headers.iter().find(|(name, _)| name == "range").map(|(_, value)| value.clone());
        let factor = if matches!(request.body, Upload::Streamed { .. }) { UPLOADS_TAKE } else { 1 };
        let started = std::time::Instant::now();
        let builder = self.request(url.clone(), request, token)?;
        let mut response = self.send(builder, self.timeout * factor).await?;
        tracing::info!(
            graph.call = "proxy",
            graph.resource = place.kind(),
            graph.status = response.status().as_u16(),
            graph.request_id = request_id(response.headers()),
            duration_ms = started.elapsed().as_secs_f64() * 1000.0,
            "asked Microsoft for a client"
        );
        if response.status() == StatusCode::UNAUTHORIZED {
            let reading = Refusal::read(response, self.clock.now());
            let refusal =
                tokio::time::timeout(self.timeout, reading).await.map_err(|_| GraphError::TimedOut)?;
            return Ok(Answered::TokenRefused { claims: refusal.claims.clone(), error: refusal.error() });
        }
        if response.status().is_redirection() && response.status() != StatusCode::NOT_MODIFIED {
            if !reads {
                return Err(GraphError::Unusable("a redirect"));
            }
            response = self.redirected(&response, &url, range).await?;
            if response.status().is_redirection() && response.status() != StatusCode::NOT_MODIFIED {
                return Err(GraphError::Unusable("a redirect to a redirect"));
            }
        }
        answer(response, self.timeout).map(|answer| Answered::Answer(Box::new(answer)))
    }
}

fn answer(response: Response, idle: Duration) -> Result<ProxyAnswer, GraphError> {
    let length = response.content_length();
    if length.is_some_and(|length| length > MOST_BYTES) {
        return Err(GraphError::Unusable("too long"));
    }
    let kept = |(name, value): (&HeaderName, &HeaderValue)| -> Option<Header> {
        let name = name.as_str();
        // Where a thing is that was made, or how far a long operation is: an address of Microsoft's, without a credential.
        RESPONSE_HEADERS.contains(&name).then(|| (name.to_owned(), value.as_bytes().to_vec()))
    };
    Ok(ProxyAnswer {
        status: response.status().as_u16(),
        headers: response.headers().iter().filter_map(kept).collect(),
        length,
        body: Box::new(Passing { response, idle, left: MOST_BYTES }),
    })
}

/// An answer whose pieces are asked for one by one.
struct Passing {
    response: Response,
    /// How long one piece may take.
    idle: Duration,
    left: u64,
}

#[async_trait]
impl ContentBody for Passing {
    async fn next(&mut self) -> Result<Option<Bytes>, GraphError> {
        let piece = tokio::time::timeout(self.idle, self.response.chunk()).await;
        let piece = piece.map_err(|_| GraphError::TimedOut)?.map_err(transport_error)?;
        let length = piece.as_ref().map_or(0, |piece| u64::try_from(piece.len()).unwrap_or(u64::MAX));
        self.left = self.left.checked_sub(length).ok_or(GraphError::Unusable("too long"))?;
        Ok(piece)
    }
}

#[cfg(test)]
mod tests {
    use domain::{delegation::SharePointHost, proxy::ProxyPath};

    use super::*;
    use crate::clock::SystemClock;

    fn proxy() -> GraphProxy {
        let settings = GraphSettings {
            graph_url: Url::parse("https://graph.microsoft.com").unwrap(),
            timeout: Duration::from_secs(1),
        };
        let hosts = SharePointHosts {
            endings: vec![".sharepoint.com".to_owned()],
            address: "https://{host}".to_owned(),
        };
        GraphProxy::new(&settings, hosts, Arc::new(SystemClock)).unwrap()
    }

    fn get(path: &str, headers: &[(&str, &str)]) -> ProxyRequest {
        ProxyRequest {
            method: "GET".to_owned(),
            path: ProxyPath::parse(path, None).unwrap(),
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
                .collect(),
            body: Upload::Nothing,
        }
    }

    #[test]
    fn the_host_is_not_the_clients_to_choose() {
        let proxy = proxy();
        let contoso = ProxyPlace::SharePoint(SharePointHost::parse("contoso.sharepoint.com").unwrap());
        for (place, host) in [(ProxyPlace::Graph, "graph.microsoft.com"), (contoso, "contoso.sharepoint.com")]
        {
            for path in [
                "/v1.0/me",
                "/@evil.example/v1.0/me",
                "/.evil.example/x",
                "/:8443/x",
                "/https://evil.example".trim_end_matches("//evil.example"),
                "/v1.0/users/adele%40contoso.com",
                "/v1.0/me/messages/AAMk%2FAD%3D",
                "/_api/web/GetFileByServerRelativeUrl('/sites/a/b.txt')",
            ] {
                let url = proxy.url(&place, &get(path, &[])).unwrap();
                assert_eq!((url.host_str(), url.port(), url.path()), (Some(host), None, path), "{path}");
                assert!(url.username().is_empty() && url.scheme() == "https");
            }
        }
        for elsewhere in
            ["evil.example", "contoso.sharepoint.com.evil.example", "contoso.sharepoint.com:8443"]
        {
            let place = ProxyPlace::SharePoint(SharePointHost::parse(elsewhere).unwrap());
            assert!(proxy.url(&place, &get("/_api/web", &[])).is_err(), "{elsewhere}");
        }
    }

    #[test]
    fn credentials_and_what_proxies_wrote_stay_here() {
        let headers = [
            ("authorization", "Bearer ak_mine"),
            ("x-api-key", "ak_mine"),
            ("cookie", "accessToken=mine"),
            ("host", "evil.example"),
            ("x-forwarded-for", "203.0.113.7"),
            ("forwarded", "for=203.0.113.7"),
            ("connection", "keep-alive, prefer"),
            ("proxy-authorization", "Basic eDp5"),
            ("transfer-encoding", "chunked"),
            ("x-http-method", "DELETE"),
            ("x-http-method-override", "DELETE"),
            ("accept-encoding", "gzip"),
            ("prefer", "outlook.body-content-type=\"text\""),
        ];
        let proxy = proxy();
        let request = get("/v1.0/me", &headers);
        let url = proxy.url(&ProxyPlace::Graph, &request).unwrap();
        let sent = proxy.request(url, request, &SecretString::from("the-token")).unwrap().build().unwrap();
        let names: Vec<&str> = sent.headers().keys().map(HeaderName::as_str).collect();
        assert_eq!(names, ["prefer", "authorization"]);
        assert_eq!(sent.headers()[AUTHORIZATION], "Bearer the-token");
        assert!(!format!("{sent:?}").contains("the-token"), "it is marked as sensitive");
    }
}
