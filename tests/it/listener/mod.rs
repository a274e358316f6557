//! Connections as they really come: sockets, slow clients, odd bytes, the end of the process.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what a helper cannot do is the test's failure"
)]

mod limits;
mod protocols;
mod proxies;
mod shutdown;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use api::listener::{Limits, Listener};
use tests::TestApp;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::oneshot,
    task::JoinHandle,
};

/// Longer than anything here takes, so that a test that hangs fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// The service on a port of its own.
struct Server {
    app: Arc<TestApp>,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

/// Limits with which a test need not wait long.
fn short() -> Limits {
    let brief = Duration::from_millis(300);
    Limits { head: brief, body: brief, request: PATIENCE, write: brief, idle: brief, ..Limits::default() }
}

impl Server {
    async fn start(limits: Limits) -> Self {
        Self::of(TestApp::start().await, limits).await
    }

    async fn of(app: TestApp, limits: Limits) -> Self {
        let listener = Listener::bind(([127, 0, 0, 1], 0).into(), limits).await.unwrap();
        let address = listener.local_address().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let app = Arc::new(app);
        let (endpoint, ending) = (Arc::clone(&app.app.endpoint), Arc::clone(&app));
        let asked_to_end = async move {
            let _ = stopped.await;
            ending.app.begin_to_end();
        };
        let task = tokio::spawn(listener.run(endpoint, asked_to_end));
        Self { app, address, stop: Some(stop), task }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// A new connection with these bytes sent.
    async fn send(&self, bytes: &str) -> TcpStream {
        let mut stream = self.connect().await;
        stream.write_all(bytes.as_bytes()).await.unwrap();
        stream
    }

    fn ask_to_end(&mut self) {
        self.stop.take().expect("a server ends once").send(()).unwrap();
    }

    /// The head of a request that makes a taxonomy, with a body of so many bytes to come.
    fn post(&self, length: usize) -> String {
        let token = self.app.user("adele").token.unwrap();
        format!(
            "POST /api/taxonomies HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        )
    }

    async fn is_well(&self) {
        let mut stream =
            self.send("GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await;
        assert!(to_end(&mut stream).await.starts_with("HTTP/1.1 200"));
    }
}

/// All that comes until the connection ends.
async fn to_end(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset after the answer is an end too.
    let _ =
        tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("the connection ends");
    String::from_utf8(bytes).unwrap()
}

/// What comes until it contains a text.
async fn until(stream: &mut TcpStream, text: &str) -> String {
    let mut all = String::new();
    let mut buffer = [0; 4096];
    while !all.contains(text) {
        let read =
            tokio::time::timeout(PATIENCE, stream.read(&mut buffer)).await.expect("an answer").unwrap();
        assert!(read > 0, "the connection ended after {all:?}");
        all.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
    all
}
