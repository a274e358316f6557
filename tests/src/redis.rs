//! A Redis of a test's own.

use std::{net::TcpListener, time::Duration};

use tokio::{
    net::TcpStream,
    process::{Child, Command},
};

/// A Redis that lives as long as the test.
pub struct Redis {
    process: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Redis {
    /// `None` where it is not installed, which is said.
    #[expect(clippy::print_stderr, reason = "the log of the run shows what was left out")]
    pub async fn start() -> Option<Self> {
        let redis = Self::start_at(None).await;
        if redis.is_none() {
            eprintln!("SKIPPED: redis-server is not installed");
        }
        redis
    }

    async fn start_at(port: Option<u16>) -> Option<Self> {
        let free = || TcpListener::bind(("127.0.0.1", 0)).ok()?.local_addr().ok();
        let port = port.or_else(|| free().map(|address| address.port()))?;
        let folder = tempfile::tempdir().ok()?;
        let process = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port", &port.to_string()])
            .current_dir(folder.path())
            .stdout(std::process::Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .ok()?;
        for _ in 0..200 {
            if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return Some(Self { process, port, _folder: folder });
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        None
    }

    /// What `REDIS_URL` is set to.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Ends it, at once.
    pub async fn kill(&mut self) {
        self.process.kill().await.expect("it was running");
    }

    /// Another one at the same address, once this one has ended; it knows nothing of what was in the first.
    pub async fn again(&self) -> Self {
        Self::start_at(Some(self.port)).await.expect("it starts again")
    }

    /// Sends one command (RESP) and gives the raw answer, to see what is kept and how.
    pub async fn command(&self, words: &[&str]) -> Vec<u8> {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.expect("it listens");
        let parts = words.iter().map(|word| format!("${}\r\n{word}\r\n", word.len()));
        let text = std::iter::once(format!("*{}\r\n", words.len())).chain(parts).collect::<String>();
        stream.write_all(text.as_bytes()).await.expect("it reads");
        let mut answer = vec![0; 64 * 1024];
        let read = stream.read(&mut answer).await.expect("it answers");
        answer.truncate(read);
        answer
    }
}
