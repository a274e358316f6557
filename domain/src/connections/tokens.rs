//! Handing tokens out.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;

use super::{
    Connection, ConnectionCache, ConnectionTokenError, Flights, HandOut, HandOuts, KnownToken, MintKey,
    ReadTokens, Refresher, ResourceRequest, Sight, StoredToken, Target, mint::Need, resource::covers,
    standing::is_member_let_in,
};
use crate::{
    access::{Authorized, Epochs, Mark, OnBehalfOf, OrgScope, Permission, Principal, SessionCaller, Subject},
    delegation::SharePointHost,
    id::{ConnectionId, ConnectionTokenId, OrgId, TypedId},
    secret::Secrets,
    store::{Store, StoreError},
};

/// The longest life that can be wanted of a token: Entra ID gives none that lives longer.
const LONGEST: TimeDelta = TimeDelta::hours(24);
/// So often what another caller is reading is waited for, when it changes meanwhile.
const SHARED_LOOKS: usize = 3;

/// A permission whose holder gets tokens, or has them used.
pub trait MayUseTokens: Permission {
    /// What the event is called that tells of it.
    const EVENT: &'static str;
}

impl MayUseTokens for ReadTokens {
    const EVENT: &'static str = "connection.token.handed_out";
}

/// A token in its caller's hands.
#[derive(Debug)]
pub struct HandedToken {
    pub access_token: SecretString,
    pub expires_at: DateTime<Utc>,
    /// What it allows, in Microsoft's words.
    pub scopes: Vec<String>,
    pub connection_id: ConnectionId,
    /// The identifier of the resource (`https://graph.microsoft.com`).
    pub resource: String,
    /// Where it is kept; what is there changes with each refresh.
    pub token_id: ConnectionTokenId,
    pub issued_at: DateTime<Utc>,
}

/// Hands tokens of connections out.
#[derive(Clone)]
pub struct ConnectionTokens {
    store: Arc<dyn Store>,
    secrets: Arc<dyn Secrets>,
    epochs: Arc<dyn Epochs>,
    cache: Arc<dyn ConnectionCache>,
    looks: Arc<dyn Flights<LookKey, Look>>,
    refresher: Refresher,
    hand_outs: HandOuts,
}

/// Callers who see the same and ask for the same read it together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LookKey {
    org_id: OrgId,
    id: ConnectionId,
    /// As it was asked for.
    resource: String,
    sight: Sight,
}

/// What a look at what is stored comes to, for all who wait for it.
pub type Look = Result<Arc<Looked>, Arc<StoreError>>;

/// What was found; nothing where there is no such connection, or it is not seen.
#[derive(Debug)]
pub struct Looked {
    /// Taken before it was read.
    mark: Mark,
    found: Option<Found>,
}

#[derive(Debug)]
struct Found {
    connection: Connection,
    is_member_let_in: bool,
    token: Option<StoredToken>,
}

/// What is asked, with what was found out about it.
struct Asked<'a> {
    principal: &'a Principal,
    scope: OrgScope,
    id: ConnectionId,
    request: &'a ResourceRequest,
    need: Need,
    /// What the event is called that tells of it.
    event: &'static str,
}

/// A token that may be handed out, and what the audit tells of it.
struct Ready {
    access_token: SecretString,
    hand_out: HandOut,
}

impl ConnectionTokens {
    pub fn new(
        store: Arc<dyn Store>,
        secrets: Arc<dyn Secrets>,
        epochs: Arc<dyn Epochs>,
        cache: Arc<dyn ConnectionCache>,
        looks: Arc<dyn Flights<LookKey, Look>>,
        refresher: Refresher,
        hand_outs: HandOuts,
    ) -> Self {
        Self { store, secrets, epochs, cache, looks, refresher, hand_outs }
    }

    /// An access token of a connection that the caller sees, for a resource. It has at least `min_ttl` left, and
    /// `TOKEN_REFRESH_BUFFER`, or half its life where that is less; if what is kept has not, Microsoft is asked, once for all who want it at the same time. That the caller had it is written down before this
    /// comes back.
    pub async fn access_token<P: MayUseTokens>(
        &self,
        caller: &Authorized<P>,
        id: ConnectionId,
        request: &ResourceRequest,
        min_ttl: TimeDelta,
    ) -> Result<HandedToken, ConnectionTokenError> {
        let min_ttl = min_ttl.clamp(TimeDelta::zero(), LONGEST);
        let need = Need { min_ttl, is_use: true, ..Need::buffered(self.refresher.policy()) };
        self.handed(asked(caller, id, request, need)).await
    }

