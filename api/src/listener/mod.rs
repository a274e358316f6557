//! Where connections come in: our own accept loop over hyper, because the framework's gives hyper no timer and sets
//! no limit on heads. HTTP/1.1, and HTTP/2 by prior knowledge, on one port.
//!
//! What a reader would get wrong: what the HTTP parser refuses before there is a request (a malformed or over-long
//! head, a client that never finishes one) has hyper's bare `400` or `431`, or just ends. Only what becomes a request
//! gets the envelope.

mod activity;
mod connection;
mod deadline;
mod files;
mod limits;

use std::{future::Future, io, net::SocketAddr, sync::Arc, time::Duration};

use poem::{Endpoint, Response};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
};

use self::connection::{Connections, Phase};
pub(crate) use self::deadline::Deadline;
pub use self::{files::raise_open_files, limits::Limits};

/// How long the loop rests when the system has no room for another connection; doubled until the longest.
const REST: Duration = Duration::from_millis(50);
const LONGEST_REST: Duration = Duration::from_secs(1);

/// A bound port.
pub struct Listener {
    socket: TcpListener,
    limits: Limits,
}

impl Listener {
    /// Binds the address. Nothing is accepted before [`Listener::run`].
    pub async fn bind(address: SocketAddr, limits: Limits) -> io::Result<Self> {
        Ok(Self { socket: TcpListener::bind(address).await?, limits })
    }

    /// The address, with the port that was taken where any was asked for.
    pub fn local_address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Serves until it is asked to end, then accepts no more and lets what runs finish, for a bounded time.
    pub async fn run<E>(self, endpoint: Arc<E>, asked_to_end: impl Future<Output = ()>)
    where
        E: Endpoint<Output = Response> + 'static,
    {
        let places = Arc::new(Semaphore::new(self.limits.connections as usize));
        let (phase, _) = watch::channel(Phase::Serving);
        let connections = Arc::new(Connections::new(endpoint, self.limits));
        tokio::pin!(asked_to_end);
        let mut rest = REST;
        loop {
            // A place first: who finds none waits in the system's queue and costs nothing here.
            let accepted = tokio::select! {
                biased;
                () = &mut asked_to_end => break,
                accepted = accept(&self.socket, &places) => accepted,
            };
            match accepted {
                Ok((stream, peer, place)) => {
                    rest = REST;
                    let connection = Arc::clone(&connections).serve(stream, peer, phase.subscribe());
                    tokio::spawn(async move {
                        connection.await;
                        drop(place);
                    });
                }
                // It went away between the queue and us.
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, rest_ms = rest.as_millis(), "no connection could be accepted");
                    tokio::select! {
                        () = &mut asked_to_end => break,
                        () = tokio::time::sleep(rest) => rest = (rest * 2).min(LONGEST_REST),
                    }
                }
            }
        }
        // The port is free for whoever comes next; what waits in the queue is told so.
        drop(self.socket);
        drain(&places, &phase, &self.limits).await;
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

/// Lets requests finish; what takes too long is cut.
async fn drain(places: &Semaphore, phase: &watch::Sender<Phase>, limits: &Limits) {
    phase.send_replace(Phase::Draining);
    let all_places = limits.connections;
    if tokio::time::timeout(limits.drain, places.acquire_many(all_places)).await.is_ok() {
        return;
    }
    let left = (all_places as usize).saturating_sub(places.available_permits());
    tracing::warn!(connections = left, "requests that were still running are cut");
    phase.send_replace(Phase::Over);
    let _ = tokio::time::timeout(Duration::from_secs(1), places.acquire_many(all_places)).await;
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
