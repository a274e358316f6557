//! What all handlers of one emulator share.

use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_lc_rs::hmac;
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::{
    clock::{Clock, TimeSource},
    directory::{Directory, Version},
    faults::Faults,
    files::Files,
    issued::Issued,
    journal::Journal,
    jwt::Jwt,
    keys::KeyRing,
    links::{Astray, Links},
    random,
    requests::Requests,
};

/// The state of one emulator; a process may have many.
pub(crate) struct World {
    /// The https address, whichever listener is asked: tokens have one issuer.
    pub(crate) issuer_base: String,
    pub(crate) clock: Clock,
    pub(crate) directory: Mutex<Directory>,
    pub(crate) files: Mutex<Files>,
    pub(crate) links: Astray,
    /// The other listener: `http://localhost:4101`.
    pub(crate) elsewhere: String,
    pub(crate) journal: Journal,
    pub(crate) keys: Mutex<KeyRing>,
    pub(crate) issued: Mutex<Issued>,
    /// How long a consent takes to be known everywhere.
    pub(crate) propagation: Mutex<TimeDelta>,
    /// How many seconds access tokens of users live, as a token lifetime policy has it; `None`: as long as usual.
    pub(crate) token_lifetime: Mutex<Option<i64>>,
    /// Signs what the pages carry from step to step.
    pub(crate) page_key: hmac::Key,
    pub(crate) faults: Faults,
    pub(crate) requests: Requests,
    /// The certificate authority of the https listener, if there is one.
    pub(crate) ca_pem: Option<String>,
}

impl World {
    pub(crate) fn new(
        issuer_base: String,
        elsewhere: String,
        time: TimeSource,
        ca_pem: Option<String>,
    ) -> Self {
        Self {
            issuer_base,
            clock: Clock::new(time),
            directory: Mutex::new(Directory::as_shipped()),
            files: Mutex::new(Files::as_shipped()),
            links: Astray::default(),
            elsewhere,
            journal: Journal::default(),
            keys: Mutex::new(KeyRing::as_shipped()),
            issued: Mutex::default(),
            propagation: Mutex::new(TimeDelta::zero()),
            token_lifetime: Mutex::default(),
            page_key: hmac::Key::new(hmac::HMAC_SHA256, &random::bytes::<32>()),
            faults: Faults::default(),
            requests: Requests::default(),
            ca_pem,
        }
    }

    /// Everything as at the start.
    pub(crate) fn reset(&self) {
        self.clock.reset();
        *lock(&self.directory) = Directory::as_shipped();
        *lock(&self.files) = Files::as_shipped();
        self.links.set(Links::default());
        self.journal.clear();
        *lock(&self.keys) = KeyRing::as_shipped();
        *lock(&self.issued) = Issued::default();
        *lock(&self.propagation) = TimeDelta::zero();
        *lock(&self.token_lifetime) = None;
        self.faults.clear();
        self.requests.clear();
    }

    /// Whether a token is ours: by its issuer, and signed by a key that is published, or signs already.
    pub(crate) fn has_issued(&self, jwt: &Jwt) -> bool {
        let keys = lock(&self.keys);
        let kid = jwt.header_text("kid").unwrap_or_default();
        let mut known = keys.published().iter().chain([keys.current(), keys.personal()]);
        known.any(|named| named.kid == kid && jwt.is_signed_by(&named.key.n, &named.key.e))
            && jwt.text("iss").is_some_and(|issuer| issuer.starts_with(&self.issuer_base))
    }

    /// The directory as a request finds it now.
    pub(crate) fn directory_now(&self) -> Directory {
        let directory = lock(&self.directory).clone();
        directory.known_at(self.clock.now())
    }

    /// From when on a consent given now counts.
    pub(crate) fn consent_counts_from(&self) -> DateTime<Utc> {
        self.clock.now() + *lock(&self.propagation)
    }

    /// The `iss` of a token.
    pub(crate) fn issuer(&self, tenant: Uuid, version: Version) -> String {
        let base = &self.issuer_base;
        match version {
            Version::V1 => format!("{base}/{tenant}/"),
            Version::V2 => format!("{base}/{tenant}/v2.0"),
        }
    }
}

/// Locks, and takes what a panicking holder left: every change here is whole in itself.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
