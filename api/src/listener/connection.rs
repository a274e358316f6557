//! One connection: hyper with its limits, around the endpoint.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use futures_util::StreamExt;
use http_body::Body as _;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use poem::{
    Addr, Body, Endpoint, Request, Response,
    http::{self, uri::Scheme},
    web::{LocalAddr, RemoteAddr},
};
use tokio::{
    net::TcpStream,
    sync::watch,
    time::{Instant, MissedTickBehavior},
};

use super::{
    Limits,
    activity::{Activity, RunningBody, Verdict, Watched},
    deadline::RequestLimit,
};

/// How often an HTTP/2 client is asked whether it is still there, and how long it may take to say so.
const PING_EVERY: Duration = Duration::from_secs(20);
const PING_PATIENCE: Duration = Duration::from_secs(20);
/// What an HTTP/2 client may send before it is read; bodies are small.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 256 * 1024;
const SEND_BUFFER: usize = 64 * 1024;
/// Streams that a client opened and reset again, before it is taken for an attack (CVE-2023-44487).
const RESET_STREAMS: usize = 20;

/// Where in its life the listener is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Serving,
    /// Requests that run may end; connections take no more of them.
    Draining,
    Over,
}

/// What all connections share.
pub(super) struct Connections<E> {
    endpoint: Arc<E>,
    limits: Limits,
    builder: auto::Builder<TokioExecutor>,
    /// For connections that come when the process ends: one request each.
    late: auto::Builder<TokioExecutor>,
}

impl<E: Endpoint<Output = Response> + 'static> Connections<E> {
    pub(super) fn new(endpoint: Arc<E>, limits: Limits) -> Self {
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder
            .http1()
            // `Activity` tells a head that is being sent from a connection that rests, and ends either in time. hyper's
            // own time-out would begin a timer with every request.
            .header_read_timeout(None)
            .max_headers(limits.headers)
            .max_buf_size(limits.head_bytes as usize);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_header_list_size(limits.head_bytes)
            .max_concurrent_streams(limits.streams)
            .max_pending_accept_reset_streams(RESET_STREAMS)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_send_buf_size(SEND_BUFFER)
            .keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(PING_PATIENCE);
        let mut late = builder.clone();
        late.http1().keep_alive(false);
        Self { endpoint, limits, builder, late }
    }

    /// Serves one connection to its end.
    pub(super) async fn serve(
        self: Arc<Self>,
        stream: TcpStream,
        peer: SocketAddr,
        mut phase: watch::Receiver<Phase>,
        is_late: bool,
    ) {
        let activity = Activity::new();
        let local =
            stream.local_addr().map_or_else(|_| LocalAddr::default(), |address| LocalAddr(address.into()));
        let service = service_fn(|request: http::Request<Incoming>| {
            let activity = Arc::clone(&activity);
            let (endpoint, limits, local) = (Arc::clone(&self.endpoint), self.limits, local.clone());
            async move {
                let version = request.version();
                let is_bare = request.body().is_end_stream();
                let running = activity.request(version);
                let request = received(request, local, peer, &limits);
                let response = http::Response::from(endpoint.get_response(request).await);
                // Requests that came together are all worked on before the first of them is answered: each answer wakes
                // whoever waits for it, and once they are awake the next ones cost less. Not where a body may not have been
                // read to its end: hyper would see that before the answer, and say that the connection closes.
                if is_bare {
                    tokio::task::yield_now().await;
                }
                Ok::<_, Infallible>(response.map(|body| RunningBody::new(body, running, version)))
            }
        });
        let io = TokioIo::new(Watched::new(stream, Arc::clone(&activity)));
        let builder = if is_late { &self.late } else { &self.builder };
        let connection = builder.serve_connection(io, service);
        tokio::pin!(connection);
        let tick = self.limits.tick();
        let mut looks = tokio::time::interval_at(Instant::now() + tick, tick);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut is_ending = false;
        loop {
            tokio::select! {
                // In this order: it is nearly always the connection that has something to do.
                biased;
                ended = connection.as_mut() => {
                    if let Err(error) = ended {
                        // Its client's doing, mostly; who floods us must not flood the log.
                        tracing::debug!(%peer, %error, "a connection ended early");
                    }
                    return;
                }
                changed = phase.changed() => match *phase.borrow_and_update() {
                    Phase::Serving if changed.is_ok() => {}
                    Phase::Draining if changed.is_ok() => {
                        is_ending = true;
                        connection.as_mut().graceful_shutdown();
                    }
                    Phase::Serving | Phase::Draining | Phase::Over => return,
                },
                _ = looks.tick() => match activity.verdict(&self.limits, Instant::now()) {
                    Verdict::GoOn => {}
                    Verdict::Idle if !is_ending => {
                        // Says farewell on HTTP/2; a request that is under way now is still served.
                        is_ending = true;
                        connection.as_mut().graceful_shutdown();
                    }
                    Verdict::Idle => return,
                    Verdict::Slow(reason) => {
                        tracing::debug!(%peer, reason, "a slow client is cut");
                        return;
                    }
                },
            }
        }
    }
}

/// The request as the endpoint takes it.
fn received(
    request: http::Request<Incoming>,
    local: LocalAddr,
    peer: SocketAddr,
    limits: &Limits,
) -> Request {
    let has_body = !request.body().is_end_stream();
    let remote = RemoteAddr(Addr::from(peer));
    let mut request = Request::from((request, local, remote, Scheme::HTTP));
    if has_body {
        let body = request.take_body();
        request.set_body(in_time(body, limits.body));
    }
    request.extensions_mut().insert(RequestLimit(limits.request));
    request
}

/// A body whose pieces follow each other in time; the error otherwise is `TimedOut`.
fn in_time(body: Body, limit: Duration) -> Body {
    let pieces = body.into_bytes_stream();
    Body::from_bytes_stream(futures_util::stream::unfold(Some(pieces), move |pieces| async move {
        let mut pieces = pieces?;
        match tokio::time::timeout(limit, pieces.next()).await {
            Ok(Some(piece)) => Some((piece, Some(pieces))),
            Ok(None) => None,
            Err(_) => Some((Err(std::io::ErrorKind::TimedOut.into()), None)),
        }
    }))
}
