//! What Graph, `SharePoint` and the other listener were asked, word for word: a test looks here for tokens
//! that went astray.

use std::{collections::VecDeque, sync::Mutex};

use poem::Request;
use serde::Serialize;

use crate::{requests::Endpoint, world::lock};

/// Older requests are forgotten.
const KEPT: usize = 2000;

/// One request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// Who was asked.
    pub endpoint: Endpoint,
    /// `GET`.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Names in small letters, in order.
    pub headers: Vec<(String, String)>,
}

impl Seen {
    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// The last requests.
#[derive(Default)]
pub(crate) struct Journal(Mutex<VecDeque<Seen>>);

impl Journal {
    pub(crate) fn note(&self, endpoint: Endpoint, request: &Request) {
        if ![Endpoint::Graph, Endpoint::SharePoint, Endpoint::Content].contains(&endpoint) {
            return;
        }
        let uri = request.original_uri();
        let target = uri.path_and_query().map_or(uri.path(), |target| target.as_str()).to_owned();
        let headers = request
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let seen = Seen { endpoint, method: request.method().to_string(), target, headers };
        let mut journal = lock(&self.0);
        journal.push_back(seen);
        if journal.len() > KEPT {
            journal.pop_front();
        }
    }

    pub(crate) fn of(&self, endpoint: Endpoint) -> Vec<Seen> {
        lock(&self.0).iter().filter(|seen| endpoint.covers(seen.endpoint)).cloned().collect()
    }

    pub(crate) fn clear(&self) {
        lock(&self.0).clear();
    }
}
