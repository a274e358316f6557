//! How much a client may ask for, and how long it may take.

use std::time::Duration;

/// The limits of a [`super::Listener`].
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at a time; more wait in the system's queue.
    pub connections: u32,
    /// Connections at a time from one address; more are closed at once. Those of trusted proxies are not counted.
    pub connections_per_address: u32,
    /// The bytes of a request's head, and of what is buffered for a connection.
    pub head_bytes: u32,
    /// The headers of a request.
    pub headers: usize,
    /// Requests at a time on one HTTP/2 connection.
    pub streams: u32,
    /// From the first byte of a head, or from the connection on, to the head's end.
    pub head: Duration,
    /// Between two pieces of a body.
    pub body: Duration,
    /// From the head to the response.
    pub request: Duration,
    /// How long a client may take nothing of what is written to it.
    pub write: Duration,
    /// Between two requests on one connection. Longer than load balancers keep theirs (60 s), so that it is they who
    /// close, and no request meets a closing connection.
    pub idle: Duration,
    /// How long requests may go on after the process was asked to end.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            connections_per_address: 1_000,
            head_bytes: 32 * 1024,
            headers: 100,
            streams: 100,
            head: Duration::from_secs(10),
            body: Duration::from_secs(10),
            request: Duration::from_secs(30),
            write: Duration::from_secs(30),
            idle: Duration::from_secs(75),
            drain: Duration::from_secs(20),
        }
    }
}

impl Limits {
    /// How often a connection is looked at: a limit is kept to within half of the shortest.
    pub(super) fn tick(&self) -> Duration {
        (self.head.min(self.write).min(self.idle) / 2).max(Duration::from_millis(5))
    }
}
