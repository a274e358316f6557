//! `/api/proxy/{connectionId}/…`: Microsoft Graph and SharePoint in a connection's name, for automations that never see
//! a token.
//!
//! What a reader would get wrong: what Microsoft answers is passed on, whatever its status. A refusal of ours has the
//! envelope of all errors; one of Microsoft's has Microsoft's own form.

use async_trait::async_trait;
use bytes::Bytes;
use domain::{
    access::Permission,
    connections::{MayUseTokens, Target},
    id::ConnectionId,
    proxy::{
        CredentialProxy, ProxyAnswer, ProxyError, ProxyGraph, ProxyPath, ProxyRequest, ProxySharePoint,
        REQUEST_HEADERS, Upload, UploadBody,
    },
    sharepoint::ContentBody,
};
use futures_util::{Stream, StreamExt, stream};
use poem::{
    Body, IntoResponse, Request, Response,
    http::{HeaderName, HeaderValue, StatusCode, header},
};
use poem_openapi::{
    ApiResponse, OpenApi,
    param::Path,
    registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
};

use crate::{
    auth::KeyCaller,
    compression::NotCompressed,
    edge::MAX_BODY_BYTES,
    error::{ApiError, ErrorCode},
    id::Id,
    openapi::Tag,
};

/// Below it, and nowhere else, bodies may be larger.
pub(crate) const PREFIX: &str = "/api/proxy/";
/// The largest body that is passed on, in bytes.
pub(crate) const MAX_PROXY_BODY_BYTES: usize = 32 * 1024 * 1024;
/// As for files: nothing that comes from there may run as ours.
const POLICY: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";

/// What Microsoft answers.
struct Passed(ProxyAnswer);

/// Requests in a connection's name.
pub(crate) struct ProxyApi {
    pub proxy: CredentialProxy,
}

impl ProxyApi {
    async fn pass<P: MayUseTokens + Permission>(
        &self,
        caller: &KeyCaller<P>,
        id: ConnectionId,
        target: Target,
        request: &Request,
        body: Body,
    ) -> Result<Passed, ApiError> {
        let word = if target == Target::Graph { "graph" } else { "sharepoint" };
        let asked = ProxyRequest {
            method: request.method().as_str().to_owned(),
            path: path(request, word)?,
            headers: headers(request),
            body: upload(request, body).await?,
        };
        Ok(Passed(self.proxy.pass_on(caller, id, target, asked).await?))
    }
}

/// What stands behind the interface's word, as it was written.
fn path(request: &Request, word: &str) -> Result<ProxyPath, ApiError> {
    let uri = request.uri();
    let below = uri.path().strip_prefix(PREFIX).and_then(|rest| rest.split_once('/'));
    let path = below.and_then(|(_, rest)| rest.strip_prefix(word)).unwrap_or_default();
    ProxyPath::parse(path, uri.query()).map_err(|error| ApiError::invalid_field("path", error.to_string()))
}

fn headers(request: &Request) -> Vec<(String, Vec<u8>)> {
    let kept = request.headers().iter().filter(|(name, _)| REQUEST_HEADERS.contains(&name.as_str()));
    kept.map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect()
}

/// What is small is kept, so that it can be sent again. What says beforehand how long it is, is sent as it comes.
async fn upload(request: &Request, body: Body) -> Result<Upload, ApiError> {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    match length.and_then(|text| text.parse::<usize>().ok()) {
        Some(length) if length > MAX_PROXY_BODY_BYTES => Err(too_large()),
        Some(length) if length > MAX_BODY_BYTES => {
            let length = u64::try_from(length).map_err(ApiError::internal)?;
            let pieces = body.into_bytes_stream().boxed();
            Ok(Upload::Streamed { length, body: Box::new(Pieces(pieces)) })
        }
        Some(_) | None => {
            let bytes = body.into_bytes_limit(MAX_BODY_BYTES).await.map_err(|_| too_large())?;
            Ok(if bytes.is_empty() { Upload::Nothing } else { Upload::Whole(bytes) })
        }
    }
}

fn too_large() -> ApiError {
    ApiError::new(
        ErrorCode::PayloadTooLarge,
        "The body is too large, or larger than 1 MiB without a Content-Length",
    )
}

struct Pieces(std::pin::Pin<Box<dyn Stream<Item = std::io::Result<Bytes>> + Send>>);

#[async_trait]
impl UploadBody for Pieces {
    async fn next(&mut self) -> std::io::Result<Option<Bytes>> {
        self.0.next().await.transpose()
    }
}

