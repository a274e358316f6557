//! `…/content`: the bytes of a file, passed on as they come.
//!
//! What a reader would get wrong: anybody in a tenant can put a page with a script into a library. It must not run as
//! ours, so that every file is an attachment, of the kind it says it is and no other, in a sandbox.

use std::fmt::Write;

use domain::{
    graph::GraphError,
    sharepoint::{ByteRange, Content, ContentBody, DriveId, DriveItem, ItemId, ItemKind, Read},
};
use futures_util::stream;
use poem::{
    Body, IntoResponse, Request, Response,
    http::{HeaderValue, StatusCode, header},
};
use poem_openapi::{
    ApiResponse, OpenApi,
    param::{Header, Path},
    registry::{MetaHeader, MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
};

use super::{Upstream, id::MsId};
use crate::{auth::Delegated, compression::NotCompressed, error::ApiError, http::is_known, openapi::Tag};

/// Nothing in it may run or load anything, wherever it is shown.
const POLICY: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";

/// A file, a part of it, or that the client has it already.
enum FileContent {
    Sent { item: Box<DriveItem>, content: Content },
    NotModified { tag: HeaderValue },
}

/// The bytes of files that the caller may see.
pub(crate) struct ContentApi(pub Upstream);

#[OpenApi(tag = "Tag::SharePoint")]
impl ContentApi {
    /// Download a file
    ///
    /// The bytes as they are, as an attachment. One range is honored (`Range: bytes=0-1023`), with `If-Range`; the
    /// `ETag` changes with the bytes and may be sent as `If-None-Match`.
    #[oai(
        path = "/api/sharepoint/drives/:driveId/items/:itemId/content",
        method = "get",
        operation_id = "downloadDriveItem"
    )]
    async fn download(
        &self,
        caller: Delegated<Read>,
        #[oai(name = "driveId")] drive: Path<MsId<DriveId>>,
        #[oai(name = "itemId")] item: Path<MsId<ItemId>>,
        /// Which bytes are wanted; several ranges, and other units, count as none.
        #[oai(name = "Range")]
        range: Header<Option<String>>,
        /// An `ETag`: the range counts only while the file has it.
        #[oai(name = "If-Range")]
        if_range: Header<Option<String>>,
        request: &Request,
    ) -> Result<FileContent, ApiError> {
        let (person, drive) = (caller.on_behalf_of(), drive.0.0);
        let item = self.0.sharepoint.item(person, &drive, &item.0.0).await?;
        if !matches!(item.kind, ItemKind::File { .. }) {
            return Err(ApiError::invalid_field("itemId", "is not a file"));
        }
        let tag = tag(&item);
        let known = request.headers().get_all(header::IF_NONE_MATCH);
        if let Some(tag) = tag.clone().filter(|tag| known.iter().any(|known| is_known(known, tag))) {
            return Ok(FileContent::NotModified { tag });
        }
        let still = |wanted: &str| tag.as_ref().is_some_and(|tag| tag.as_bytes() == wanted.trim().as_bytes());
        let range = range.0.as_deref().and_then(ByteRange::parse);
        let range = range.filter(|_| if_range.0.as_deref().is_none_or(still));
        let content = self.0.sharepoint.content(person, &drive, &item.id, range).await?;
        if content.range.is_none() {
            // If the file has changed since, the tag is one that it had; a part by that tag will be another file's.
            return Ok(FileContent::Sent { item: Box::new(item), content });
        }
        // A part under the tag of other bytes would be put together with those.
        let now = self.0.sharepoint.item(person, &drive, &item.id).await?;
        let content = if self::tag(&now) == tag {
            content
        } else {
            // Its place is needed.
            drop(content);
            self.0.sharepoint.content(person, &drive, &item.id, None).await?
        };
        Ok(FileContent::Sent { item: Box::new(now), content })
    }
}

/// The entity tag of a file's bytes: strong, in double quotes whatever Microsoft's looks like.
fn tag(item: &DriveItem) -> Option<HeaderValue> {
    let given = item.content_tag.as_deref().or(item.etag.as_deref())?;
    let plain: String =
        given.chars().filter(|letter| letter.is_ascii_graphic() && !"\"\\,".contains(*letter)).collect();
    (!plain.is_empty()).then(|| HeaderValue::from_str(&format!("\"{plain}\"")).ok())?
}

/// `attachment` with the name: once for everybody and once as it is (RFC 6266 §4.3, RFC 8187).
fn disposition(name: &str) -> String {
    let kept: String = name.chars().filter(|letter| !is_deceptive(*letter)).take(255).collect();
    let plain: String = kept
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() || " -_.()".contains(letter) { letter } else { '_' })
        .collect();
    let mut encoded = String::new();
    for byte in kept.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String does not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

