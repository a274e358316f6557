//! Tokens in the compatible form: of every connection that a key sees, encrypted with its wire key.
//!
//! What a reader would get wrong: one connection that gives no token does not fail the rest. It is there with its state
//! and without a token, and only a failure of our own ends the answer.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use uuid::Uuid;

use super::{
    Connection, ConnectionFilter, ConnectionStatus, ConnectionTokenError, ConnectionTokens, ReadTokens,
    ResourceRequest, Sight, Target,
};
use crate::{
    access::{ApiKeyIdentity, Authorized, Epochs, Mark, OrgScope, Subject},
    api_keys::Reach,
    clock::Clock,
    id::{ConnectionId, OrgId, TypedId, UserId},
    page::PageRequest,
    secret::{SealError, Secrets},
    store::{Store, StoreError},
    text::folded,
};

/// More connections are not answered at once: whoever has them asks by member or by connection.
const MOST_CONNECTIONS: usize = 1_000;
/// Longer lists are read anew: whether each of so many has changed costs as much.
const MOST_REMEMBERED: usize = 100;
/// What an answer may take to be put together: so much more than the refresh buffer every token in it has when it is
/// had.
const TAKES: TimeDelta = TimeDelta::seconds(30);

/// A wire key and its name: the same name is always the same key.
#[derive(Debug)]
pub struct WireKeySecret {
    pub name: Uuid,
    pub secret: SecretString,
}

/// What is encrypted, by a name that is never another text's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WireText {
    pub id: Uuid,
    pub issued_at: DateTime<Utc>,
}

/// The compatible wire format: `IV (16) ‖ AES-256-CBC` under the SHA-256 of the key.
#[async_trait]
pub trait WireFormat: Send + Sync {
    /// The text, encrypted: the same bytes as the time before, if they are remembered. `None` cannot happen.
    async fn encrypt(&self, key: &WireKeySecret, name: WireText, text: &SecretString) -> Option<Arc<[u8]>>;

    /// The text, encrypted anew.
    fn encrypt_once(&self, key: &WireKeySecret, text: &SecretString) -> Option<Arc<[u8]>>;
}

/// What was looked for, and by whom: the same for all who see the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SeenKey {
    pub org_id: OrgId,
    pub sight: Sight,
    pub filter: ConnectionFilter,
}

/// What was found, and when that was.
#[derive(Debug)]
pub struct Seen {
    /// Taken before it was read.
    mark: Mark,
    pub connections: Vec<Arc<Connection>>,
}

/// Remembers for some minutes what was found, so that what is asked often costs no query. Of no use to somebody who sees
/// something else.
#[async_trait]
pub trait SeenCache: Send + Sync {
    async fn get(&self, key: &SeenKey) -> Option<Arc<Seen>>;

    async fn put(&self, key: SeenKey, seen: Arc<Seen>);
}

/// A connection, and one of its resources.
#[derive(Debug)]
pub struct Wanted {
    connection: Arc<Connection>,
    target: Target,
}

/// What a key sees, and what its tokens are encrypted with.
#[derive(Debug)]
pub struct Wants {
    pub wanted: Vec<Wanted>,
    wire_key: WireKeySecret,
    /// Its refresh tokens too.
    with_refresh_token: bool,
}

/// A connection and resource in the compatible form.
#[derive(Debug)]
pub struct CompatibleToken {
    pub connection_id: ConnectionId,
    pub user_id: UserId,
    pub tenant_id: Uuid,
    pub is_share_point: bool,
    pub status: ConnectionStatus,
    /// `None` where the connection gives none.
    pub token: Option<Encrypted>,
}

