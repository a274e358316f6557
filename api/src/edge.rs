//! What happens around every request: who may call from where and how often, its id, the envelope of its errors, the
//! headers of its answer, the line in the log.
//!
//! It is one endpoint that goes from step to step, so that their order stands in one place.

mod steps;

use std::{
    any::Any,
    future::poll_fn,
    net::IpAddr,
    panic::AssertUnwindSafe,
    pin::pin,
    sync::{Arc, LazyLock},
    time::Instant,
};

use domain::{access::Origin, id::Ids};
use futures_util::FutureExt;
use ipnet::IpNet;
use poem::{
    Endpoint, Request, Response,
    error::NotFoundError,
    http::{HeaderValue, Method, StatusCode, Uri, header},
};
use tracing::field;

pub(crate) use self::steps::{MAX_BODY_BYTES, USUAL_HEADERS};
use crate::{
    compression::Compression,
    config::Config,
    console::{self, Console},
    context::{RequestContext, Services},
    cors::{Origins, Reader},
    error::ApiError,
    http::PathMethods,
    listener::RequestLimit,
    metrics,
    rate_limit::{self, Meter, RateLimits},
    routes::Routes,
};

/// The edge of one service, with all that is behind it.
pub(crate) struct Edge {
    routes: Routes,
    console: Console,
    services: Arc<Services>,
    limits: Arc<RateLimits>,
    origins: Origins,
    ids: Ids,
    trusted_proxies: Arc<[IpNet]>,
    methods: LazyLock<PathMethods>,
    counted: metrics::Requests,
}

/// What is behind the edge.
pub(crate) struct Behind {
    pub routes: Routes,
    pub console: Console,
    pub services: Services,
    pub limits: Arc<RateLimits>,
    /// Of requests: unique, and no secrets.
    pub ids: Ids,
    /// The methods that each path has.
    pub methods: fn() -> PathMethods,
}

/// What the answer needs of a request that is gone by then.
struct Asked {
    method: Method,
    uri: Uri,
    if_none_match: Option<HeaderValue>,
    compression: Compression,
    reader: Reader,
}

impl Edge {
    pub(crate) fn new(config: &Config, behind: Behind) -> Self {
        let Behind { routes, console, services, limits, ids, methods } = behind;
        Self {
            routes,
            console,
            services: Arc::new(services),
            limits,
            origins: Origins::new(&config.http.cors_origins),
            ids,
            trusted_proxies: config.process.trusted_proxies.clone().into(),
            methods: LazyLock::new(methods),
            counted: metrics::Requests::default(),
        }
    }

    fn context(&self, request: &Request) -> RequestContext {
        let request_id = steps::request_id(request.headers(), &self.ids);
        let peer = request.remote_addr().as_socket_addr().map(std::net::SocketAddr::ip);
        let ip =
            peer.map(|peer: IpAddr| steps::client_address(peer, request.headers(), &self.trusted_proxies));
        let span = tracing::info_span!(
            "request",
            request.id = request_id,
            org.id = field::Empty,
            user.id = field::Empty,
        );
        RequestContext {
            span,
            origin: Origin { request_id, ip },
            meter: Meter::new(Arc::clone(&self.limits)),
            services: Arc::clone(&self.services),
        }
    }

    /// What the service answers, or refuses.
    async fn answer(&self, mut request: Request) -> poem::Result<Response> {
        steps::check(&request)?;
        rate_limit::take_address(&mut request).await?;
        if let Some(answer) = self.origins.preflight(&request) {
            return answer.map_err(Into::into);
        }
        let page = console::Asked::of(&request);
        let limit = RequestLimit::of(&request);
        let answer = pin!(self.routes.call(request));
        let result = match limit {
            Some(limit) => limit.keep(answer).await,
            None => answer.await,
        };
        match (&result, page) {
            (Err(error), Some(page)) if error.is::<NotFoundError>() => {
                self.console.answer(&page).map_or(result, Ok)
            }
            _ => result,
        }
    }

    /// The answer as it is sent; the line in the log is written here.
    fn finish(
        &self,
        result: Result<poem::Result<Response>, Box<dyn Any + Send>>,
        asked: Asked,
        context: &RequestContext,
        started: Instant,
    ) -> Response {
        let span = &context.span;
        let Asked { method, uri, if_none_match, compression, reader } = asked;
        let request_id = &context.origin.request_id;
        let operation = result.as_ref().map_or("none", metrics::operation);
        // An answer that is passed on says itself what may be done there.
        let is_refused = !matches!(result, Ok(Ok(_)));
        let mut response = match result {
            Ok(Ok(response)) => steps::not_modified(&method, if_none_match, response),
            Ok(Err(error)) => steps::refuse(error, request_id, span),
            Err(_panic) => {
                span.in_scope(|| tracing::error!("the handler panicked"));
                ApiError::internal("panic").into_envelope(request_id)
            }
        };
        let status = response.status();
        if is_refused && status == StatusCode::METHOD_NOT_ALLOWED {
            response.headers_mut().insert(header::ALLOW, self.methods.of(uri.path()));
        }
        steps::set_headers(response.headers_mut(), request_id);
        let took = started.elapsed();
        self.counted.count(&method, operation, status, took);
        tracing::info!(
            parent: span,
            http.method = method.as_str(),
            http.path = uri.path(),
            http.status = status.as_u16(),
            duration_ms = took.as_secs_f64() * 1000.0,
            "request"
        );
        context.meter.write(response.headers_mut());
        let mut response = compression.apply(response);
        reader.allow(response.headers_mut());
        response
    }
}

impl Endpoint for Edge {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let context = Arc::new(self.context(&request));
        let asked = Asked {
            method: request.method().clone(),
            uri: request.uri().clone(),
            if_none_match: request.headers().get(header::IF_NONE_MATCH).cloned(),
            compression: Compression::of(&request),
            reader: self.origins.reader(request.headers()),
        };
        request.extensions_mut().insert(Arc::clone(&context));
        let started = Instant::now();
        // Pinned here: by value it would be moved into each of what is put around it.
        let mut answer = pin!(AssertUnwindSafe(self.answer(request)).catch_unwind());
        let result = poll_fn(|cx| context.span.in_scope(|| answer.as_mut().poll(cx))).await;
        Ok(self.finish(result, asked, &context, started))
    }
}
