//! What is noted of the uses of API keys, in memory until it is written.
//!
//! A request must not wait for its own log line, so uses are counted here and written many at once. A process that is
//! killed loses those of the last moments; what matters to others (a token that was handed out) is an event.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, Utc};

use super::{Actor, KnownKey, OrgScope, Origin};
use crate::{
    api_keys::{ApiKeyUse, ApiKeyUseLog, Outcome},
    id::Ids,
    store::StoreError,
};

/// How many that differ are kept. Beyond it, attempts are counted without their paths.
const MOST_KEPT: usize = 10_000;

/// The longest path that is kept.
const LONGEST_PATH: usize = 200;

/// One use of a key, or an attempt at it.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub outcome: Outcome,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Kind {
    key: (crate::id::OrgId, crate::id::ApiKeyId),
    method: String,
    path: String,
    outcome: Outcome,
    ip: Option<std::net::IpAddr>,
}

#[derive(Clone, Copy)]
struct Counted {
    count: u64,
    first_at: DateTime<Utc>,
    last_at: DateTime<Utc>,
}

/// Counts uses, and writes them when it is told to.
pub struct ApiKeyUses {
    log: Arc<dyn ApiKeyUseLog>,
    ids: Ids,
    pending: Mutex<HashMap<Kind, Counted>>,
}

impl ApiKeyUses {
    pub fn new(log: Arc<dyn ApiKeyUseLog>, ids: Ids) -> Self {
        Self { log, ids, pending: Mutex::default() }
    }

    /// Notes a use.
    pub fn note(&self, key: KnownKey, origin: &Origin, attempt: Attempt<'_>) {
        let now = self.ids.clock().now();
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = pending.len() >= MOST_KEPT;
        let path: String =
            if is_full { "*".to_owned() } else { attempt.path.chars().take(LONGEST_PATH).collect() };
        let kind = Kind {
            key: (key.org_id, key.id),
            method: attempt.method.to_owned(),
            path,
            outcome: attempt.outcome,
            ip: origin.ip.filter(|_| !is_full),
        };
        let counted = pending.entry(kind).or_insert(Counted { count: 0, first_at: now, last_at: now });
        counted.count += 1;
        counted.last_at = now;
    }

    /// Writes what was noted since the last time. What could not be written is kept for the next one.
    pub async fn flush(&self) -> Result<(), StoreError> {
        let pending = std::mem::take(&mut *self.pending.lock().unwrap_or_else(PoisonError::into_inner));
        let organizations: BTreeSet<_> = pending.keys().map(|kind| kind.key.0).collect();
        let mut failed = None;
        for org_id in organizations {
            let mut of_organization: Vec<(&Kind, &Counted)> =
                pending.iter().filter(|(kind, _)| kind.key.0 == org_id).collect();
            // Their ids are made in the order in which they began, which is the order of the list.
            of_organization.sort_by_key(|(_, counted)| counted.first_at);
            let uses: Vec<ApiKeyUse> =
                of_organization.iter().map(|(kind, counted)| self.entry(kind, **counted)).collect();
            let scope = OrgScope::new(org_id, Actor::System, Origin::default());
            if let Err(error) = self.log.write(&scope, &uses).await {
                self.put_back(of_organization.into_iter().map(|(kind, counted)| (kind.clone(), *counted)));
                failed = Some(error);
            }
        }
        failed.map_or(Ok(()), Err)
    }

    fn entry(&self, kind: &Kind, counted: Counted) -> ApiKeyUse {
        ApiKeyUse {
            id: self.ids.next(),
            key_id: kind.key.1,
            method: kind.method.clone(),
            path: kind.path.clone(),
            outcome: kind.outcome,
            ip: kind.ip.map(|ip| ip.to_string()),
            count: counted.count,
            first_at: counted.first_at,
            last_at: counted.last_at,
        }
    }

    fn put_back(&self, kept: impl Iterator<Item = (Kind, Counted)>) {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        for (kind, counted) in kept {
            let now = pending.entry(kind).or_insert(Counted { count: 0, ..counted });
            now.count += counted.count;
            now.first_at = now.first_at.min(counted.first_at);
            now.last_at = now.last_at.max(counted.last_at);
        }
    }
}
