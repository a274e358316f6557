//! The real binary, in a process of its own and on the real clock.

use std::{
    fs::File,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use poem::{Endpoint, EndpointExt, Request, Response, endpoint::BoxEndpoint, http::StatusCode};

use crate::{Actor, Browser, TestApp};

/// How long a process may take to do what is waited for.
pub const PATIENCE: Duration = Duration::from_mins(10);

/// The byte of the index of SQLite's WAL that whoever writes has locked.
const WAL_WRITE_LOCK: u64 = 120;

/// A process of `tenantry`, which is killed when the value is dropped.
pub struct Process {
    child: Child,
    folder: tempfile::TempDir,
}

/// The binary that the workspace's build puts beside the tests.
fn tenantry() -> PathBuf {
    let tests = std::env::current_exe().expect("a test has a path");
    let folder = tests.parent().and_then(|deps| deps.parent()).expect("it is in target/debug/deps");
    let binary = folder.join("tenantry");
    assert!(binary.exists(), "{} is not there; build the workspace first", binary.display());
    binary
}

impl TestApp {
    /// Starts `tenantry` with arguments, with the settings of this service but for those that are given.
    pub fn process(&self, arguments: &[&str], settings: &[(&str, &str)]) -> Process {
        let folder = tempfile::tempdir().expect("a folder for the process");
        let file = |name: &str| File::create(folder.path().join(name)).expect("a file for what it says");
        let child = Command::new(tenantry())
            .args(arguments)
            .env_clear()
            .envs(&self.settings)
            .envs(settings.iter().copied())
            .stdout(file("stdout"))
            .stderr(file("stderr"))
            .stdin(Stdio::null())
            .spawn()
            .expect("it starts");
        Process { child, folder }
    }

    /// Starts `tenantry serve` on a port of its own, and waits until it listens. Its clock is the real one, which that
    /// of the test should be near ([`TestApp::keep_time`]).
    pub async fn serve(&self, settings: &[(&str, &str)]) -> Served {
        let defaults = [("PORT", "0"), ("LOG_LEVEL", "info"), ("LOG_FORMAT", "json")];
        let settings: Vec<_> = defaults.into_iter().chain(settings.iter().copied()).collect();
        let process = self.process(&["serve", "--no-workers"], &settings);
        let line = process.said("stderr", "\"address\":\"").await;
        let address = line.split("\"address\":\"").nth(1).and_then(|rest| rest.split('"').next());
        let url = format!("http://{}", address.expect("where it listens"));
        let answers = Arc::default();
        let endpoint = Arc::new(Forward::new(url.clone(), Arc::clone(&answers)).boxed());
        Served { process, url, endpoint, answers, emulator: Arc::clone(&self.emulator) }
    }
}

impl Process {
    /// Whether it is in a transaction that writes to a file of SQLite in WAL mode: it has the lock on the byte that stands for
    /// that (SQLite, "WAL-mode File Format", §2.3), as the kernel's list of locks shows.
    pub fn is_writing(&self, database: &Path) -> bool {
        let mut index = database.as_os_str().to_owned();
        index.push("-shm");
        let Ok(index) = std::fs::metadata(index) else { return false };
        let locks = std::fs::read_to_string("/proc/locks").expect("the kernel lists locks");
        let pid = self.child.id().to_string();
        locks.lines().any(|line| {
            // Such as `1: POSIX ADVISORY WRITE 4242 08:01:131073 120 120`.
            let fields: Vec<_> = line.split_ascii_whitespace().collect();
            let [_, _, _, "WRITE", owner, file, first, last] = fields[..] else { return false };
            let is_of_file = file.rsplit(':').next() == Some(index.ino().to_string().as_str());
            let covers = |byte: u64| {
                first.parse().is_ok_and(|first: u64| first <= byte)
                    && (last == "EOF" || last.parse().is_ok_and(|last: u64| byte <= last))
            };
            owner == pid && is_of_file && covers(WAL_WRITE_LOCK)
        })
    }

    /// Whether it has not ended: one that has is a zombie, since nobody has waited for it.
    fn runs(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        stat.rsplit_once(')').is_some_and(|(_, fields)| !fields.trim_start().starts_with('Z'))
    }

    /// Ends it at once, as `kill -9` does.
    pub fn kill(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it is dead");
    }

    /// What it has written so far to `stdout` or `stderr`.
    pub fn text(&self, stream: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(stream)).expect("what it says is text")
    }

    /// Waits until it has written a line with this in it.
    pub async fn said(&self, stream: &str, what: &str) -> String {
        let line = async {
            loop {
                let text = self.text(stream);
                // A line that is not whole yet has no end.
                let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
                if let Some(line) = whole.lines().find(|line| line.contains(what)) {
                    return line.to_owned();
                }
                assert!(self.runs(), "it ended before it said {what}: {text}{}", self.text("stderr"));
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let line = tokio::time::timeout(PATIENCE, line).await;
        line.unwrap_or_else(|_| panic!("it never said {what}: {}", self.text(stream)))
    }

    /// Waits until it ends by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        let ended = async {
            loop {
                if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                    return status;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, ended).await.expect("it ends")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A service in a process of its own.
pub struct Served {
    pub process: Process,
    pub url: String,
    endpoint: Arc<BoxEndpoint<'static, Response>>,
    answers: Arc<Mutex<Vec<Answer>>>,
    emulator: Arc<emulator::Emulator>,
}

/// What a process answered, and to what.
#[derive(Clone, Debug)]
pub struct Answer {
    pub method: String,
    /// With the query.
    pub path: String,
    pub status: u16,
    /// Names and values of its headers.
    pub head: String,
    /// As text, whatever it is.
    pub body: String,
}

impl Served {
    /// Whoever holds a token, good or bad. An answer that never comes is `502`.
    pub fn token(&self, token: &str) -> Actor {
        Actor::new(Arc::clone(&self.endpoint), Some(token.to_owned()))
    }

    /// Nobody in particular.
    pub fn anonymous(&self) -> Actor {
        Actor::new(Arc::clone(&self.endpoint), None)
    }

    /// A browser in which nobody is signed in yet.
    pub fn browser(&self) -> Browser {
        Browser::new(Arc::clone(&self.endpoint), &self.emulator)
    }

    /// Everything that it has answered so far.
    pub fn answers(&self) -> Vec<Answer> {
        self.answers.lock().expect("no test panics while it holds them").clone()
    }
}

/// Passes requests on to a process.
struct Forward {
    url: String,
    client: reqwest::Client,
    answers: Arc<Mutex<Vec<Answer>>>,
}

impl Forward {
    #[expect(clippy::disallowed_methods, reason = "a client of the tests, for this machine")]
    fn new(url: String, answers: Arc<Mutex<Vec<Answer>>>) -> Self {
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        Self { url, client: client.build().expect("a client can be made"), answers }
    }
}

impl Endpoint for Forward {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let (parts, body) = request.into_parts();
        let body = body.into_vec().await?;
        let url = format!("{}{}", self.url, parts.uri);
        let asked =
            self.client.request(parts.method.clone(), url).headers(parts.headers).body(body).send().await;
        let Ok(answer) = asked else { return Ok(StatusCode::BAD_GATEWAY.into()) };
        let (status, headers) = (answer.status(), answer.headers().clone());
        let Ok(body) = answer.bytes().await else { return Ok(StatusCode::BAD_GATEWAY.into()) };
        let head = headers
            .iter()
            .map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())));
        self.answers.lock().expect("no test panics while it holds them").push(Answer {
            method: parts.method.to_string(),
            path: parts.uri.to_string(),
            status: status.as_u16(),
            head: head.collect(),
            body: String::from_utf8_lossy(&body).into_owned(),
        });
        let mut response = Response::builder().status(status).body(body);
        *response.headers_mut() = headers;
        Ok(response)
    }
}
