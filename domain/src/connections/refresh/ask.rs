//! Asking Microsoft, and writing what comes of it.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::{
    super::{
        Connection, GrantError, GrantRefusal, Granted, MintError, MintKey, Minted, Renewal, StoredGrant,
        Trouble, resource::scopes_to_ask, schedule::back_off,
    },
    Ending, Newest, Refresher, Snapshot,
};
use crate::{
    access::OrgScope,
    events::Event,
    id::ConnectionTokenId,
    jobs::{Lease, Settlement},
};

impl Refresher {
    /// When the connection is due, with what was issued just now.
    pub(in crate::connections) fn next(
        &self,
        snapshot: &Snapshot,
        newest: Option<Newest<'_>>,
    ) -> DateTime<Utc> {
        let now = self.now();
        let others = snapshot
            .tokens
            .iter()
            .filter(|token| newest.is_none_or(|newest| token.resource != newest.resource))
            .map(|token| (token.refresh_at, token.used_at));
        let tokens = others.chain(newest.map(|newest| (newest.refresh_at, newest.used_at)));
        let refreshed_at = if newest.is_some() { now } else { snapshot.connection.refreshed_at };
        self.policy.next(tokens, refreshed_at, now, self.jitter())
    }

    /// Asks Microsoft and writes what comes of it.
    pub(in crate::connections) async fn ask(
        &self,
        scope: &OrgScope,
        snapshot: &Snapshot,
        key: &MintKey,
        used_at: Option<DateTime<Utc>>,
        lease: &Lease,
        ending: Ending,
    ) -> Result<Minted, MintError> {
        let connection = &snapshot.connection;
        let had = snapshot.token(&key.resource);
        let scopes =
            scopes_to_ask(&key.resource, &key.scopes, had.map_or(&[], |token| token.scopes.as_slice()));
        match self.redeem(scope, connection, &scopes, lease).await? {
            Ok(granted) => {
                let used_at = used_at.or_else(|| had.and_then(|token| token.used_at));
                let token_id = had.map_or_else(|| self.ports.ids.next(), |token| token.id);
                self.keep(scope, snapshot, key, (token_id, used_at), granted, lease, ending).await
            }
            Err(GrantError::Refused(refusal)) => {
                Err(self.refuse(scope, connection, key, refusal, lease, ending).await?)
            }
            Err(GrantError::NoSuchResource) => Err(MintError::NoSuchResource),
            Err(GrantError::NotUnderstood { codes }) => Err(MintError::NotUnderstood { codes }),
            Err(GrantError::OwnRegistration) => Err(MintError::OwnRegistration),
            // Nothing has happened that anybody should remember.
            Err(GrantError::NotAsked { retry_after }) => Err(MintError::Unavailable { retry_after }),
            Err(GrantError::Throttled { retry_after } | GrantError::Unavailable { retry_after }) => {
                self.pause(scope, connection, retry_after, lease, ending).await
            }
        }
    }

