//! What Microsoft refused a moment ago, of questions that say nothing about a connection: they are not asked again at
//! once, however often a caller does.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};

use super::{MintError, MintKey};
use crate::{access::Mark, id::ConnectionId};

/// How long a refusal is remembered.
const REFUSED_FOR: TimeDelta = TimeDelta::seconds(60);
/// So many are of one connection, so that whoever varies their questions takes no place of others.
const MOST_OF_ONE: usize = 16;
/// Of so many connections.
const MOST_CONNECTIONS: usize = 5_000;

/// Refusals, until when they hold.
#[derive(Default)]
pub(super) struct Refused(Mutex<HashMap<ConnectionId, VecDeque<Refusal>>>);

struct Refusal {
    key: MintKey,
    until: DateTime<Utc>,
    error: Arc<MintError>,
    /// Taken before Microsoft was asked.
    mark: Mark,
}

impl Refused {
    /// The refusal of the same question, if its time is not over, and the moment that it is good since.
    pub(super) fn before(&self, key: &MintKey, now: DateTime<Utc>) -> Option<(Arc<MintError>, Mark)> {
        let refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_connection = refused.get(&key.connection_id)?;
        let found = of_connection.iter().find(|refusal| refusal.key == *key && refusal.until > now)?;
        Some((Arc::clone(&found.error), found.mark))
    }

    /// Remembers a refusal; the oldest one of the connection makes room for it.
    pub(super) fn note(&self, key: &MintKey, error: &Arc<MintError>, mark: Mark, now: DateTime<Utc>) {
        let mut refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.len() >= MOST_CONNECTIONS && !refused.contains_key(&key.connection_id) {
            refused.retain(|_, refusals| refusals.iter().any(|refusal| refusal.until > now));
            if refused.len() >= MOST_CONNECTIONS {
                return;
            }
        }
        let of_connection = refused.entry(key.connection_id).or_default();
        of_connection.retain(|refusal| refusal.key != *key && refusal.until > now);
        if of_connection.len() >= MOST_OF_ONE {
            of_connection.pop_front();
        }
        let error = Arc::clone(error);
        of_connection.push_back(Refusal { key: key.clone(), until: now + REFUSED_FOR, error, mark });
    }

    /// Forgets what was refused of a connection.
    pub(super) fn forget(&self, id: ConnectionId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::id::{OrgId, TypedId};

    fn key(connection: u128, scope: usize) -> MintKey {
        MintKey {
            org_id: OrgId::from_uuid(Uuid::nil()),
            connection_id: ConnectionId::from_uuid(Uuid::from_u128(connection)),
            resource: "https://graph.microsoft.com".to_owned(),
            scopes: vec![scope.to_string()],
        }
    }

    #[test]
    fn a_refusal_is_known_for_a_minute_and_many_of_one_connection_take_no_place_of_others() {
        let (refused, now, error) =
            (Refused::default(), DateTime::UNIX_EPOCH, Arc::new(MintError::NoSuchResource));
        refused.note(&key(1, 0), &error, Mark(7), now);
        for scope in 0..1_000 {
            refused.note(&key(2, scope), &error, Mark(8), now);
        }
        assert_eq!(refused.before(&key(1, 0), now).map(|(_, mark)| mark), Some(Mark(7)));
        assert!(refused.before(&key(2, 999), now).is_some());
        assert!(refused.before(&key(2, 0), now).is_none(), "the oldest one made room");
        assert!(refused.before(&key(1, 0), now + REFUSED_FOR).is_none());
        refused.forget(key(2, 0).connection_id);
        assert!(refused.before(&key(2, 999), now).is_none());
    }
}
