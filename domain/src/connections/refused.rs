//! What Microsoft refused a moment ago, of questions that say nothing about a connection: they are not asked again at
//! once, however often a caller does.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};

use super::{MintError, MintKey};
use crate::id::ConnectionId;

/// How long a refusal is remembered.
const REFUSED_FOR: TimeDelta = TimeDelta::seconds(60);
/// So many are.
const MOST_REFUSED: usize = 10_000;

/// Refusals, until when they hold.
#[derive(Default)]
pub(super) struct Refused(Mutex<HashMap<MintKey, Refusal>>);

/// Until when it holds, and what was said.
type Refusal = (DateTime<Utc>, Arc<MintError>);

impl Refused {
    /// The refusal of the same question, if it still holds.
    pub(super) fn before(&self, key: &MintKey, now: DateTime<Utc>) -> Option<Arc<MintError>> {
        let mut refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (until, error) = refused.get(key)?;
        if *until > now {
            return Some(Arc::clone(error));
        }
        refused.remove(key);
        None
    }

    /// Remembers a failure, if it is a refusal of the question.
    pub(super) fn note(&self, key: &MintKey, error: &Arc<MintError>, now: DateTime<Utc>) {
        let is_of_question = match error.as_ref() {
            MintError::NoSuchResource | MintError::NotUnderstood { .. } => true,
            // What marked the connection is found there.
            MintError::Trouble { connection, trouble, .. } => connection.trouble != Some(*trouble),
            MintError::NotFound
            | MintError::OwnRegistration
            | MintError::Unavailable { .. }
            | MintError::TooShort { .. }
            | MintError::Seal(_)
            | MintError::Store(_) => false,
        };
        if !is_of_question {
            return;
        }
        let mut refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.len() >= MOST_REFUSED {
            refused.retain(|_, (until, _)| *until > now);
        }
        if refused.len() < MOST_REFUSED {
            refused.insert(key.clone(), (now + REFUSED_FOR, Arc::clone(error)));
        }
    }

    /// Forgets what was refused of a connection.
    pub(super) fn forget(&self, id: ConnectionId) {
        let mut refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        refused.retain(|key, _| key.connection_id != id);
    }
}