/// What a connection gave.
#[derive(Debug)]
pub struct Encrypted {
    pub access_token: Arc<[u8]>,
    pub refresh_token: Option<Arc<[u8]>>,
    /// The identifier of the resource.
    pub resource: String,
    pub expires_at: DateTime<Utc>,
    pub scopes: Vec<String>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum CompatibleError {
    #[error("only API keys have a wire key")]
    NotAKey,
    /// A filter names somebody whose connections the key does not see.
    #[error("the API key does not see that member's connections")]
    Forbidden,
    #[error("there are more connections than one answer has")]
    TooMany,
    #[error("a token could not be encrypted")]
    Encryption,
    #[error(transparent)]
    Token(#[from] ConnectionTokenError),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Hands tokens out in the compatible form.
#[derive(Clone)]
pub struct CompatibleTokens {
    ports: CompatiblePorts,
    /// One wire key for all: that of the service itself.
    shared_key: Option<SecretString>,
}

/// What that needs.
#[derive(Clone)]
pub struct CompatiblePorts {
    pub store: Arc<dyn Store>,
    pub epochs: Arc<dyn Epochs>,
    pub seen: Arc<dyn SeenCache>,
    pub tokens: ConnectionTokens,
    pub secrets: Arc<dyn Secrets>,
    pub wire: Arc<dyn WireFormat>,
    pub clock: Arc<dyn Clock>,
}

impl CompatibleTokens {
    /// With `shared_key` every API key's wire key is that one.
    pub fn new(ports: CompatiblePorts, shared_key: Option<SecretString>) -> Self {
        Self { ports, shared_key }
    }

    /// What the key sees of what is asked for.
    pub async fn wants(
        &self,
        caller: &Authorized<ReadTokens>,
        filter: &ConnectionFilter,
    ) -> Result<Wants, CompatibleError> {
        let scope = caller.scope();
        let identity = caller.principal().api_key().ok_or(CompatibleError::NotAKey)?;
        let sight = Sight::of(caller.principal());
        if filter.user_id.is_some_and(|user| !sight.includes_user(user)) {
            return Err(CompatibleError::Forbidden);
        }
        let seen = self.seen(&scope, &sight, filter).await?;
        // Whose address another's would be is told by nothing but the key's own: its owner, and what is seen.
        if let (Reach::Own, Some(email)) = (identity.key.reach, &filter.email) {
            let owner = caller.principal().user().profile.email.as_deref();
            let is_own =
                owner.is_some_and(|own| folded(own) == folded(email)) || !seen.connections.is_empty();
            if !is_own {
                return Err(CompatibleError::Forbidden);
            }
        }
        let wanted = seen.connections.iter().flat_map(of_each_resource).collect();
        let wire_key = self.wire_key(&scope, identity).await?;
        Ok(Wants { wanted, wire_key, with_refresh_token: identity.key.include_refresh_token })
    }

    async fn seen(
        &self,
        scope: &OrgScope,
        sight: &Sight,
        filter: &ConnectionFilter,
    ) -> Result<Arc<Seen>, CompatibleError> {
        let key = SeenKey { org_id: scope.org_id(), sight: sight.clone(), filter: filter.clone() };
        if let Some(seen) = self.ports.seen.get(&key).await {
            let of_each = seen.connections.iter().map(|connection| Subject::Connection(connection.id));
            let depends_on: Vec<_> =
                std::iter::once(Subject::Connections(key.org_id)).chain(of_each).collect();
            let unchanged = self.ports.epochs.unchanged_since(seen.mark, &depends_on).await;
            if unchanged.is_ok_and(|unchanged| unchanged) {
                return Ok(seen);
            }
        }
        let mark = self.ports.epochs.mark();
        let connections = self.read(scope, sight, filter).await?.into_iter().map(Arc::new).collect();
        let seen = Arc::new(Seen { mark, connections });
        if seen.connections.len() <= MOST_REMEMBERED {
            self.ports.seen.put(key, Arc::clone(&seen)).await;
        }
        Ok(seen)
    }

    async fn read(
        &self,
        scope: &OrgScope,
        sight: &Sight,
        filter: &ConnectionFilter,
    ) -> Result<Vec<Connection>, CompatibleError> {
        let reader = self.ports.store.read(scope).await?;
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let request = PageRequest { limit: PageRequest::MAX_LIMIT, after };
            let page = reader.connections().list(sight, filter, request).await?;
            found.extend(page.items);
            if found.len() > MOST_CONNECTIONS {
                return Err(CompatibleError::TooMany);
            }
            after = page.next;
            if after.is_none() {
                return Ok(found);
            }
        }
    }

    async fn wire_key(
        &self,
        scope: &OrgScope,
        identity: &ApiKeyIdentity,
    ) -> Result<WireKeySecret, CompatibleError> {
        if let Some(shared) = &self.shared_key {
            return Ok(WireKeySecret { name: Uuid::nil(), secret: shared.clone() });
        }
        let secret = self.ports.secrets.open(scope, &identity.wire_key).await?;
        Ok(WireKeySecret { name: identity.wire_key.place().row, secret })
    }

    /// One of them, with its token where there is one; `None` for what the key may not have a token for, and for what was
    /// removed meanwhile.
    pub async fn token(
        &self,
        caller: &Authorized<ReadTokens>,
        wants: &Wants,
        wanted: &Wanted,
    ) -> Result<Option<CompatibleToken>, CompatibleError> {
        let Wanted { connection, target } = wanted;
        let request = ResourceRequest::all_of(target.clone());
        let lasts = self.ports.tokens.buffer() + TAKES;
        let handed = self.ports.tokens.access_token(caller, connection.id, &request, lasts).await;
        let (handed, status) = match handed {
            Ok(handed) => (Some(handed), connection.status(self.ports.clock.now())),
            Err(error) => match self.status_without(connection, error)? {
                Some(status) => (None, status),
                None => return Ok(None),
            },
        };
        let token = match handed {
            Some(handed) => {
                let name = WireText { id: handed.token_id.uuid(), issued_at: handed.issued_at };
                let encrypted = self.ports.wire.encrypt(&wants.wire_key, name, &handed.access_token).await;
                let access_token = encrypted.ok_or(CompatibleError::Encryption)?;
                Some(Encrypted {
                    access_token,
                    refresh_token: self.refresh_token(caller, wants, connection).await?,
                    resource: handed.resource,
                    expires_at: handed.expires_at,
                    scopes: handed.scopes,
                })
            }
            None => None,
        };
        Ok(Some(CompatibleToken {
            connection_id: connection.id,
            user_id: connection.user_id,
            tenant_id: connection.tenant_id,
            is_share_point: *target == Target::SharePoint,
            status,
            token,
        }))
    }

    async fn refresh_token(
        &self,
        caller: &Authorized<ReadTokens>,
        wants: &Wants,
        connection: &Connection,
    ) -> Result<Option<Arc<[u8]>>, CompatibleError> {
        if !wants.with_refresh_token {
            return Ok(None);
        }
        let Some(token) = self.ports.tokens.refresh_token(caller, connection.id).await? else {
            return Ok(None);
        };
        let encrypted = self.ports.wire.encrypt_once(&wants.wire_key, &token);
        encrypted.map(Some).ok_or(CompatibleError::Encryption)
    }

    /// The state to show where Microsoft gives no token; `None` where there is nothing to show.
    fn status_without(
        &self,
        connection: &Connection,
        error: ConnectionTokenError,
    ) -> Result<Option<ConnectionStatus>, CompatibleError> {
        let now = self.ports.clock.now();
        match error {
            ConnectionTokenError::NotFound
            | ConnectionTokenError::ResourceNotAllowed
            | ConnectionTokenError::RefreshTokenNotAllowed
            | ConnectionTokenError::NoSuchResource => Ok(None),
            ConnectionTokenError::Trouble { connection, .. } => Ok(Some(connection.status(now))),
            ConnectionTokenError::OwnerDisabled { .. } => Ok(Some(ConnectionStatus::Disabled)),
            ConnectionTokenError::OwnRegistration => Ok(Some(ConnectionStatus::ConfigError)),
            ConnectionTokenError::NotUnderstood { .. }
            | ConnectionTokenError::Unavailable { .. }
            | ConnectionTokenError::TooShort { .. }
            | ConnectionTokenError::ReplacedBefore => Ok(Some(connection.status(now))),
            error @ (ConnectionTokenError::Seal(_)
            | ConnectionTokenError::Store(_)
            | ConnectionTokenError::Shared(_)
            | ConnectionTokenError::Unread(_)
            | ConnectionTokenError::Unwritten(_)) => Err(error.into()),
        }
    }
}

fn of_each_resource(connection: &Arc<Connection>) -> impl Iterator<Item = Wanted> + use<> {
    let share_point = connection
        .share_point_host
        .is_some()
        .then(|| Wanted { connection: Arc::clone(connection), target: Target::SharePoint });
    let graph = Wanted { connection: Arc::clone(connection), target: Target::Graph };
    std::iter::once(graph).chain(share_point)
}
