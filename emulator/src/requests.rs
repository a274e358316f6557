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
    /// Where sign-in and admin consent begin.
    Authorize,
    /// Microsoft Graph.
    Graph,
    /// `SharePoint` REST.
    SharePoint,
    /// The other listener: downloads, and where links lead astray.
    Content,
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
    authorize: AtomicU64,
    graph: AtomicU64,
    sharepoint: AtomicU64,
    content: AtomicU64,
}

/// The counts at one moment.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Counts {
    metadata: u64,
    keys: u64,
    token: u64,
    authorize: u64,
    graph: u64,
    sharepoint: u64,
    content: u64,
    all: u64,
}

impl Requests {
    pub(crate) fn count(&self, asked: Endpoint) {
        match asked {
            Endpoint::Metadata => self.metadata.fetch_add(1, Ordering::Relaxed),
            Endpoint::Keys => self.keys.fetch_add(1, Ordering::Relaxed),
            Endpoint::Token => self.token.fetch_add(1, Ordering::Relaxed),
            Endpoint::Authorize => self.authorize.fetch_add(1, Ordering::Relaxed),
            Endpoint::Graph => self.graph.fetch_add(1, Ordering::Relaxed),
            Endpoint::SharePoint => self.sharepoint.fetch_add(1, Ordering::Relaxed),
            Endpoint::Content => self.content.fetch_add(1, Ordering::Relaxed),
            Endpoint::All => return,
        };
    }

    pub(crate) fn of(&self, endpoint: Endpoint) -> u64 {
        let counts = self.counts();
        match endpoint {
            Endpoint::Metadata => counts.metadata,
            Endpoint::Keys => counts.keys,
            Endpoint::Token => counts.token,
            Endpoint::Authorize => counts.authorize,
            Endpoint::Graph => counts.graph,
            Endpoint::SharePoint => counts.sharepoint,
            Endpoint::Content => counts.content,
            Endpoint::All => counts.all,
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        let each = self.each().map(|count| count.load(Ordering::Relaxed));
        let [metadata, keys, token, authorize, graph, sharepoint, content] = each;
        let all = each.iter().sum();
        Counts { metadata, keys, token, authorize, graph, sharepoint, content, all }
    }

    fn each(&self) -> [&AtomicU64; 7] {
        let Self { metadata, keys, token, authorize, graph, sharepoint, content } = self;
        [metadata, keys, token, authorize, graph, sharepoint, content]
    }

    pub(crate) fn clear(&self) {
        for count in self.each() {
            count.store(0, Ordering::Relaxed);
        }
    }
}