impl From<ProxyError> for ApiError {
    fn from(error: ProxyError) -> Self {
        match error {
            ProxyError::NotAllowed => {
                Self::new(ErrorCode::Forbidden, "The rules of the API key do not allow this request")
            }
            ProxyError::Token(error) => error.into(),
            ProxyError::Graph(error) => error.into(),
        }
    }
}

#[OpenApi(tag = "Tag::TokenHub")]
impl ProxyApi {
    /// Read from Microsoft Graph
    ///
    /// Sends the request to Microsoft Graph with a token of the connection, and its answer back, whatever its status: only
    /// refusals of this service have its form. Answers that redirect to the bytes of a file are followed. `HEAD` is
    /// asked for as `GET`, without its body.
    #[oai(path = "/api/proxy/:connectionId/graph/*path", method = "get", operation_id = "proxyGraphGet")]
    async fn graph_get(
        &self,
        caller: KeyCaller<ProxyGraph>,
        #[oai(name = "connectionId")] id: Path<Id<ConnectionId>>,
        request: &Request,
        body: Body,
    ) -> Result<Passed, ApiError> {
        self.pass(&caller, id.0.0, Target::Graph, request, body).await
    }

    /// Post to Microsoft Graph
    ///
    /// As `GET`, with a body of 32 MiB at the most; one larger than 1 MiB needs a `Content-Length`.
    #[oai(path = "/api/proxy/:connectionId/graph/*path", method = "post", operation_id = "proxyGraphPost")]
    async fn graph_post(
        &self,
        caller: KeyCaller<ProxyGraph>,
        #[oai(name = "connectionId")] id: Path<Id<ConnectionId>>,
        request: &Request,
        body: Body,
    ) -> Result<Passed, ApiError> {
        self.pass(&caller, id.0.0, Target::Graph, request, body).await
    }

    /// Put to Microsoft Graph
    ///
    /// As `POST`.
    #[oai(path = "/api/proxy/:connectionId/graph/*path", method = "put", operation_id = "proxyGraphPut")]
    async fn graph_put(
        &self,
        caller: KeyCaller<ProxyGraph>,
        #[oai(name = "connectionId")] id: Path<Id<ConnectionId>>,
        request: &Request,
        body: Body,
    ) -> Result<Passed, ApiError> {
        self.pass(&caller, id.0.0, Target::Graph, request, body).await
    }

    /// Patch at Microsoft Graph
    ///
    /// As `POST`.
    #[oai(path = "/api/proxy/:connectionId/graph/*path", method = "patch", operation_id = "proxyGraphPatch")]
    async fn graph_patch(
        &self,
        caller: KeyCaller<ProxyGraph>,
        #[oai(name = "connectionId")] id: Path<Id<ConnectionId>>,
        request: &Request,
        body: Body,
    ) -> Result<Passed, ApiError> {
        self.pass(&caller, id.0.0, Target::Graph, request, body).await
    }

