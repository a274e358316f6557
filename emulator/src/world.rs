//! What all handlers of one emulator share.

use std::sync::{Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use crate::{
    clock::{Clock, TimeSource},
    directory::{Directory, Version},
    faults::Faults,
    keys::KeyRing,
    requests::Requests,
};

/// The state of one emulator; a process may have many.
pub(crate) struct World {
    /// The https address, whichever listener is asked: tokens have one issuer.
    pub(crate) issuer_base: String,
    pub(crate) clock: Clock,
    pub(crate) directory: Mutex<Directory>,
    pub(crate) keys: Mutex<KeyRing>,
    pub(crate) faults: Faults,
    pub(crate) requests: Requests,
    /// The certificate authority of the https listener, if there is one.
    pub(crate) ca_pem: Option<String>,
}

impl World {
    pub(crate) fn new(issuer_base: String, time: TimeSource, ca_pem: Option<String>) -> Self {
        Self {
            issuer_base,
            clock: Clock::new(time),
            directory: Mutex::new(Directory::as_shipped()),
            keys: Mutex::new(KeyRing::as_shipped()),
            faults: Faults::default(),
            requests: Requests::default(),
            ca_pem,
        }
    }

    /// Everything as at the start.
    pub(crate) fn reset(&self) {
        self.clock.reset();
        *lock(&self.directory) = Directory::as_shipped();
        *lock(&self.keys) = KeyRing::as_shipped();
        self.faults.clear();
        self.requests.clear();
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
