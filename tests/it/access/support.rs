//! What the tests of access share.

use std::{
    io,
    sync::{Arc, Mutex},
};

use tests::{Actor, Response, TestApp};
use tokio::task::JoinSet;
use tracing::{level_filters::LevelFilter, subscriber::DefaultGuard};

pub(crate) const ME: &str = "/api/auth/me";

/// Everything that is logged on this thread, down to the last detail, until it is dropped.
pub(crate) struct Logs {
    written: Arc<Mutex<Vec<u8>>>,
    _guard: DefaultGuard,
}

struct Writer(Arc<Mutex<Vec<u8>>>);

impl Logs {
    pub(crate) fn capture() -> Self {
        let written = Arc::<Mutex<Vec<u8>>>::default();
        let buffer = Arc::clone(&written);
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(LevelFilter::TRACE)
            .with_ansi(false)
            .with_writer(move || Writer(Arc::clone(&buffer)))
            .finish();
        Self { written, _guard: tracing::subscriber::set_default(subscriber) }
    }

    /// What was logged since the last time.
    pub(crate) fn take(&self) -> String {
        let written = std::mem::take(&mut *self.written.lock().expect("no test panics while it logs"));
        String::from_utf8_lossy(&written).into_owned()
    }
}

impl io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no test panics while it logs").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Lets all of them ask who they are at once.
pub(crate) async fn all_at_once(actors: Vec<Actor>) -> Vec<Response> {
    let mut requests = JoinSet::new();
    for actor in actors {
        requests.spawn(async move { actor.get(ME).await });
    }
    requests.join_all().await
}

/// How often events of a name were recorded.
pub(crate) async fn recorded(app: &TestApp, event: &str) -> i64 {
    app.database.count(&format!("SELECT count(*) FROM events WHERE name = '{event}'")).await
}

/// How many rows a table has.
pub(crate) async fn rows(app: &TestApp, table: &str) -> i64 {
    app.database.count(&format!("SELECT count(*) FROM {table}")).await
}

/// The membership's id of whoever it is.
pub(crate) async fn id_of(actor: &Actor) -> String {
    actor.get(ME).await.expect(200).text_at("/data/id")
}

/// The roles of whoever it is.
pub(crate) async fn roles_of(actor: &Actor) -> serde_json::Value {
    actor.get(ME).await.expect(200).at("/data/roles")
}
