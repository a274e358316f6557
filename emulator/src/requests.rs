//! What was asked of the emulator: counted, so that tests can tell a cache from luck.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

/// A group of endpoints, for counting and for faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Endpoint {
    /// Discovery documents of both versions.
    Metadata,
    /// JWKS of both versions.
    Keys,
    /// The token endpoint.
    Token,
    /// All of them; never the control API.
    All,
}

impl Endpoint {
    /// Whether what is meant for `self` concerns `asked`.
    pub(crate) fn covers(self, asked: Self) -> bool {
        self == Self::All || self == asked
    }
}

/// Counts of requests, whether they were answered or met a fault.
#[derive(Default)]
pub(crate) struct Requests {
    metadata: AtomicU64,
    keys: AtomicU64,
    token: AtomicU64,
}

/// The counts at one moment.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Counts {
    metadata: u64,
    keys: u64,
    token: u64,
    all: u64,
}

impl Requests {
    pub(crate) fn count(&self, asked: Endpoint) {
        match asked {
            Endpoint::Metadata => self.metadata.fetch_add(1, Ordering::Relaxed),
            Endpoint::Keys => self.keys.fetch_add(1, Ordering::Relaxed),
            Endpoint::Token => self.token.fetch_add(1, Ordering::Relaxed),
            Endpoint::All => return,
        };
    }

    pub(crate) fn of(&self, endpoint: Endpoint) -> u64 {
        let Counts { metadata, keys, token, all } = self.counts();
        match endpoint {
            Endpoint::Metadata => metadata,
            Endpoint::Keys => keys,
            Endpoint::Token => token,
            Endpoint::All => all,
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        let [metadata, keys, token] =
            [&self.metadata, &self.keys, &self.token].map(|count| count.load(Ordering::Relaxed));
        Counts { metadata, keys, token, all: metadata + keys + token }
    }

    pub(crate) fn clear(&self) {
        for count in [&self.metadata, &self.keys, &self.token] {
            count.store(0, Ordering::Relaxed);
        }
    }
}
