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
    metadata: Count,
    keys: Count,
    token: Count,
    authorize: Count,
    graph: Count,
    sharepoint: Count,
    content: Count,
}

/// Of one endpoint.
#[derive(Default)]
struct Count {
    all: AtomicU64,
    under_way: AtomicU64,
    most_at_once: AtomicU64,
}

/// A request that has come and is not answered yet.
pub(crate) struct UnderWay<'a>(Option<&'a Count>);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if let Some(count) = self.0 {
            count.under_way.fetch_sub(1, Ordering::Relaxed);
        }
    }
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
    /// Counts a request, which is under way until the value is dropped.
    pub(crate) fn count(&self, asked: Endpoint) -> UnderWay<'_> {
        let count = self.at(asked);
        if let Some(count) = count {
            count.all.fetch_add(1, Ordering::Relaxed);
            let under_way = count.under_way.fetch_add(1, Ordering::Relaxed) + 1;
            count.most_at_once.fetch_max(under_way, Ordering::Relaxed);
        }
        UnderWay(count)
    }

    pub(crate) fn of(&self, endpoint: Endpoint) -> u64 {
        self.at(endpoint).map_or_else(|| self.counts().all, |count| count.all.load(Ordering::Relaxed))
    }

    /// The most that were under way at the same moment; of all endpoints it is not known.
    pub(crate) fn most_at_once(&self, endpoint: Endpoint) -> Option<u64> {
        Some(self.at(endpoint)?.most_at_once.load(Ordering::Relaxed))
    }

    fn at(&self, endpoint: Endpoint) -> Option<&Count> {
        match endpoint {
            Endpoint::Metadata => Some(&self.metadata),
            Endpoint::Keys => Some(&self.keys),
            Endpoint::Token => Some(&self.token),
            Endpoint::Authorize => Some(&self.authorize),
            Endpoint::Graph => Some(&self.graph),
            Endpoint::SharePoint => Some(&self.sharepoint),
            Endpoint::Content => Some(&self.content),
            Endpoint::All => None,
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        let each = self.each().map(|count| count.all.load(Ordering::Relaxed));
        let [metadata, keys, token, authorize, graph, sharepoint, content] = each;
        let all = each.iter().sum();
        Counts { metadata, keys, token, authorize, graph, sharepoint, content, all }
    }

    fn each(&self) -> [&Count; 7] {
        let Self { metadata, keys, token, authorize, graph, sharepoint, content } = self;
        [metadata, keys, token, authorize, graph, sharepoint, content]
    }

    pub(crate) fn clear(&self) {
        for count in self.each() {
            count.all.store(0, Ordering::Relaxed);
            count.most_at_once.store(0, Ordering::Relaxed);
        }
    }
}