    /// Delete at Microsoft Graph
    ///
    /// As `GET`.
    #[oai(
        path = "/api/proxy/:connectionId/graph/*path",
        method = "delete",
        operation_id = "proxyGraphDelete"
    )]
    async fn graph_delete(
        &self,
        caller: KeyCaller<ProxyGraph>,
        #[oai(name = "connectionId")] id: Path<Id<ConnectionId>>,
        request: &Request,
        body: Body,
    ) -> Result<Passed, ApiError> {
        self.pass(&caller, id.0.0, Target::Graph, request, body).await
    }

    /// Ask what Microsoft Graph offers
    ///
    /// As `GET`: what may be done there is in `Allow`, where Microsoft says it. A preflight of a browser (`Origin` and
    /// `Access-Control-Request-Method`) is answered by this service and never passed on.
    #[oai(
        path = "/api/proxy/:connectionId/graph/*path",
        method = "options",
        operation_id = "proxyGraphOptions"
    )]
    async fn graph_options(
        &self,
        caller: KeyCaller<ProxyGraph>,
        #[oai(name = "connectionId")] id: Path<Id<ConnectionId>>,
        request: &Request,
        body: Body,
    ) -> Result<Passed, ApiError> {
        self.pass(&caller, id.0.0, Target::Graph, request, body).await
    }

    /// Read from SharePoint
    ///
    /// As for Microsoft Graph, at the SharePoint of the account's own tenant: `…/sharepoint/_api/web/lists`.
    #[oai(
        path = "/api/proxy/:connectionId/sharepoint/*path",
        method = "get",
        operation_id = "proxySharePointGet"
    )]
    async fn sharepoint_get(
        &self,
        caller: KeyCaller<ProxySharePoint>,
        #[oai(name = "connectionId")] id: Path<Id<ConnectionId>>,
        request: &Request,
        body: Body,
    ) -> Result<Passed, ApiError> {
        self.pass(&caller, id.0.0, Target::SharePoint, request, body).await
    }

    /// Post to SharePoint
    ///
    /// As for Microsoft Graph.
    #[oai(
        path = "/api/proxy/:connectionId/sharepoint/*path",
        method = "post",
        operation_id = "proxySharePointPost"
    )]
    async fn sharepoint_post(
        &self,
        caller: KeyCaller<ProxySharePoint>,
        #[oai(name = "connectionId")] id: Path<Id<ConnectionId>>,
        request: &Request,
        body: Body,
    ) -> Result<Passed, ApiError> {
        self.pass(&caller, id.0.0, Target::SharePoint, request, body).await
    }

    /// Put to SharePoint
    ///
    /// As for Microsoft Graph.
    #[oai(
        path = "/api/proxy/:connectionId/sharepoint/*path",
        method = "put",
        operation_id = "proxySharePointPut"
    )]
    async fn sharepoint_put(
        &self,
        caller: KeyCaller<ProxySharePoint>,
        #[oai(name = "connectionId")] id: Path<Id<ConnectionId>>,
        request: &Request,
        body: Body,
    ) -> Result<Passed, ApiError> {
        self.pass(&caller, id.0.0, Target::SharePoint, request, body).await
    }

    /// Patch at SharePoint
    ///
    /// As for Microsoft Graph.
    #[oai(
        path = "/api/proxy/:connectionId/sharepoint/*path",
        method = "patch",
        operation_id = "proxySharePointPatch"
    )]
    async fn sharepoint_patch(
        &self,
        caller: KeyCaller<ProxySharePoint>,
        #[oai(name = "connectionId")] id: Path<Id<ConnectionId>>,
        request: &Request,
        body: Body,
    ) -> Result<Passed, ApiError> {
        self.pass(&caller, id.0.0, Target::SharePoint, request, body).await
    }

    /// Delete at SharePoint
    ///
    /// As for Microsoft Graph.
    #[oai(
        path = "/api/proxy/:connectionId/sharepoint/*path",
        method = "delete",
        operation_id = "proxySharePointDelete"
    )]
    async fn sharepoint_delete(
        &self,
        caller: KeyCaller<ProxySharePoint>,
        #[oai(name = "connectionId")] id: Path<Id<ConnectionId>>,
        request: &Request,
        body: Body,
    ) -> Result<Passed, ApiError> {
        self.pass(&caller, id.0.0, Target::SharePoint, request, body).await
    }

    /// Ask what SharePoint offers
    ///
    /// As for Microsoft Graph.
    #[oai(
        path = "/api/proxy/:connectionId/sharepoint/*path",
        method = "options",
        operation_id = "proxySharePointOptions"
    )]
    async fn sharepoint_options(
        &self,
        caller: KeyCaller<ProxySharePoint>,
        #[oai(name = "connectionId")] id: Path<Id<ConnectionId>>,
        request: &Request,
        body: Body,
    ) -> Result<Passed, ApiError> {
        self.pass(&caller, id.0.0, Target::SharePoint, request, body).await
    }
}

/// What breaks off at Microsoft's breaks off at ours: the client sees that it does not have all.
fn passed_body(content: Box<dyn ContentBody>) -> Body {
    let pieces = stream::unfold(Some(content), |content| async move {
        let mut content = content?;
        match content.next().await {
            Ok(Some(piece)) => Some((Ok(piece), Some(content))),
            Ok(None) => None,
            Err(error) => {
                tracing::warn!(%error, "an answer of Microsoft broke off");
                Some((Err(std::io::Error::other(error.to_string())), None))
            }
        }
    });
    Body::from_bytes_stream(pieces)
}

impl IntoResponse for Passed {
    fn into_response(self) -> Response {
        let ProxyAnswer { status, headers, length, body } = self.0;
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
        let mut response = Response::builder().status(status).body(passed_body(body));
        // Its tag and its ranges speak of the bytes as they are.
        response.extensions_mut().insert(NotCompressed);
        let kept = response.headers_mut();
        for (name, value) in headers {
            let header = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(&value));
            if let (Ok(name), Ok(value)) = header {
                kept.append(name, value);
            }
        }
        if let Some(length) = length {
            kept.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
        kept.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        response
    }
}

impl ApiResponse for Passed {
    fn meta() -> MetaResponses {
        let any = MetaMediaType {
            content_type: "*/*",
            schema: MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format("string", "binary"))),
        };
        MetaResponses {
            responses: vec![MetaResponse {
                description: "What Microsoft answers, with its own status and form.",
                status: Some(200),
                status_range: None,
                content: vec![any],
                headers: Vec::new(),
            }],
        }
    }

    fn register(_registry: &mut Registry) {}
}
