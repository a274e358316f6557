//! The other listener: the host of pre-authenticated downloads, and of all links that lead astray.
//!
//! Whoever sends it a token has made a mistake, which the journal shows.

use std::sync::Arc;

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use poem::{
    Body, EndpointExt as _, IntoEndpoint as _, Request, Response, Route, handler,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    web::Data,
};
use serde_json::json;

use crate::{
    files::{Drive, Files, Item, Kind},
    requests::Endpoint,
    server::counted,
    world::{World, lock},
};

/// How long an address is good.
const MINUTES: i64 = 60;
const DOWNLOAD: &str = "/_layouts/15/download.aspx";

pub(crate) fn routes(world: &Arc<World>) -> impl poem::Endpoint + 'static + use<> {
    Route::new().at("/*", counted(world, Endpoint::Content, answer)).data(Arc::clone(world)).into_endpoint()
}

/// Where an item's bytes are, for whoever knows the address.
pub(crate) fn download_url(world: &World, files: &Files, drive: &Drive, item: &Item) -> String {
    let expires = (world.clock.now() + TimeDelta::minutes(MINUTES)).timestamp();
    let payload = URL_SAFE_NO_PAD.encode(json!([drive.id, item.id, expires]).to_string());
    let tag = URL_SAFE_NO_PAD.encode(hmac::sign(&world.page_key, payload.as_bytes()));
    let site = files.site_of(drive).map_or_else(
        || drive.url.rsplit_once('/').map_or(drive.url.clone(), |(site, _)| site.to_owned()),
        crate::files::Site::url,
    );
    let place = site.trim_start_matches("https://");
    let (base, id) = (&world.elsewhere, item.guid);
    format!(
        "{base}/{place}{DOWNLOAD}?UniqueId={id}&Translate=false&tempauth=v1.{payload}.{tag}&ApiVersion=2.0"
    )
}

#[handler]
fn answer(request: &Request, Data(world): Data<&Arc<World>>) -> Response {
    let path = request.uri().path();
    let query = request.uri().query().unwrap_or_default();
    let parameter = |wanted: &str| {
        url::form_urlencoded::parse(query.as_bytes())
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.into_owned())
    };
    if path.ends_with(DOWNLOAD) {
        return download(world, request, &parameter("tempauth").unwrap_or_default());
    }
    match path {
        "/loop" => {
            let turn = parameter("turn").and_then(|turn| turn.parse::<u32>().ok()).unwrap_or_default();
            redirect(&format!("{}/loop?turn={}", world.elsewhere, turn.saturating_add(1)))
        }
        "/to" => redirect(&parameter("url").unwrap_or_default()),
        // As a list with nothing in it, so that a client which came here goes on.
        _ => Response::builder().content_type("application/json").body(r#"{"value":[]}"#),
    }
}

/// A redirect to any text that a header can hold.
pub(crate) fn redirect(to: &str) -> Response {
    let mut response = Response::builder().status(StatusCode::FOUND).finish();
    if let Ok(to) = HeaderValue::from_bytes(to.as_bytes()) {
        response.headers_mut().insert(header::LOCATION, to);
    }
    response
}

fn download(world: &World, request: &Request, tempauth: &str) -> Response {
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        return Response::builder().status(StatusCode::METHOD_NOT_ALLOWED).finish();
    }
    // Its address is all it takes: the real one refuses what brings a token as well.
    if request.headers().contains_key(header::AUTHORIZATION) {
        return refused(StatusCode::UNAUTHORIZED, "an address that is its own proof takes no token");
    }
    let Some((drive, item)) = opened(world, tempauth) else {
        return refused(StatusCode::UNAUTHORIZED, "the address is not good, or not any more");
    };
    let files = lock(&world.files);
    let found = files.drives.iter().find(|known| known.id == drive).and_then(|drive| drive.item(&item));
    let Some(Item { name, kind: Kind::File(content), .. }) = found else {
        return refused(StatusCode::NOT_FOUND, "the item is gone");
    };
    let etag = found.map(Item::etag).unwrap_or_default();
    let mut response = ranged(request.headers(), &content.bytes, &etag);
    if request.method() == Method::HEAD {
        response.headers_mut().insert(header::CONTENT_LENGTH, content.bytes.len().into());
        response.set_body(Body::empty());
    }
    let encoded = crate::files::in_a_path(name);
    for (header, value) in [
        (header::CONTENT_TYPE, content.mime.to_owned()),
        (header::ETAG, etag),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::CACHE_CONTROL, "private, max-age=0".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename*=UTF-8''{encoded}")),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(header, value);
        }
    }
    response
}

fn refused(status: StatusCode, message: &str) -> Response {
    let body = json!({ "error": { "code": "unauthenticated", "message": message } });
    Response::builder().status(status).content_type("application/json").body(body.to_string())
}

/// Drive and item, if the address is ours and young.
fn opened(world: &World, tempauth: &str) -> Option<(String, String)> {
    let (payload, tag) = tempauth.strip_prefix("v1.")?.split_once('.')?;
    hmac::verify(&world.page_key, payload.as_bytes(), &URL_SAFE_NO_PAD.decode(tag).ok()?).ok()?;
    let (drive, item, expires): (String, String, i64) =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    (world.clock.now().timestamp() < expires).then_some((drive, item))
}

/// All of it, the part that `Range` asks for (RFC 9110 §14), or nothing when that lies outside.
fn ranged(headers: &HeaderMap, bytes: &[u8], etag: &str) -> Response {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if text(header::IF_NONE_MATCH) == Some(etag) {
        return Response::builder().status(StatusCode::NOT_MODIFIED).finish();
    }
    let is_same = text(header::IF_RANGE).is_none_or(|known| known == etag);
    let asked = text(header::RANGE).filter(|_| is_same).and_then(|range| range.strip_prefix("bytes="));
    let Some((from, to)) = asked.and_then(|range| range.split_once('-')) else {
        return Response::builder().body(Body::from_vec(bytes.to_vec()));
    };
    let size = bytes.len();
    let range = match (from.trim().parse::<usize>(), to.trim().parse::<usize>()) {
        (Ok(from), Ok(to)) if from <= to => Some(from..to.saturating_add(1).min(size)),
        (Ok(from), Err(_)) if to.is_empty() => Some(from..size),
        (Err(_), Ok(last)) if from.is_empty() && last > 0 => Some(size.saturating_sub(last)..size),
        // What cannot be read is as if it were not there.
        (Ok(_) | Err(_), _) => return Response::builder().body(Body::from_vec(bytes.to_vec())),
    };
    let part = range.filter(|range| range.start < size);
    match part.and_then(|range| bytes.get(range.clone()).map(|part| (range, part))) {
        Some((range, part)) => Response::builder()
            .status(StatusCode::PARTIAL_CONTENT)
            .header(header::CONTENT_RANGE, format!("bytes {}-{}/{size}", range.start, range.end - 1))
            .body(Body::from_vec(part.to_vec())),
        None => Response::builder()
            .status(StatusCode::RANGE_NOT_SATISFIABLE)
            .header(header::CONTENT_RANGE, format!("bytes */{size}"))
            .finish(),
    }
}
