//! What is to be left alone for a while.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};

/// So many are remembered; beyond that all are forgotten, which costs a request each.
const MOST: usize = 10_000;

/// Keys that are not to be tried before a moment.
pub(super) struct Pauses<K>(Mutex<HashMap<K, DateTime<Utc>>>);

impl<K> Default for Pauses<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash> Pauses<K> {
    pub(super) fn pause(&self, key: K, now: DateTime<Utc>, length: Duration) {
        let until = now + TimeDelta::from_std(length).unwrap_or(TimeDelta::zero());
        let mut pauses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if pauses.len() >= MOST {
            pauses.retain(|_, until| *until > now);
        }
        if pauses.len() >= MOST {
            pauses.clear();
        }
        pauses.insert(key, until);
    }

    /// Lets a pause of the key, if there is one, end after `most`.
    pub(super) fn shorten(&self, key: &K, now: DateTime<Utc>, most: Duration) {
        let latest = now + TimeDelta::from_std(most).unwrap_or(TimeDelta::zero());
        let mut pauses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(until) = pauses.get_mut(key) {
            *until = latest.min(*until);
        }
    }

    /// How long the key is still to be left alone.
    pub(super) fn left(&self, key: &K, now: DateTime<Utc>) -> Option<Duration> {
        let mut pauses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let left = (*pauses.get(key)? - now).to_std().ok().filter(|left| !left.is_zero());
        if left.is_none() {
            pauses.remove(key);
        }
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_made_shorter_and_never_longer() {
        let now = DateTime::UNIX_EPOCH;
        let pauses = Pauses::default();
        pauses.pause("long", now, Duration::from_mins(1));
        pauses.pause("short", now, Duration::from_secs(1));
        for key in ["long", "short", "none"] {
            pauses.shorten(&key, now, Duration::from_secs(2));
        }
        let left = ["long", "short", "none"].map(|key| pauses.left(&key, now).map(|left| left.as_secs()));
        assert_eq!(left, [Some(2), Some(1), None]);
    }

    #[test]
    fn a_pause_ends_and_what_is_remembered_is_bounded() {
        let now = DateTime::UNIX_EPOCH;
        let pauses = Pauses::default();
        for key in 0..=MOST {
            pauses.pause(key, now, Duration::from_mins(1));
        }
        assert_eq!(pauses.left(&0, now), None, "there were too many");
        assert_eq!(pauses.left(&MOST, now), Some(Duration::from_mins(1)));
        assert_eq!(pauses.left(&MOST, now + TimeDelta::seconds(60)), None);
    }
}
