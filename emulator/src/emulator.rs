//! An emulator that runs in this process.

use std::{fmt, path::PathBuf, sync::Arc};

use chrono::TimeDelta;
use tokio::{sync::watch, task::JoinHandle};

use crate::{
    clock::{TimeSource, system_time},
    directory::{AccessPolicy, AppPatch, Consent, DirectoryError, UserPatch},
    elsewhere,
    faults::Fault,
    files::{FileChange, FileError},
    journal::Seen,
    keys::Rotation,
    links::Links,
    listening::Listening,
    requests::Endpoint,
    server::{Site, routes},
    start_page::Person,
    tls,
    tokens::{MintError, TokenRequest},
    world::{World, lock},
};

/// The issuer when no https listener is started.
const DEFAULT_ISSUER_BASE: &str = "https://localhost:4143";

/// How an emulator is to run. [`Options::default`] is what tests want: any http port, no https.
pub struct Options {
    /// 0 is any free one.
    pub http_port: u16,
    /// `None`: no https; `Some(0)` any free port.
    pub https_port: Option<u16>,
    /// Of the listener for downloads and links that lead astray; 0 is any free one.
    pub content_port: u16,
    /// Default: the https address, or `https://localhost:4143` when there is none.
    pub issuer_base: Option<String>,
    /// Where the certificate authority is kept. `None`: made for this emulator only.
    pub data_dir: Option<PathBuf>,
    /// What the time is, until it is moved.
    pub clock: TimeSource,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            http_port: 0,
            https_port: None,
            content_port: 0,
            issuer_base: None,
            data_dir: None,
            clock: system_time(),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { http_port, https_port, content_port, issuer_base, data_dir, clock: _ } = self;
        formatter
            .debug_struct("Options")
            .field("http_port", http_port)
            .field("https_port", https_port)
            .field("content_port", content_port)
            .field("issuer_base", issuer_base)
            .field("data_dir", data_dir)
            .finish_non_exhaustive()
    }
}

/// Why an emulator does not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The port is taken, or may not be used.
    #[error("cannot listen on port {port} of localhost: {source}")]
    Listen {
        /// As asked for.
        port: u16,
        /// What the system says.
        source: std::io::Error,
    },
    /// The certificate authority can be neither read nor made.
    #[error("cannot serve https: {0}")]
    Tls(String),
}

/// A running emulator. Dropping it stops it; [`Emulator::shutdown`] also waits.
pub struct Emulator {
    world: Arc<World>,
    http_url: String,
    https_url: Option<String>,
    stop: watch::Sender<bool>,
    servers: Vec<JoinHandle<()>>,
}

impl Emulator {
    /// Starts to listen; when it returns, requests are answered.
    pub async fn start(options: Options) -> Result<Self, Error> {
        // Both cryptographic back-ends may be compiled in: rustls then wants to be told. Whoever was first
        // has told it.
        drop(rustls::crypto::aws_lc_rs::default_provider().install_default());

        let http = Listening::bind("http", options.http_port, None).await?;
        let (https, ca_pem) = match options.https_port {
            None => (None, None),
            Some(port) => {
                let identity = tls::identity(options.data_dir.as_deref())
                    .map_err(|error| Error::Tls(error.to_string()))?;
                (Some(Listening::bind("https", port, Some(&identity)).await?), Some(identity.ca))
            }
        };
        let content = Listening::bind("http", options.content_port, None).await?;
        let plain_url = http.url.clone();
        let https_url = https.as_ref().map(|https| https.url.clone());
        let issuer_base = options
            .issuer_base
            .or_else(|| https_url.clone())
            .unwrap_or_else(|| DEFAULT_ISSUER_BASE.to_owned());
        let issuer_base = issuer_base.trim_end_matches('/').to_owned();

        let world = Arc::new(World::new(issuer_base, content.url.clone(), options.clock, ca_pem));
        let stop = watch::Sender::new(false);
        let mut servers = content.serve(elsewhere::routes(&world), &stop);
        for listening in [Some(http), https].into_iter().flatten() {
            let site = Site { url: listening.url.clone() };
            servers.extend(listening.serve(routes(&world, site), &stop));
        }
        Ok(Self { world, http_url: plain_url, https_url, stop, servers })
    }

    /// `http://localhost:4100`.
    pub fn http_url(&self) -> &str {
        &self.http_url
    }

    /// `https://localhost:4143`, if https is served.
    pub fn https_url(&self) -> Option<&str> {
        self.https_url.as_deref()
    }

