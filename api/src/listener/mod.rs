//! Where connections come in: our own accept loop over hyper, because the framework's gives hyper no timer and sets
//! no limit on heads. HTTP/1.1, and HTTP/2 by prior knowledge, on one port.
//!
//! What a reader would get wrong: what the HTTP parser refuses before there is a request (a malformed or over-long
//! head, a client that never finishes one) has hyper's bare `400` or `431`, or just ends. Only what becomes a request
//! gets the envelope.

mod activity;
mod addresses;
mod connection;
mod deadline;
mod files;
mod limits;

use std::{future::Future, io, net::SocketAddr, sync::Arc, time::Duration};

use poem::{Endpoint, Response};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::Instant,
};

use ipnet::IpNet;

pub(crate) use self::deadline::RequestLimit;
use self::{
    addresses::Addresses,
    connection::{Connections, Phase},
};
pub use self::{files::raise_open_files, limits::Limits};

/// How long the loop rests when the system has no room for another connection; doubled until the longest.
const REST: Duration = Duration::from_millis(50);
const LONGEST_REST: Duration = Duration::from_secs(1);

/// Connections that are taken while what runs finishes, mostly of those who ask whether the process is ready.
const LATE_CONNECTIONS: u32 = 256;

/// A bound port.
pub struct Listener {
    socket: TcpListener,
    limits: Limits,
    trusted_proxies: Arc<[IpNet]>,
}

impl Listener {
    /// Binds the address. Nothing is accepted before [`Listener::run`].
    pub async fn bind(address: SocketAddr, limits: Limits) -> io::Result<Self> {
        Ok(Self { socket: TcpListener::bind(address).await?, limits, trusted_proxies: Arc::default() })
    }

    /// Proxies behind which others stand, so that theirs may be any share of the connections.
    #[must_use]
    pub fn behind(self, trusted_proxies: Arc<[IpNet]>) -> Self {
        Self { trusted_proxies, ..self }
    }

    /// The address, with the port that was taken where any was asked for.
    pub fn local_address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Serves until it is asked to end, then lets what runs finish, for a bounded time. As long as something runs,
    /// new connections are taken for one request each: who asks whether the process is ready must be told.
    pub async fn run<E>(self, endpoint: Arc<E>, asked_to_end: impl Future<Output = ()>)
    where
        E: Endpoint<Output = Response> + 'static,
    {
        let (phase, _) = watch::channel(Phase::Serving);
        let connections = Arc::new(Connections::new(endpoint, self.limits));
        let addresses = Arc::new(Addresses::new(self.limits.connections_per_address, self.trusted_proxies));
        let (socket, is_late) = (self.socket, false);
        let mut accepting = Accepting { socket, connections, addresses, phase, is_late };

        let places = Arc::new(Semaphore::new(self.limits.connections as usize));
        accepting.until(asked_to_end, &places).await;

        let late = Arc::new(Semaphore::new(LATE_CONNECTIONS as usize));
        accepting.is_late = true;
        accepting.phase.send_replace(Phase::Draining);
        let end = Instant::now() + self.limits.drain;
        let all = [(&places, self.limits.connections), (&late, LATE_CONNECTIONS)];
        let finished = async {
            let _ = tokio::time::timeout_at(end, places.acquire_many(self.limits.connections)).await;
        };
        accepting.until(finished, &late).await;

        // The port is free for whoever comes next; what waits in the queue is told so.
        let Accepting { socket, phase, .. } = accepting;
        drop(socket);
        phase.send_replace(Phase::Draining);
        if tokio::time::timeout_at(end, ended(all)).await.is_ok() {
            return;
        }
        let left: usize =
            all.iter().map(|(places, all)| (*all as usize).saturating_sub(places.available_permits())).sum();
        tracing::warn!(connections = left, "requests that were still running are cut");
        phase.send_replace(Phase::Over);
        let _ = tokio::time::timeout(Duration::from_secs(1), ended(all)).await;
    }
}

/// Waits until all places are free again.
async fn ended(all: [(&Arc<Semaphore>, u32); 2]) {
    for (places, count) in all {
        let _ = places.acquire_many(count).await;
    }
}

/// What takes connections.
struct Accepting<E> {
    socket: TcpListener,
    connections: Arc<Connections<E>>,
    addresses: Arc<Addresses>,
    phase: watch::Sender<Phase>,
    /// Whether the process ends.
    is_late: bool,
}

impl<E: Endpoint<Output = Response> + 'static> Accepting<E> {
    /// Takes connections for as long as there are places, until something has happened.
    async fn until(&self, end: impl Future<Output = ()>, places: &Arc<Semaphore>) {
        tokio::pin!(end);
        let mut rest = REST;
        loop {
            // A place first: who finds none waits in the system's queue and costs nothing here.
            let accepted = tokio::select! {
                biased;
                () = &mut end => return,
                accepted = accept(&self.socket, places) => accepted,
            };
            match accepted {
                Ok((stream, peer, place)) => {
                    rest = REST;
                    // Who has too many already finds this one closed.
                    let Some(counted) = self.addresses.count(peer.ip()) else { continue };
                    let phase = self.phase.subscribe();
                    let connection = Arc::clone(&self.connections).serve(stream, peer, phase, self.is_late);
                    tokio::spawn(async move {
                        connection.await;
                        drop((place, counted));
                    });
                }
                // It went away between the queue and us.
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, rest_ms = rest.as_millis(), "no connection could be accepted");
                    tokio::select! {
                        () = &mut end => return,
                        () = tokio::time::sleep(rest) => rest = (rest * 2).min(LONGEST_REST),
                    }
                }
            }
        }
    }
}

async fn accept(
    socket: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, peer) = socket.accept().await?;
    // Answers are written whole; waiting for more to send only delays them.
    let _ = stream.set_nodelay(true);
    Ok((stream, peer, place))
}

/// Errors of `accept` that say something about one connection and nothing about the next.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_concerns_the_next_connection_too_makes_the_loop_rest() {
        assert!(is_of_one_connection(&io::Error::from(io::ErrorKind::ConnectionAborted)));
        let no_more_files = io::Error::from_raw_os_error(24);
        assert!(!is_of_one_connection(&no_more_files), "EMFILE");
    }
}
