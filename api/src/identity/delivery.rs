//! How a client gets its tokens: a browser in cookies, any other in the body, when it asks for that.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use domain::{clock::Clock, id::SessionId, identity::IssuedTokens};
use poem::{IntoResponse, Request, Response, http::HeaderMap};
use poem_openapi::{
    ApiResponse, Object,
    payload::Json,
    registry::{MetaHeader, MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
    types::Type,
};
use secrecy::ExposeSecret;

use crate::{
    auth::{CsrfGuard, SessionCookies},
    compression::NotCompressed,
    http::Data,
};

/// What `X-Auth-Strategy` says when tokens are wanted in the body.
const BEARER: &str = "bearer";

/// Hands out the tokens of sessions.
pub(crate) struct Delivery {
    pub cookies: SessionCookies,
    pub csrf: Arc<CsrfGuard>,
    pub clock: Arc<dyn Clock>,
    /// How long a session goes on without being refreshed.
    pub session_lasts: Duration,
}

impl Delivery {
    /// Gives a browser its cookies, a new CSRF value among them.
    pub(crate) fn give_cookies(&self, response: &mut HeaderMap, issued: &IssuedTokens) {
        let csrf = self.csrf.issue(issued.session);
        self.cookies.give(response, issued, &csrf, self.clock.now());
    }

    /// In the way that the request wants.
    pub(crate) fn deliver(&self, request: &Request, issued: &IssuedTokens) -> Delivered {
        let wants_bearer = request
            .headers()
            .get("x-auth-strategy")
            .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(BEARER.as_bytes()));
        let mut headers = HeaderMap::new();
        let mut tokens = SessionTokensView {
            expires_at: issued.access_expires_at,
            session_expires_at: issued.refresh_expires_at,
            access_token: None,
            refresh_token: None,
        };
        if wants_bearer {
            tokens.access_token = Some(issued.access.expose_secret().to_owned());
            tokens.refresh_token = Some(issued.refresh.expose_secret().to_owned());
        } else {
            self.give_cookies(&mut headers, issued);
        }
        Delivered { tokens, headers }
    }
}

impl Delivery {
    /// The value that the browser has for its session, or a new one with its cookie.
    pub(crate) fn csrf_value(&self, request: &Request, session: Option<SessionId>) -> CsrfValue {
        let mut headers = HeaderMap::new();
        let value = session.map(|session| match SessionCookies::csrf(request.headers()) {
            Some(kept) if self.csrf.is_of(session, kept) => kept.to_owned(),
            _ => {
                let value = self.csrf.issue(session);
                self.cookies.give_csrf(&mut headers, &value, self.session_lasts.as_secs());
                value
            }
        });
        CsrfValue { value, headers }
    }
}

/// A value that shows that a page is one of ours.
#[derive(Debug, Object)]
#[oai(rename_all = "camelCase")]
struct CsrfToken {
    /// To be sent as `X-CSRF-Token`; `null` for a caller without a session, who needs none.
    csrf_token: Option<String>,
}

/// The value, and the cookie that belongs to it.
pub(crate) struct CsrfValue {
    value: Option<String>,
    headers: HeaderMap,
}

impl IntoResponse for CsrfValue {
    fn into_response(self) -> Response {
        let mut response = Json(Data { data: CsrfToken { csrf_token: self.value } }).into_response();
        response.headers_mut().extend(self.headers);
        response.extensions_mut().insert(NotCompressed);
        response
    }
}

impl ApiResponse for CsrfValue {
    fn meta() -> MetaResponses {
        let content =
            MetaMediaType { content_type: "application/json", schema: Data::<CsrfToken>::schema_ref() };
        MetaResponses {
            responses: vec![MetaResponse {
                description: "What was asked for.",
                status: Some(200),
                status_range: None,
                content: vec![content],
                headers: vec![set_cookie("A new `csrf-token`, where there was none.")],
            }],
        }
    }

    fn register(registry: &mut Registry) {
        <Data<CsrfToken> as Type>::register(registry);
    }
}

/// A session that goes on.
#[derive(Object)]
#[oai(rename = "SessionTokens", rename_all = "camelCase")]
pub(crate) struct SessionTokensView {
    /// When the access token expires.
    expires_at: DateTime<Utc>,
    /// When the session expires, unless it is refreshed before.
    session_expires_at: DateTime<Utc>,
    /// Only where `X-Auth-Strategy: bearer` was sent; else it is in a cookie, and `null` here.
    access_token: Option<String>,
    /// The same; the one before is good no more.
    refresh_token: Option<String>,
}

/// Tokens, in the body or in cookies.
pub(crate) struct Delivered {
    tokens: SessionTokensView,
    headers: HeaderMap,
}

/// `Set-Cookie`, as the document describes it.
fn set_cookie(description: &str) -> MetaHeader {
    MetaHeader {
        name: "Set-Cookie".to_owned(),
        description: Some(description.to_owned()),
        required: false,
        deprecated: false,
        schema: MetaSchemaRef::Inline(Box::new(MetaSchema::new("string"))),
    }
}

impl IntoResponse for Delivered {
    fn into_response(self) -> Response {
        let mut response = Json(Data { data: self.tokens }).into_response();
        response.headers_mut().extend(self.headers);
        response.extensions_mut().insert(NotCompressed);
        response
    }
}

impl ApiResponse for Delivered {
    fn meta() -> MetaResponses {
        let content = MetaMediaType {
            content_type: "application/json",
            schema: Data::<SessionTokensView>::schema_ref(),
        };
        MetaResponses {
            responses: vec![MetaResponse {
                description: "The session goes on.",
                status: Some(200),
                status_range: None,
                content: vec![content],
                headers: vec![set_cookie("The tokens, unless they are in the body, and a new `csrf-token`.")],
            }],
        }
    }

    fn register(registry: &mut Registry) {
        <Data<SessionTokensView> as Type>::register(registry);
    }
}

/// `204`, with the cookies taken back.
pub(crate) struct SignedOut(pub HeaderMap);

impl IntoResponse for SignedOut {
    fn into_response(self) -> Response {
        let mut response = poem::http::StatusCode::NO_CONTENT.into_response();
        response.headers_mut().extend(self.0);
        response
    }
}

impl ApiResponse for SignedOut {
    fn meta() -> MetaResponses {
        MetaResponses {
            responses: vec![MetaResponse {
                description: "The session has ended, if there was one.",
                status: Some(204),
                status_range: None,
                content: Vec::new(),
                headers: vec![set_cookie("Takes the session's cookies back.")],
            }],
        }
    }

    fn register(_registry: &mut Registry) {}
}
