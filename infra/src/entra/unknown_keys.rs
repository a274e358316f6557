//! Key ids that the authority was asked about and does not have, so that asking again about one causes no traffic.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};

const REMEMBERED: TimeDelta = TimeDelta::minutes(5);
/// With ids of at most 256 bytes, some 3 MiB. When it is full, no more are remembered: the limit on requested
/// refreshes holds all the same.
const CAPACITY: usize = 10_000;

#[derive(Default)]
pub(super) struct UnknownKeys(Mutex<HashMap<String, DateTime<Utc>>>);

impl UnknownKeys {
    pub(super) fn remember(&self, key_id: &str, now: DateTime<Utc>) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= CAPACITY {
            seen.retain(|_, at| is_recent(*at, now));
        }
        if seen.len() < CAPACITY {
            seen.insert(key_id.to_owned(), now);
        }
    }

    pub(super) fn contains(&self, key_id: &str, now: DateTime<Utc>) -> bool {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(key_id).is_some_and(|at| is_recent(*at, now))
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

fn is_recent(at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    at <= now && now - at < REMEMBERED
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn an_id_is_remembered_for_five_minutes() {
        let unknown = UnknownKeys::default();
        unknown.remember("a", at(0));
        assert!(unknown.contains("a", at(299)));
        assert!(!unknown.contains("a", at(300)));
        assert!(!unknown.contains("b", at(0)));
    }

    #[test]
    fn it_never_holds_more_than_its_capacity_and_makes_room_for_new_ones() {
        let unknown = UnknownKeys::default();
        for n in 0..CAPACITY + 500 {
            unknown.remember(&n.to_string(), at(0));
        }
        assert_eq!(unknown.len(), CAPACITY);
        unknown.remember("late", at(301));
        assert!(unknown.contains("late", at(301)));
        assert_eq!(unknown.len(), 1);
    }
}
