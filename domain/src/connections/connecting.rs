//! Connecting an account: from a signed-in session to Microsoft and back.
//!
//! Whoever comes back is taken for the account that Microsoft says it is, by tenant and object id. An account that the
//! member has connected already is given its new grant and keeps its id; a reconnect that comes back as another account
//! changes nothing.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use serde_json::json;
use uuid::Uuid;

use super::{
    Connection, ConnectionError, ConnectionStatus, DeviceState, MintError, MintKey, NewGrant, NewToken,
    Refresher, SharePointHosts, Sight, Trouble, Write, mint::Need,
};
use crate::{
    access::{
        AllowedTenants, Authorized, OrgScope, PERSONAL_ACCOUNTS_TENANT, TenantPolicy, VerificationError,
    },
    delegation::{ClaimsChallenge, SharePointHost},
    events::Event,
    id::{ConnectionId, DeviceSignInId, Ids, TypedId, UserId},
    identity::MicrosoftArrival,
    jobs::Kind,
    secret::SealError,
    store::{Store, StoreError},
};

/// How long a token lasts that Microsoft says nothing of.
const UNSAID: Duration = Duration::from_mins(1);

/// What connecting needs from outside.
#[derive(Clone)]
pub struct ConnectingPorts {
    pub store: Arc<dyn Store>,
    pub allowed_tenants: Arc<dyn AllowedTenants>,
    pub hosts: Arc<dyn SharePointHosts>,
    pub ids: Ids,
}

/// What an account is asked to agree to.
#[derive(Clone, Debug)]
pub struct ConnectingScopes {
    /// Of Microsoft Graph, with those of `OpenID` Connect.
    pub graph: Vec<String>,
    /// Of SharePoint, names alone.
    pub share_point: Vec<String>,
}

/// What a browser is sent to Microsoft with.
#[derive(Clone, Debug)]
pub struct Departing {
    pub scopes: Vec<String>,
    /// The address of the account that is wanted; `None` for any.
    pub login_hint: Option<String>,
    pub claims: Option<ClaimsChallenge>,
}

/// Who came back, and for what.
#[derive(Debug)]
pub struct Arrived {
    pub arrival: MicrosoftArrival,
    /// The connection that is to be mended; `None` for a new one.
    pub reconnects: Option<ConnectionId>,
    /// Where somebody signed in on a device.
    pub device: Option<ArrivedDevice>,
}

/// The device on which somebody signed in.
#[derive(Clone, Copy, Debug)]
pub struct ArrivedDevice {
    /// What is over with the connection.
    pub id: DeviceSignInId,
    /// To whom the grant was given.
    pub public_client: Uuid,
}

/// A connection that works.
#[derive(Debug)]
pub struct Connected {
    pub connection: Connection,
    /// What the person is still to be asked for, now that it is known where it is.
    pub more: Option<Departing>,
}

/// Why an account was not connected.
#[derive(Debug, thiserror::Error)]
pub enum ConnectingError {
    /// There is no such connection, or it is not the caller's to mend.
    #[error("there is no such connection")]
    NotFound,
    /// Somebody else signed in than whose connection it is.
    #[error("another account came back")]
    AnotherAccount { wanted: Option<String> },
    /// Tenants that are not on the list are not connected.
    #[error("accounts of this tenant are not connected")]
    TenantNotAllowed,
    /// Microsoft gave no refresh token, though it was asked for one.
    #[error("Microsoft gave no lasting access")]
    NoGrant,
    /// Whether the tenant is on the list is not known now.
    #[error("it cannot be judged at the moment")]
    Unavailable { retry_after: Duration },
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Connects accounts.
#[derive(Clone)]
pub struct Connecting {
    ports: ConnectingPorts,
    refresher: Refresher,
    policy: TenantPolicy,
    scopes: ConnectingScopes,
}

impl Connecting {
    pub fn new(
        ports: ConnectingPorts,
        refresher: Refresher,
        policy: TenantPolicy,
        scopes: ConnectingScopes,
    ) -> Self {
        Self { ports, refresher, policy, scopes }
    }