    /// The same, of a token from after `issued_at`: the one from then was refused by the resource before its end. `None`
    /// where a newer one would hardly do better: it was had in place of a refused one just like that.
    pub async fn newer_token<P: MayUseTokens>(
        &self,
        caller: &Authorized<P>,
        id: ConnectionId,
        request: &ResourceRequest,
        issued_at: DateTime<Utc>,
    ) -> Result<Option<HandedToken>, ConnectionTokenError> {
        let need = Need::in_place_of(issued_at, self.refresher.policy());
        match self.handed(asked(caller, id, request, need)).await {
            Ok(handed) => Ok(Some(handed)),
            Err(ConnectionTokenError::ReplacedBefore) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// An access token of the caller's own connection: the one that they made themselves, of the very account that they
    /// are signed in with. `newer_than` is the time of issue of one that the resource refused. That it is used is written
    /// down before this comes back.
    pub(super) async fn own(
        &self,
        person: &OnBehalfOf,
        session: &SessionCaller,
        target: Target,
        newer_than: Option<DateTime<Utc>>,
    ) -> Result<HandedToken, ConnectionTokenError> {
        let reader = self.store.read(session.scope()).await?;
        let (user, tenant, object_id) = (person.user_id(), person.tenant(), person.object_id());
        let own = reader.connections().find_by_account(user, tenant, object_id).await?;
        drop(reader);
        let own = own.ok_or(ConnectionTokenError::NotFound)?;
        let policy = self.refresher.policy();
        let need = match newer_than {
            Some(issued_at) => Need::in_place_of(issued_at, policy),
            None => Need { is_use: true, ..Need::buffered(policy) },
        };
        let request = ResourceRequest::all_of(target);
        let (principal, scope) = (session.principal(), session.scope().clone());
        let event = "connection.token.used";
        self.handed(Asked { principal, scope, id: own.id, request: &request, need, event }).await
    }

    /// How long every token lasts at least that is handed out (`TOKEN_REFRESH_BUFFER`), unless it is longer than half
    /// its life.
    pub fn buffer(&self) -> TimeDelta {
        self.refresher.policy().buffer
    }

    async fn handed(&self, asked: Asked<'_>) -> Result<HandedToken, ConnectionTokenError> {
        let Ready { access_token, hand_out } = self.ready(&asked).await?;
        let handed = HandedToken {
            access_token,
            expires_at: hand_out.expires_at,
            scopes: hand_out.scopes.clone(),
            connection_id: asked.id,
            resource: hand_out.resource.clone(),
            token_id: hand_out.token_id,
            issued_at: hand_out.issued_at,
        };
        self.hand_outs.note(&asked.scope, hand_out).await.map_err(ConnectionTokenError::Unwritten)?;
        Ok(handed)
    }

    /// The refresh token of a connection that the caller sees, for an API key that may have it; `None` when there is none.
    /// That the caller had it is written down before this comes back.
    pub async fn refresh_token(
        &self,
        caller: &Authorized<ReadTokens>,
        id: ConnectionId,
    ) -> Result<Option<SecretString>, ConnectionTokenError> {
        let principal = caller.principal();
        if !principal.api_key().is_some_and(|identity| identity.key.include_refresh_token) {
            return Err(ConnectionTokenError::RefreshTokenNotAllowed);
        }
        let scope = caller.scope();
        let reader = self.store.read(&scope).await?;
        let connection = reader.connections().get(id).await?;
        let connection = connection.filter(|connection| Sight::of(principal).includes(connection));
        let connection = connection.ok_or(ConnectionTokenError::NotFound)?;
        if !is_member_let_in(reader.as_ref(), connection.user_id).await? {
            return Err(ConnectionTokenError::OwnerDisabled { id });
        }
        let Some(stored) = reader.connections().refresh_token(id).await? else { return Ok(None) };
        drop(reader);
        let secret = self.secrets.open(&scope, &stored.refresh_token).await?;
        let hand_out = HandOut {
            connection_id: id,
            // One for each that Microsoft gave.
            token_id: ConnectionTokenId::from_uuid(id.uuid()),
            issued_at: connection.refreshed_at,
            expires_at: self.refresher.now() + LONGEST,
            refresh_at: None,
            resource: "refresh_token".to_owned(),
            scopes: Vec::new(),
            event: "connection.refresh_token.handed_out",
        };
        self.hand_outs.note(&scope, hand_out).await.map_err(ConnectionTokenError::Unwritten)?;
        Ok(Some(secret))
    }

    async fn ready(&self, asked: &Asked<'_>) -> Result<Ready, ConnectionTokenError> {
        let key = (asked.scope.org_id(), asked.id, remembered_as(asked.request));
        if let Some(known) = self.remembered(&key, asked).await {
            self.check(asked.principal, &known.connection, asked.request)?;
            return self.open(asked, &known.token).await;
        }
        let looked = self.look(asked).await?;
        let Looked { mark, found: Some(Found { connection, is_member_let_in, token }) } = looked.as_ref()
        else {
            return Err(ConnectionTokenError::NotFound);
        };
        let resource = self.check(asked.principal, connection, asked.request)?;
        if !is_member_let_in {
            return Err(ConnectionTokenError::OwnerDisabled { id: asked.id });
        }
        let now = self.refresher.now();
        let good = token.as_ref().filter(|token| {
            connection.status(now).gives_tokens()
                && covers(&token.scopes, &asked.request.scopes)
                && asked.need.is_met(token.issued_at, token.expires_at, now)
        });
        if let Some(token) = good {
            let ready = self.open(asked, token).await?;
            let (connection, token) = (connection.clone(), token.clone());
            self.cache.put(key, Arc::new(KnownToken { connection, token, mark: *mark })).await;
            return Ok(ready);
        }
        let mint_key = MintKey {
            org_id: asked.scope.org_id(),
            connection_id: asked.id,
            resource: resource.clone(),
            scopes: asked.request.scopes.clone(),
        };
        let minted = self.refresher.mint(&asked.scope, mint_key, asked.need).await?;
        let hand_out = HandOut {
            connection_id: asked.id,
            token_id: minted.token_id,
            issued_at: minted.issued_at,
            expires_at: minted.expires_at,
            refresh_at: Some(minted.refresh_at),
            resource,
            scopes: minted.scopes.clone(),
            event: asked.event,
        };
        Ok(Ready { access_token: minted.access_token.clone(), hand_out })
    }

    /// What is stored, read once for all who ask for it at the same time: a crowd costs no more of the database than one
    /// caller.
    async fn look(&self, asked: &Asked<'_>) -> Result<Arc<Looked>, ConnectionTokenError> {
        let key = LookKey {
            org_id: asked.scope.org_id(),
            id: asked.id,
            resource: remembered_as(asked.request),
            sight: Sight::of(asked.principal),
        };
        for _ in 0..SHARED_LOOKS {
            let is_own = Arc::new(AtomicBool::new(false));
            let work = {
                let (this, scope, key) = (self.clone(), asked.scope.clone(), key.clone());
                let (target, is_own) = (asked.request.target.clone(), Arc::clone(&is_own));
                Box::pin(async move {
                    is_own.store(true, Ordering::Relaxed);
                    this.read(&scope, &key, &target).await.map(Arc::new).map_err(Arc::new)
                })
            };
            let looked = self.looks.join(key.clone(), work).await;
            let looked =
                looked.unwrap_or_else(|| Err(Arc::new(StoreError::Unexpected("a look panicked".into()))));
            let looked = looked.map_err(ConnectionTokenError::Unread)?;
            if is_own.load(Ordering::Relaxed) || self.is_unchanged(asked.id, &looked).await {
                return Ok(looked);
            }
        }
        Ok(Arc::new(self.read(&asked.scope, &key, &asked.request.target).await?))
    }

    /// Whether what somebody else began to read a moment ago is what is stored now.
    async fn is_unchanged(&self, id: ConnectionId, looked: &Looked) -> bool {
        let user = looked.found.as_ref().map(|found| Subject::User(found.connection.user_id));
        let depends_on: Vec<Subject> = std::iter::once(Subject::Connection(id)).chain(user).collect();
        self.epochs.unchanged_since(looked.mark, &depends_on).await.is_ok_and(|unchanged| unchanged)
    }

    async fn read(&self, scope: &OrgScope, key: &LookKey, target: &Target) -> Result<Looked, StoreError> {
        let mark = self.epochs.mark();
        let reader = self.store.read(scope).await?;
        let connection = reader.connections().get(key.id).await?;
        let Some(connection) = connection.filter(|connection| key.sight.includes(connection)) else {
            return Ok(Looked { mark, found: None });
        };
        let is_member_let_in = is_member_let_in(reader.as_ref(), connection.user_id).await?;
        let token = match self.refresher.names().uri(target, connection.share_point_host.as_ref()) {
            Some(resource) => reader.connections().token(key.id, &resource).await?,
            None => None,
        };
        Ok(Looked { mark, found: Some(Found { connection, is_member_let_in, token }) })
    }

    /// What is remembered and still holds.
    async fn remembered(
        &self,
        key: &(OrgId, ConnectionId, String),
        asked: &Asked<'_>,
    ) -> Option<Arc<KnownToken>> {
        let known = self.cache.get(key).await?;
        let depends_on = [Subject::Connection(asked.id), Subject::User(known.connection.user_id)];
        let (issued_at, expires_at) = (known.token.issued_at, known.token.expires_at);
        let holds = asked.need.is_met(issued_at, expires_at, self.refresher.now())
            && self.epochs.unchanged_since(known.mark, &depends_on).await.is_ok_and(|unchanged| unchanged);
        if holds {
            return Some(known);
        }
        self.cache.forget(key).await;
        None
    }

    /// The identifier of the resource, if the caller may have a token of the connection for it.
    fn check(
        &self,
        principal: &Principal,
        connection: &Connection,
        request: &ResourceRequest,
    ) -> Result<String, ConnectionTokenError> {
        if !Sight::of(principal).includes(connection) {
            return Err(ConnectionTokenError::NotFound);
        }
        let own_host = connection.share_point_host.as_ref();
        let resource = self.refresher.names().uri(&request.target, own_host);
        let allowed = principal.api_key().and_then(|identity| identity.key.allowed_resources.as_deref());
        let is_allowed = match (allowed, &resource) {
            (None, _) => true,
            (Some(allowed), Some(resource)) => self.is_listed(allowed, resource, own_host),
            (Some(allowed), None) => allowed.iter().any(|word| word == "sharepoint"),
        };
        if !is_allowed {
            return Err(ConnectionTokenError::ResourceNotAllowed);
        }
        resource.ok_or(ConnectionTokenError::NoSuchResource)
    }

    /// Whether a resource is in a list, however either is spelled.
    fn is_listed(&self, allowed: &[String], resource: &str, own_host: Option<&SharePointHost>) -> bool {
        let uris = allowed.iter().filter_map(|word| Target::parse(word).ok());
        uris.filter_map(|target| self.refresher.names().uri(&target, own_host)).any(|uri| uri == resource)
    }

    async fn open(&self, asked: &Asked<'_>, token: &StoredToken) -> Result<Ready, ConnectionTokenError> {
        let access_token = self.secrets.open(&asked.scope, &token.secret).await?;
        let hand_out = HandOut {
            connection_id: asked.id,
            token_id: token.id,
            issued_at: token.issued_at,
            expires_at: token.expires_at,
            refresh_at: Some(token.refresh_at),
            resource: token.resource.clone(),
            scopes: token.scopes.clone(),
            event: asked.event,
        };
        Ok(Ready { access_token, hand_out })
    }
}

fn asked<'a, P: MayUseTokens>(
    caller: &'a Authorized<P>,
    id: ConnectionId,
    request: &'a ResourceRequest,
    need: Need,
) -> Asked<'a> {
    Asked { principal: caller.principal(), scope: caller.scope(), id, request, need, event: P::EVENT }
}

/// Under what a token is remembered: as it is asked for, since that is all that is known without the connection.
fn remembered_as(request: &ResourceRequest) -> String {
    let target = match &request.target {
        Target::Graph => "graph".to_owned(),
        Target::SharePoint => "sharepoint".to_owned(),
        Target::SharePointHost(host) => format!("sharepoint:{host}"),
        Target::Uri(uri) => uri.clone(),
    };
    format!("{target} {}", request.scopes.join(" "))
}
