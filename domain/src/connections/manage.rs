//! Seeing, refreshing and disconnecting.

use std::sync::Arc;

use serde_json::json;

use super::{
    Connection, ConnectionTokenError, MintKey, Read, Refresher, Sight, Write, mint::Need,
    standing::is_member_let_in,
};
use crate::{
    access::{Authorized, Permission},
    events::Event,
    id::{ConnectionId, TypedId},
    jobs::Kind,
    store::{Store, StoreError},
};

/// Why a connection could not be seen or removed.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// There is none, or it is not for the caller to see.
    #[error("there is no such connection")]
    NotFound,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is done with connections that are there.
#[derive(Clone)]
pub struct Connections {
    store: Arc<dyn Store>,
    refresher: Refresher,
}

impl Connections {
    pub fn new(store: Arc<dyn Store>, refresher: Refresher) -> Self {
        Self { store, refresher }
    }

    /// A connection that the caller sees.
    pub async fn get(
        &self,
        caller: &Authorized<Read>,
        id: ConnectionId,
    ) -> Result<Connection, ConnectionError> {
        self.visible(caller, id).await
    }

    /// Asks Microsoft for a fresh token, whatever the connection's state: it may have been mended there. Comes back with
    /// how it is after that, or with why that is not known.
    pub async fn refresh(
        &self,
        caller: &Authorized<Write>,
        id: ConnectionId,
    ) -> Result<Connection, ConnectionTokenError> {
        let scope = caller.scope();
        let reader = self.store.read(&scope).await?;
        let connection = reader.connections().get(id).await?;
        let connection = connection.filter(|connection| Sight::of_caller(caller).includes(connection));
        let connection = connection.ok_or(ConnectionTokenError::NotFound)?;
        if !is_member_let_in(reader.as_ref(), connection.user_id).await? {
            return Err(ConnectionTokenError::OwnerDisabled { id });
        }
        drop(reader);
        self.refresher.forget_refusals(id);
        let key = MintKey {
            org_id: scope.org_id(),
            connection_id: id,
            resource: self.refresher.names().graph.clone(),
            scopes: Vec::new(),
        };
        let need = Need { issued_since: Some(self.refresher.now()), ..Need::any() };
        match self.refresher.mint(&scope, key, need).await.map_err(ConnectionTokenError::from) {
            // Its state says it.
            Ok(_) | Err(ConnectionTokenError::Trouble { .. }) => {}
            Err(error) => return Err(error),
        }
        let connection = self.store.read(&scope).await?.connections().get(id).await?;
        connection.ok_or(ConnectionTokenError::NotFound)
    }

    /// Forgets the connection with all its tokens. Microsoft knows no way of taking a single grant back; what was handed
    /// out lasts to its end.
    pub async fn delete(&self, caller: &Authorized<Write>, id: ConnectionId) -> Result<(), ConnectionError> {
        let tx = self.store.begin(&caller.scope()).await?;
        let connection = tx.connections().get(id).await?;
        if !connection.is_some_and(|connection| Sight::of_caller(caller).includes(&connection)) {
            return Err(ConnectionError::NotFound);
        }
        // In the order of a hand-out, which writes the token and then the job: otherwise one waits for the other.
        if !tx.connections().remove(id).await? {
            return Err(ConnectionError::NotFound);
        }
        tx.jobs().cancel(Kind::ConnectionRefresh, id.uuid()).await?;
        tx.commit(Event::new("connection.deleted", json!({ "connectionId": id })).into()).await?;
        self.refresher.forget_refusals(id);
        Ok(())
    }

    /// A connection that the caller sees and may reconnect.
    pub async fn to_reconnect(
        &self,
        caller: &Authorized<Write>,
        id: ConnectionId,
    ) -> Result<Connection, ConnectionError> {
        self.visible(caller, id).await
    }

    async fn visible<P: Permission>(
        &self,
        caller: &Authorized<P>,
        id: ConnectionId,
    ) -> Result<Connection, ConnectionError> {
        let connection = self.store.read(&caller.scope()).await?.connections().get(id).await?;
        let seen = connection.filter(|connection| Sight::of_caller(caller).includes(connection));
        seen.ok_or(ConnectionError::NotFound)
    }
}