    /// What to send a browser to Microsoft with, for a new connection or one that is to be mended.
    pub async fn depart(
        &self,
        caller: &Authorized<Write>,
        reconnects: Option<ConnectionId>,
    ) -> Result<Departing, ConnectionError> {
        let Some(id) = reconnects else { return Ok(self.departing(None, None, None)) };
        let connection = self.ports.store.read(&caller.scope()).await?.connections().get(id).await?;
        let connection = connection.filter(|connection| Sight::of_caller(caller).includes(connection));
        let connection = connection.ok_or(ConnectionError::NotFound)?;
        let host = connection.share_point_host.as_ref();
        Ok(self.departing(host, connection.email.clone(), connection.claims.clone()))
    }

    /// What a code is redeemed for: a token is for one resource, and this one tells the rest.
    pub fn redeemed_scopes(&self) -> &[String] {
        &self.scopes.graph
    }

    fn departing(
        &self,
        host: Option<&SharePointHost>,
        login_hint: Option<String>,
        claims: Option<ClaimsChallenge>,
    ) -> Departing {
        let mut scopes = self.scopes.graph.clone();
        if let Some(host) = host {
            scopes.extend(self.scopes.share_point.iter().map(|scope| format!("https://{host}/{scope}")));
        }
        Departing { scopes, login_hint, claims }
    }