    /// Redeems the refresh token. If it is refused and another one has been stored meanwhile, that one.
    async fn redeem(
        &self,
        scope: &OrgScope,
        connection: &Connection,
        scopes: &[String],
        lease: &Lease,
    ) -> Result<Result<Granted, GrantError>, MintError> {
        let stored = async || -> Result<_, MintError> {
            let reader = self.ports.store.read(scope).await?;
            Ok(reader.connections().refresh_token(connection.id).await?)
        };
        let Some(grant) = stored().await? else {
            let trouble = connection.trouble.unwrap_or(Trouble::Revoked);
            return Err(self.troubled(connection, trouble));
        };
        let redeem = async |grant: &StoredGrant| -> Result<_, MintError> {
            let refresh_token = self.ports.secrets.open(scope, &grant.refresh_token).await?;
            let (tenant, client) = (connection.tenant_id, grant.public_client);
            Ok(self.ports.grants.refresh(tenant, client, &refresh_token, scopes).await)
        };
        let redeemed = redeem(&grant).await?;
        if !matches!(redeemed, Err(GrantError::Refused(_))) {
            return Ok(redeemed);
        }
        match stored().await? {
            Some(newer) if newer.refresh_token != grant.refresh_token => {
                // Two requests may take as long as the lease.
                if !self.ports.queue.renew(lease).await? {
                    return Err(MintError::Unavailable { retry_after: Duration::from_secs(1) });
                }
                redeem(&newer).await
            }
            _ => Ok(redeemed),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "what was read, what was asked and what came of it")]
    async fn keep(
        &self,
        scope: &OrgScope,
        snapshot: &Snapshot,
        key: &MintKey,
        (token_id, used_at): (ConnectionTokenId, Option<DateTime<Utc>>),
        granted: Granted,
        lease: &Lease,
        ending: Ending,
    ) -> Result<Minted, MintError> {
        let connection = &snapshot.connection;
        let now = self.now();
        let lasts = TimeDelta::from_std(granted.expires_in).unwrap_or_default();
        let told = granted.refresh_in.and_then(|wait| TimeDelta::from_std(wait).ok());
        let refresh_at = self.policy.refresh_at(now, lasts, told, self.jitter());
        let next = self.next(snapshot, Some(Newest { resource: &key.resource, refresh_at, used_at }));
        // What was about another resource is not mended by this one.
        let is_mended = connection
            .trouble
            .is_some_and(|trouble| !trouble.is_of_the_resource() || key.resource == self.names.graph);
        let grant_expires_at = granted
            .refresh_expires_in
            .and_then(|lasts| TimeDelta::from_std(lasts).ok())
            .map(|lasts| now + lasts);
        let mut renewed = connection.clone();
        renewed.refreshed_at = now;
        if granted.refresh_token.is_some() {
            renewed.grant_expires_at = grant_expires_at;
        }
        if is_mended {
            (renewed.trouble, renewed.claims) = (None, None);
        }
        let status = renewed.status(now);
        let renewal = Renewal {
            connection,
            token_id,
            resource: &key.resource,
            granted: &granted,
            issued_at: now,
            expires_at: now + lasts,
            refresh_at,
            used_at,
            is_mended,
            grant_expires_at,
            news: (status != connection.told_status).then_some(status),
        };
        let settlement = match ending {
            Ending::WithThis => Some(Settlement::Again(next)),
            Ending::Later => None,
        };
        let is_kept = self.ports.log.keep(scope, &renewal, lease, settlement).await?;
        if !is_kept {
            tracing::info!(connection.id = %connection.id, "a refresh was overtaken; what was newer stays");
        }
        Ok(Minted {
            connection: renewed,
            token_id,
            access_token: granted.access_token,
            scopes: granted.scopes,
            issued_at: now,
            expires_at: now + lasts,
            refresh_at,
        })
    }

    /// Marks the connection, if the refusal is about it and not about what was asked for.
    async fn refuse(
        &self,
        scope: &OrgScope,
        connection: &Connection,
        key: &MintKey,
        refusal: GrantRefusal,
        lease: &Lease,
        ending: Ending,
    ) -> Result<MintError, MintError> {
        let GrantRefusal { trouble, claims, codes } = refusal;
        let is_about_it = trouble.is_of_the_grant() || self.is_everything(key);
        let mut marked = connection.clone();
        if is_about_it {
            marked.trouble = Some(trouble);
            marked.claims = claims.clone();
            marked.has_grant = connection.has_grant && !trouble.ends_the_grant();
        }
        let is_news = (marked.trouble, &marked.claims) != (connection.trouble, &connection.claims);
        if is_news {
            let tx = self.ports.store.begin(scope).await?;
            if !tx.connections().mark(connection, trouble, claims.as_ref()).await? {
                // It was connected anew meanwhile; the refusal is about what was before.
                return Ok(MintError::Unavailable { retry_after: Duration::from_secs(1) });
            }
            if let Ending::WithThis = ending {
                let settlement = if marked.has_grant {
                    Settlement::Again(self.policy.probe_at(self.now(), self.jitter()))
                } else {
                    Settlement::Done
                };
                tx.jobs().settle(lease, settlement).await?;
            }
            let data = json!({
                "connectionId": connection.id, "status": trouble.status().as_str(),
                "reason": trouble.as_str(), "codes": codes,
            });
            tx.commit(Event::new("connection.status.changed", data).into()).await?;
            tracing::info!(
                connection.id = %connection.id, reason = trouble.as_str(), ?codes,
                "a connection needs somebody to do something"
            );
        }
        let consent_url = self.consent.for_trouble(trouble, marked.tenant_id);
        Ok(MintError::Trouble { connection: Box::new(marked), trouble, claims, consent_url })
    }

    async fn pause(
        &self,
        scope: &OrgScope,
        connection: &Connection,
        retry_after: Duration,
        lease: &Lease,
        ending: Ending,
    ) -> Result<Minted, MintError> {
        let own = back_off(connection.failures, self.jitter());
        let wait = own.max(TimeDelta::from_std(retry_after).unwrap_or(own));
        let until = self.now() + wait;
        let settlement = match ending {
            Ending::WithThis => Some(Settlement::Again(until)),
            Ending::Later => None,
        };
        self.ports.log.pause(scope, connection, until, lease, settlement).await?;
        Err(MintError::Unavailable { retry_after: wait.to_std().unwrap_or_default() })
    }
}
