//! The job of a connection, which is due before anybody has to wait.

use chrono::TimeDelta;
use serde_json::json;

use super::{
    Connection, ConnectionStatus, MintError, MintKey, Refresher,
    refresh::Ending,
    standing::{is_member_let_in, is_organization_let_in},
};
use crate::{
    access::{Authorized, OrgScope, System},
    events::Event,
    id::{ConnectionId, TypedId},
    jobs::{Job, JobError, Outcome},
};

/// The shortest rest between two runs of a connection's job.
const REST: TimeDelta = TimeDelta::minutes(1);

impl Refresher {
    /// The work of a connection's job: what is in use is refreshed, what is not is kept alive, and what does not work is
    /// looked at again.
    pub async fn run(&self, job: &Job, system: &Authorized<System>) -> Result<Outcome, JobError> {
        let outcome = self.work(job, system).await?;
        // What was done is done.
        if let Err(error) = self.tell_if_expiring(&system.scope(), ConnectionId::from_uuid(job.key)).await {
            tracing::warn!(%error, "that a connection is about to end is told another time");
        }
        Ok(outcome)
    }

    async fn work(&self, job: &Job, system: &Authorized<System>) -> Result<Outcome, JobError> {
        let scope = system.scope();
        let id = ConnectionId::from_uuid(job.key);
        let snapshot = match self.read(&scope, id).await {
            Ok(snapshot) if snapshot.connection.has_grant => snapshot,
            Ok(_) | Err(MintError::NotFound) => return Ok(Outcome::Done),
            Err(error) => return Err(retry(error)),
        };
        let now = self.now();
        if !self.is_let_in(&scope, &snapshot.connection).await? {
            return Ok(Outcome::Again(self.policy().probe_at(now, self.jitter())));
        }
        if let Some(until) = snapshot.connection.paused_until.filter(|until| *until > now) {
            return Ok(Outcome::Again(until));
        }
        let mut resources: Vec<String> =
            self.policy().due(&snapshot.tokens, now).map(|token| token.resource.clone()).collect();
        let is_idle = self.policy().is_keep_alive_due(snapshot.connection.refreshed_at, now);
        if snapshot.connection.trouble.is_some() || (resources.is_empty() && is_idle) {
            resources = vec![self.names().graph.clone()];
        }
        let mut is_whole = true;
        for resource in resources {
            // Each changes what the next one is compared with.
            let snapshot = self.read(&scope, id).await.map_err(retry)?;
            let key = MintKey { org_id: scope.org_id(), connection_id: id, resource, scopes: Vec::new() };
            let asked = self.ask(&scope, &snapshot, &key, None, &job.lease, Ending::Later).await;
            match asked {
                Ok(_) => {}
                Err(MintError::NoSuchResource | MintError::NotUnderstood { .. }) => is_whole = false,
                Err(MintError::Trouble { connection, .. }) if !connection.has_grant => {
                    return Ok(Outcome::Done);
                }
                Err(MintError::Trouble { connection, .. }) if connection.trouble.is_none() => {
                    is_whole = false;
                }
                Err(MintError::Trouble { .. }) => {
                    return Ok(Outcome::Again(self.policy().probe_at(self.now(), self.jitter())));
                }
                Err(MintError::Unavailable { retry_after }) => {
                    let wait = TimeDelta::from_std(retry_after).unwrap_or(REST);
                    return Ok(Outcome::Again(self.now() + wait));
                }
                Err(MintError::OwnRegistration) => {
                    return Ok(Outcome::Again(self.now() + REST));
                }
                Err(error) => return Err(retry(error)),
            }
        }
        let snapshot = self.read(&scope, id).await.map_err(retry)?;
        // What could not be had now is not asked for again at once.
        let rest = if is_whole { REST } else { self.policy().cycle };
        Ok(Outcome::Again(self.next(&snapshot, None).max(self.now() + rest)))
    }
}

impl Refresher {
    /// Tells once that a connection is about to end: its job looks at each of them once a day at least.
    async fn tell_if_expiring(&self, scope: &OrgScope, id: ConnectionId) -> Result<(), JobError> {
        const EXPIRING: ConnectionStatus = ConnectionStatus::Expiring;
        let Some(connection) = self.reader(scope).await?.connections().get(id).await? else { return Ok(()) };
        if connection.status(self.now()) != EXPIRING || connection.told_status == EXPIRING {
            return Ok(());
        }
        let tx = self.begin(scope).await?;
        if tx.connections().note_status(&connection, EXPIRING).await? {
            let data = json!({
                "connectionId": id, "status": EXPIRING.as_str(), "refreshedAt": connection.refreshed_at,
                "grantExpiresAt": connection.grant_expires_at,
            });
            tx.commit(Event::new("connection.status.changed", data).into()).await?;
        }
        Ok(())
    }

    /// Whether anybody could have a token of it. Where not, nothing is refreshed: a grant outlives what can be restored.
    async fn is_let_in(&self, scope: &OrgScope, connection: &Connection) -> Result<bool, JobError> {
        let reader = self.reader(scope).await?;
        Ok(is_organization_let_in(reader.as_ref()).await?
            && is_member_let_in(reader.as_ref(), connection.user_id).await?)
    }
}

fn retry(error: MintError) -> JobError {
    JobError::Retry { after: None, source: Box::new(error) }
}