    /// Where downloads are, and links that lead astray lead to: `http://localhost:4101`.
    pub fn content_url(&self) -> &str {
        &self.world.elsewhere
    }

    /// What the issuer of every token starts with.
    pub fn issuer_base(&self) -> &str {
        &self.world.issuer_base
    }

    /// The certificate authority of the https listener, PEM.
    pub fn ca_pem(&self) -> Option<&str> {
        self.world.ca_pem.as_deref()
    }

    /// Who can sign in.
    pub fn people(&self) -> Vec<Person> {
        Person::all(&lock(&self.world.directory))
    }

    /// Makes any token, good or wrong.
    pub fn mint(&self, request: &TokenRequest) -> Result<String, MintError> {
        self.world.mint(request)
    }

    /// Adds a fault to those there are.
    pub fn set_fault(&self, fault: Fault) {
        self.world.faults.add(fault);
    }

    /// All is well again.
    pub fn clear_faults(&self) {
        self.world.faults.clear();
    }

    /// What Graph, `SharePoint` and the other listener were asked, with all headers.
    pub fn seen(&self, endpoint: Endpoint) -> Vec<Seen> {
        self.world.journal.of(endpoint)
    }

    /// From now on Graph gives out other addresses.
    pub fn set_links(&self, links: Links) {
        self.world.links.set(links);
    }

    /// Changes an item of a drive, or makes one; answers with its id.
    pub fn change_file(&self, change: &FileChange) -> Result<Option<String>, FileError> {
        lock(&self.world.files).change(change, self.world.clock.now())
    }

    /// Lets another key sign.
    pub fn rotate_keys(&self, rotation: Rotation) {
        lock(&self.world.keys).rotate(rotation);
    }

    /// Lists the signing key in the JWKS, after a rotation that did not.
    pub fn announce_keys(&self) {
        lock(&self.world.keys).announce();
    }

    /// How often the endpoint was asked since the start or the last reset.
    pub fn requests(&self, endpoint: Endpoint) -> u64 {
        self.world.requests.of(endpoint)
    }

    /// The most requests that the endpoint had under way at the same moment, since the start or the last reset; `None`
    /// of all endpoints together.
    pub fn most_at_once(&self, endpoint: Endpoint) -> Option<u64> {
        self.world.requests.most_at_once(endpoint)
    }

    /// The device codes that were given out and are not forgotten yet, as only their devices know them: a test looks for
    /// them where they should not be.
    pub fn device_codes(&self) -> Vec<String> {
        lock(&self.world.issued).devices.iter().map(|device| device.secret.clone()).collect()
    }

    /// Changes a user: handle, user principal name or object id.
    pub fn update_user(&self, who: &str, patch: UserPatch) -> Result<(), DirectoryError> {
        lock(&self.world.directory).update_user(who, patch, self.world.clock.now()).map(|_| ())
    }

    /// Gives or takes a service principal or app roles.
    pub fn consent(&self, consent: &Consent) -> Result<(), DirectoryError> {
        let since = self.world.consent_counts_from();
        lock(&self.world.directory).consent(consent, since)
    }

    /// Changes how an app proves itself, or how a tenant treats it.
    pub fn update_app(&self, who: &str, patch: &AppPatch) -> Result<(), DirectoryError> {
        lock(&self.world.directory).update_app(who, patch)
    }

    /// Adds a Conditional Access policy to those there are.
    pub fn add_policy(&self, policy: AccessPolicy) {
        lock(&self.world.directory).policies.push(policy);
    }

    /// Nothing is demanded any more.
    pub fn clear_policies(&self) {
        lock(&self.world.directory).policies.clear();
    }

    /// From now on a consent takes so many seconds to be known everywhere.
    pub fn set_propagation(&self, seconds: u32) {
        *lock(&self.world.propagation) = TimeDelta::seconds(i64::from(seconds));
    }

    /// From now on access tokens of users live for so many seconds (Microsoft Entra, "Configurable token lifetimes": at
    /// least ten minutes).
    pub fn set_token_lifetime(&self, seconds: u32) {
        *lock(&self.world.token_lifetime) = Some(i64::from(seconds));
    }

    /// Everything as at the start: directory, keys, faults, counts, clock.
    pub fn reset(&self) {
        self.world.reset();
    }

    /// Stops, and waits until its ports are free.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        for server in std::mem::take(&mut self.servers) {
            // A server that panicked has stopped too.
            drop(server.await);
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

impl fmt::Debug for Emulator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Emulator")
            .field("http_url", &self.http_url)
            .field("https_url", &self.https_url)
            .finish_non_exhaustive()
    }
}
