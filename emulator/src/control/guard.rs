//! Keeps the control API for this machine, also against pages in a browser on this machine.

use std::{future::Future, net::IpAddr, sync::Arc};

use poem::{
    Addr, Endpoint, IntoResponse as _, Request, Response, Result,
    http::{HeaderMap, header, uri::Authority},
};
use url::{Host, Url};

use super::reply::Problem;

/// Lets a request through whose peer is loopback, whose `Host` is (a rebound name is not), and whose
/// `Origin`, if a page sent it, is.
pub(super) fn guard<E: Endpoint + 'static>(
    inner: Arc<E>,
    request: Request,
) -> impl Future<Output = Result<Response>> + Send + 'static {
    let refused = refusal(&request);
    async move {
        match refused {
            Some(refused) => Err(Problem::forbidden(refused).into()),
            None => Ok(inner.call(request).await?.into_response()),
        }
    }
}

fn refusal(request: &Request) -> Option<&'static str> {
    if !is_local_peer(request.remote_addr()) {
        return Some("the control API answers this machine only");
    }
    let headers = request.headers();
    if !host(request).is_some_and(|host| is_loopback(&host)) {
        return Some("the control API wants a loopback Host");
    }
    if !is_own_page(headers) {
        return Some("the control API is not for pages of other sites");
    }
    None
}

fn is_local_peer(peer: &Addr) -> bool {
    match peer {
        Addr::SocketAddr(address) => address.ip().is_loopback(),
        Addr::Unix(_) => true,
        Addr::Custom(..) => false,
    }
}

/// HTTP/2 has the authority in the request's target, HTTP/1.1 in a header.
fn host(request: &Request) -> Option<String> {
    let from_header = || {
        let value = request.headers().get(header::HOST)?.to_str().ok()?;
        value.parse::<Authority>().ok()
    };
    let authority = request.uri().authority().cloned().or_else(from_header)?;
    Some(authority.host().to_owned())
}

fn is_own_page(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let origin_is_local = text(header::ORIGIN.as_str()).is_none_or(|origin| {
        Url::parse(origin).is_ok_and(|url| match url.host() {
            Some(Host::Domain(name)) => is_loopback(name),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        })
    });
    origin_is_local && text("sec-fetch-site") != Some("cross-site")
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
