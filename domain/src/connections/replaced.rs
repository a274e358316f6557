//! Tokens that were had because a resource refused the one before, long before its end.
//!
//! A token that is refused may be one that was revoked, which the next one shows; or the resource refuses every one, and
//! then each request of a caller would ask Microsoft in vain.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};

use super::MintKey;

/// After one was replaced, so long none is in its place.
pub(super) const ONCE_IN: TimeDelta = TimeDelta::minutes(5);
/// Of so many questions. When that many tokens are refused at once, it is not for the sake of one of them.
const MOST: usize = 10_000;

/// When tokens were replaced.
#[derive(Default)]
pub(super) struct Replaced(Mutex<HashMap<MintKey, DateTime<Utc>>>);

impl Replaced {
    /// Whether the token that answers a question may be replaced before its time.
    pub(super) fn is_open(&self, key: &MintKey, now: DateTime<Utc>) -> bool {
        let replaced = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match replaced.get(key) {
            Some(at) => is_over(*at, now),
            None => replaced.len() < MOST || replaced.values().any(|at| is_over(*at, now)),
        }
    }

    /// Remembers that it was replaced just now. Those who ask at once may be a few more than are remembered otherwise.
    pub(super) fn note(&self, key: &MintKey, now: DateTime<Utc>) {
        let mut replaced = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if replaced.len() >= MOST {
            replaced.retain(|_, at| !is_over(*at, now));
        }
        replaced.insert(key.clone(), now);
    }
}

fn is_over(at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    now - at >= ONCE_IN
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::id::{ConnectionId, OrgId, TypedId};

    fn key(number: usize) -> MintKey {
        MintKey {
            org_id: OrgId::from_uuid(Uuid::nil()),
            connection_id: ConnectionId::from_uuid(Uuid::from_u128(number as u128)),
            resource: "https://graph.microsoft.com".to_owned(),
            scopes: Vec::new(),
        }
    }

    #[test]
    fn a_token_is_replaced_once_in_a_while_and_so_many_are_remembered() {
        let (replaced, now) = (Replaced::default(), DateTime::UNIX_EPOCH);
        assert!(replaced.is_open(&key(0), now));
        assert!(replaced.is_open(&key(0), now), "who asks has not replaced it yet");
        replaced.note(&key(0), now);
        assert!(!replaced.is_open(&key(0), now + ONCE_IN - TimeDelta::seconds(1)));
        assert!(replaced.is_open(&key(0), now + ONCE_IN));
        replaced.note(&key(0), now + ONCE_IN);
        assert!(!replaced.is_open(&key(0), now + ONCE_IN + TimeDelta::seconds(1)));
        for number in 1..MOST {
            assert!(replaced.is_open(&key(number), now + ONCE_IN), "{number}");
            replaced.note(&key(number), now + ONCE_IN);
        }
        assert!(!replaced.is_open(&key(MOST), now + ONCE_IN), "nothing is forgotten too early");
        assert!(replaced.is_open(&key(MOST), now + ONCE_IN * 2));
        replaced.note(&key(MOST), now + ONCE_IN * 2);
        assert!(replaced.is_open(&key(MOST + 1), now + ONCE_IN * 2), "what is over makes room");
    }
}