    /// Keeps what an account gave.
    pub async fn arrive(
        &self,
        caller: &Authorized<Write>,
        arrived: Arrived,
    ) -> Result<Connected, ConnectingError> {
        let scope = caller.scope();
        let Arrived { arrival, reconnects, device } = arrived;
        self.check_tenant(&arrival).await?;
        let MicrosoftArrival { identity, tokens } = arrival;
        let refresh_token = tokens.refresh.ok_or(ConnectingError::NoGrant)?;
        let is_personal = identity.tenant == PERSONAL_ACCOUNTS_TENANT;
        let host = if is_personal { None } else { self.ports.hosts.host(&tokens.access).await };
        let now = self.refresher.now();
        let lasts = TimeDelta::from_std(tokens.expires_in.unwrap_or(UNSAID)).unwrap_or_default();
        let policy = self.refresher.policy();
        let connection = Connection {
            id: self.ports.ids.next(),
            user_id: caller.principal().user().id,
            tenant_id: identity.tenant,
            object_id: identity.object_id,
            email: identity.email,
            display_name: identity.display_name,
            share_point_host: host,
            trouble: None,
            told_status: ConnectionStatus::Active,
            claims: None,
            scopes: tokens.scopes.clone(),
            public_client: device.map(|device| device.public_client),
            has_grant: true,
            grant_expires_at: None,
            refreshed_at: now,
            paused_until: None,
            failures: 0,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let token = NewToken {
            id: self.ports.ids.next(),
            resource: self.refresher.names().graph.clone(),
            scopes: tokens.scopes,
            secret: tokens.access,
            issued_at: now,
            expires_at: now + lasts,
            refresh_at: policy.refresh_at(now, lasts, None, self.refresher.jitter()),
        };
        let grant = NewGrant { connection, refresh_token, token };
        let connection = self.keep(caller, &scope, grant, (reconnects, device)).await?;
        self.refresher.forget_refusals(connection.id);
        let more = self.more(&scope, &connection).await;
        Ok(Connected { connection, more })
    }

    async fn check_tenant(&self, arrival: &MicrosoftArrival) -> Result<(), ConnectingError> {
        if self.policy != TenantPolicy::AllowList {
            return Ok(());
        }
        match self.ports.allowed_tenants.contains(arrival.identity.tenant).await {
            Ok(true) => Ok(()),
            Ok(false) | Err(VerificationError::Rejected(_)) => Err(ConnectingError::TenantNotAllowed),
            Err(VerificationError::Unavailable { retry_after }) => {
                Err(ConnectingError::Unavailable { retry_after })
            }
        }
    }

    /// Adds the connection, or gives the one that is there what came.
    async fn keep(
        &self,
        caller: &Authorized<Write>,
        scope: &OrgScope,
        mut grant: NewGrant,
        (reconnects, device): (Option<ConnectionId>, Option<ArrivedDevice>),
    ) -> Result<Connection, ConnectingError> {
        // A race that is lost is settled by the next look.
        for _ in 0..3 {
            let tx = self.ports.store.begin(scope).await?;
            let present = if let Some(id) = reconnects {
                Some(mended(caller, tx.connections().get(id).await?, &grant.connection)?)
            } else {
                let (user, account): (UserId, _) = (grant.connection.user_id, &grant.connection);
                tx.connections().find_by_account(user, account.tenant_id, account.object_id).await?
            };
            let event = if let Some(present) = present {
                let connection = &mut grant.connection;
                (connection.id, connection.user_id) = (present.id, present.user_id);
                (connection.version, connection.created_at) = (present.version + 1, present.created_at);
                if connection.share_point_host.is_none() {
                    connection.share_point_host = present.share_point_host;
                }
                tx.connections().replace(&grant).await?;
                "connection.reconnected"
            } else if tx.connections().add(&grant).await? {
                "connection.created"
            } else {
                continue;
            };
            let connection = &grant.connection;
            if let Some(device) = device {
                tx.devices().finish(device.id, DeviceState::Connected(connection.id)).await?;
            }
            let due = self.refresher.policy().probe_at(self.refresher.now(), self.refresher.jitter());
            tx.jobs().schedule(Kind::ConnectionRefresh, connection.id.uuid(), due).await?;
            let data = json!({
                "connectionId": connection.id, "userId": connection.user_id,
                "tenantId": connection.tenant_id, "scopes": connection.scopes,
            });
            tx.commit(Event::new(event, data).into()).await?;
            return Ok(grant.connection);
        }
        Err(StoreError::Unexpected("a connection that exists could not be read".into()).into())
    }

    /// What the person is still to be asked for: SharePoint, whose place is known only now, unless it gives a token
    /// already.
    async fn more(&self, scope: &OrgScope, connection: &Connection) -> Option<Departing> {
        let host = connection.share_point_host.as_ref().filter(|_| !self.scopes.share_point.is_empty())?;
        let policy = self.refresher.policy();
        let key = MintKey {
            org_id: scope.org_id(),
            connection_id: connection.id,
            resource: format!("https://{host}"),
            scopes: Vec::new(),
        };
        let need = Need::buffered(policy);
        let error = self.refresher.mint(scope, key, need).await.err()?;
        match error.as_ref() {
            MintError::Trouble { trouble: Trouble::Consent, .. } => {
                Some(self.departing(Some(host), connection.email.clone(), None))
            }
            // It works without; whoever asks for a token is told then.
            MintError::Trouble { .. }
            | MintError::NotFound
            | MintError::NoSuchResource
            | MintError::NotUnderstood { .. }
            | MintError::OwnRegistration
            | MintError::Unavailable { .. }
            | MintError::TooShort { .. }
            | MintError::ReplacedBefore
            | MintError::Seal(_)
            | MintError::Store(_) => None,
        }
    }
}

/// The connection that is to be mended, if it is there, the caller's to mend, and of the account that came.
fn mended(
    caller: &Authorized<Write>,
    present: Option<Connection>,
    arrived: &Connection,
) -> Result<Connection, ConnectingError> {
    let present = present.filter(|present| Sight::of_caller(caller).includes(present));
    let present = present.ok_or(ConnectingError::NotFound)?;
    let is_same = (present.tenant_id, present.object_id) == (arrived.tenant_id, arrived.object_id);
    if is_same { Ok(present) } else { Err(ConnectingError::AnotherAccount { wanted: present.email }) }
}
