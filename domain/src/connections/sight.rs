//! Which connections a caller sees: the one place that decides it.

use super::{Connection, Manage};
use crate::{
    access::{Authorized, Permission, Principal},
    api_keys::{ApiKey, Reach},
    id::{ConnectionId, UserId},
};

/// Whose connections are seen.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sight {
    /// `None`: everybody's.
    users: Option<Vec<UserId>>,
    /// `None`: whichever they are.
    connections: Option<Vec<ConnectionId>>,
}

impl Sight {
    /// What a principal sees: their own; with the permission everybody's; with an API key what its reach and its lists
    /// of members and connections leave.
    pub fn of(principal: &Principal) -> Self {
        let own = || Some(vec![principal.user().id]);
        let Some(identity) = principal.api_key() else {
            let users = if principal.may::<Manage>() { None } else { own() };
            return Self { users, connections: None };
        };
        let connections = identity.key.allowed_connections.clone();
        Self { users: of_key(&identity.key), connections }
    }

    /// The same, of a caller who was authorized for whatever it is.
    pub fn of_caller<P: Permission>(caller: &Authorized<P>) -> Self {
        Self::of(caller.principal())
    }

    /// Whether a connection is seen.
    pub fn includes(&self, connection: &Connection) -> bool {
        let is_listed = self.connections.as_ref().is_none_or(|ids| ids.contains(&connection.id));
        is_listed && self.includes_user(connection.user_id)
    }

    /// Whether connections of a member are seen.
    pub fn includes_user(&self, user: UserId) -> bool {
        self.users.as_ref().is_none_or(|users| users.contains(&user))
    }

    /// The members whose connections are seen; `None`: everybody's.
    pub fn users(&self) -> Option<&[UserId]> {
        self.users.as_deref()
    }

    /// The connections that are seen; `None`: whichever they are.
    pub fn connections(&self) -> Option<&[ConnectionId]> {
        self.connections.as_deref()
    }
}

fn of_key(key: &ApiKey) -> Option<Vec<UserId>> {
    let listed = key.allowed_user_ids.clone();
    match key.reach {
        Reach::Organization => listed,
        Reach::Own => {
            let is_listed = listed.is_none_or(|users| users.contains(&key.owner_id));
            Some(if is_listed { vec![key.owner_id] } else { Vec::new() })
        }
    }
}