/// What makes a name look like another one, or end a header.
fn is_deceptive(letter: char) -> bool {
    letter.is_control()
        || "/\\".contains(letter)
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The kind that Microsoft gives a file, where it has the form of one.
fn kind(content_type: Option<&str>) -> HeaderValue {
    let token = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    let is_kind = |text: &&str| {
        let essence = text.split(';').next().unwrap_or_default().trim();
        essence.split_once('/').is_some_and(|(kind, subtype)| token(kind) && token(subtype))
    };
    content_type
        .filter(is_kind)
        .and_then(|text| HeaderValue::from_str(text).ok())
        .unwrap_or(HeaderValue::from_static("application/octet-stream"))
}

/// The pieces of a body as the framework takes them. What breaks off at Microsoft's breaks off at ours: the client sees
/// that it does not have all.
fn body(content: Box<dyn ContentBody>) -> Body {
    let pieces = stream::unfold(Some(content), |content| async move {
        let mut content = content?;
        match content.next().await {
            Ok(Some(piece)) => Some((Ok(piece), Some(content))),
            Ok(None) => None,
            Err(error) => {
                tracing::warn!(%error, "a download broke off");
                Some((Err(broken(&error)), None))
            }
        }
    });
    Body::from_bytes_stream(pieces)
}

fn broken(error: &GraphError) -> std::io::Error {
    std::io::Error::other(error.to_string())
}

impl IntoResponse for FileContent {
    fn into_response(self) -> Response {
        let (item, content) = match self {
            Self::Sent { item, content } => (item, content),
            Self::NotModified { tag } => {
                return Response::builder()
                    .status(StatusCode::NOT_MODIFIED)
                    .header(header::ETAG, tag)
                    .finish();
            }
        };
        let range = content.range.and_then(|place| HeaderValue::try_from(place.header()).ok());
        let status = if content.range.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
        let mut response = Response::builder().status(status).body(body(content.body));
        // A file says how long it is; compressing it would not be what its tag and its ranges speak of.
        response.extensions_mut().insert(NotCompressed);
        let headers = response.headers_mut();
        let disposition = disposition(item.name.as_deref().unwrap_or("download"));
        headers.insert(header::CONTENT_TYPE, kind(content.content_type.as_deref()));
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        let optional = [
            (header::CONTENT_DISPOSITION, HeaderValue::from_str(&disposition).ok()),
            (header::CONTENT_LENGTH, content.length.map(HeaderValue::from)),
            (header::CONTENT_RANGE, range),
            (header::ETAG, tag(&item)),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                headers.insert(name, value);
            }
        }
        response
    }
}

impl ApiResponse for FileContent {
    fn meta() -> MetaResponses {
        let binary = || MetaMediaType {
            content_type: "*/*",
            schema: MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format("string", "binary"))),
        };
        let header = |name: &str, description: &str, required| MetaHeader {
            name: name.to_owned(),
            description: Some(description.to_owned()),
            required,
            deprecated: false,
            schema: MetaSchemaRef::Inline(Box::new(MetaSchema::new("string"))),
        };
        let of_all = || {
            vec![
                header("Content-Disposition", "`attachment`, with the file's name.", true),
                header("ETag", "Changes with the bytes; for `If-None-Match` and `If-Range`.", false),
                header("Accept-Ranges", "`bytes`.", true),
            ]
        };
        let response = |status, description, content, headers| MetaResponse {
            description,
            status: Some(status),
            status_range: None,
            content,
            headers,
        };
        let mut of_part = of_all();
        of_part.push(header("Content-Range", "Where the part lies in the file.", true));
        let tag = vec![header("ETag", "The one that was sent.", true)];
        MetaResponses {
            responses: vec![
                response(200, "The file, with its own `Content-Type`.", vec![binary()], of_all()),
                response(206, "The part that was asked for.", vec![binary()], of_part),
                response(304, "`If-None-Match` has the present `ETag`.", Vec::new(), tag),
            ],
        }
    }

    fn register(_registry: &mut Registry) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_it_is_and_ends_no_header() {
        assert_eq!(
            disposition("Plan (1).docx"),
            "attachment; filename=\"Plan (1).docx\"; filename*=UTF-8''Plan%20%281%29.docx"
        );
        assert_eq!(
            disposition("Übersicht\".html"),
            "attachment; filename=\"_bersicht_.html\"; filename*=UTF-8''%C3%9Cbersicht%22.html"
        );
        assert_eq!(
            disposition("../etc\r\nX: y/\u{202e}cod.exe"),
            "attachment; filename=\"..etcX_ ycod.exe\"; filename*=UTF-8''..etcX%3A%20ycod.exe"
        );
    }

    #[test]
    fn a_kind_is_a_kind() {
        let kind = |text| kind(Some(text)).to_str().unwrap().to_owned();
        for text in ["text/plain; charset=utf-8", "application/vnd.ms-excel", "image/svg+xml"] {
            assert_eq!(kind(text), text);
        }
        for text in ["", "html", "text/", "/html", "text/html/x", "text html/x", "te<x>t/html"] {
            assert_eq!(kind(text), "application/octet-stream", "{text}");
        }
    }
}
