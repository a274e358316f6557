//! `GET /api/auth/me/photo`: the caller's picture, from Microsoft or made here.

use std::{fmt::Write, sync::Arc, time::Duration};

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use domain::{
    access::SignedIn,
    graph::{People, Photo},
};
use poem::{
    IntoResponse, Request, Response,
    http::{HeaderValue, StatusCode, header},
};
use poem_openapi::{
    ApiResponse, OpenApi,
    registry::{MetaHeader, MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
};

use super::initials::picture;
use crate::{auth::Caller, error::ApiError, http::is_known, openapi::Tag};

/// Where it is.
pub(super) const PATH: &str = "/api/auth/me/photo";

/// For how long a browser keeps a picture of Microsoft's, and one that was made for want of it.
const KEPT: Duration = Duration::from_mins(30);
/// The same where Microsoft could not be asked: it may be possible in a minute.
const KEPT_BRIEFLY: Duration = Duration::from_mins(1);

/// A picture, or that the client has it already.
pub(crate) struct Picture {
    content_type: &'static str,
    bytes: Bytes,
    kept: Duration,
    is_known: bool,
}

/// The caller's picture.
pub(crate) struct PhotoApi {
    pub people: Arc<dyn People>,
}

#[OpenApi(tag = "Tag::Identity")]
impl PhotoApi {
    /// Get the caller's picture
    ///
    /// The picture that Microsoft 365 has of the caller; else, or while it cannot be asked, their initials as SVG. It is
    /// the caller's alone, so that a page fetches it with the credential and shows it from memory.
    #[oai(path = "/api/auth/me/photo", method = "get", operation_id = "getMyPhoto")]
    async fn photo(&self, caller: Caller<SignedIn>, request: &Request) -> Result<Picture, ApiError> {
        let found = match caller.on_behalf_of() {
            Ok(person) => self.people.photo(&person).await,
            Err(_) => Ok(None),
        };
        let (photo, kept) = match found {
            Ok(photo) => (photo, KEPT),
            Err(error) => {
                // A page with somebody's picture on it is no place to ask for a sign-in.
                tracing::info!(%error, "the caller's picture could not be had");
                (None, KEPT_BRIEFLY)
            }
        };
        let made = || {
            let user = caller.principal().user();
            let profile = &user.profile;
            let svg =
                picture(&user.id.to_string(), profile.display_name.as_deref(), profile.email.as_deref());
            Photo { content_type: "image/svg+xml", bytes: Bytes::from(svg) }
        };
        let Photo { content_type, bytes } = photo.unwrap_or_else(made);
        let known = request.headers().get_all(header::IF_NONE_MATCH);
        let is_known = tag(&bytes).is_some_and(|tag| known.iter().any(|known| is_known(known, &tag)));
        Ok(Picture { content_type, bytes, kept, is_known })
    }
}

fn tag(bytes: &[u8]) -> Option<HeaderValue> {
    let mut tag = "\"".to_owned();
    for byte in digest(&SHA256, bytes).as_ref().iter().take(16) {
        // Writing to a String does not fail.
        let _ = write!(tag, "{byte:02x}");
    }
    HeaderValue::from_str(&(tag + "\"")).ok()
}

impl IntoResponse for Picture {
    fn into_response(self) -> Response {
        let tag = tag(&self.bytes);
        let mut response = if self.is_known {
            Response::builder().status(StatusCode::NOT_MODIFIED).finish()
        } else {
            Response::builder().content_type(self.content_type).body(self.bytes)
        };
        let headers = response.headers_mut();
        // The same address has another picture for another caller.
        headers.insert(header::VARY, HeaderValue::from_static("Authorization, Cookie"));
        headers.insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; sandbox"),
        );
        let cached = format!("private, max-age={}", self.kept.as_secs());
        for (name, value) in
            [(header::CACHE_CONTROL, HeaderValue::from_str(&cached).ok()), (header::ETAG, tag)]
        {
            if let Some(value) = value {
                headers.insert(name, value);
            }
        }
        response
    }
}

impl ApiResponse for Picture {
    fn meta() -> MetaResponses {
        let image = |content_type| MetaMediaType {
            content_type,
            schema: MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format("string", "binary"))),
        };
        let header = |name: &str, description: &str| MetaHeader {
            name: name.to_owned(),
            description: Some(description.to_owned()),
            required: true,
            deprecated: false,
            schema: MetaSchemaRef::Inline(Box::new(MetaSchema::new("string"))),
        };
        let headers = || {
            vec![
                header("Cache-Control", "`private`, and for how long."),
                header("ETag", "Changes with the picture; for `If-None-Match`."),
            ]
        };
        let response = |status, description, content| MetaResponse {
            description,
            status: Some(status),
            status_range: None,
            content,
            headers: headers(),
        };
        let kinds = ["image/gif", "image/jpeg", "image/png", "image/svg+xml", "image/webp"];
        MetaResponses {
            responses: vec![
                response(200, "The picture.", kinds.into_iter().map(image).collect()),
                response(304, "`If-None-Match` has the present `ETag`.", Vec::new()),
            ],
        }
    }

    fn register(_registry: &mut Registry) {}
}
