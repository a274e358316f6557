//! From a claimed row to the right to work on it: the third way into an organization, beside a credential and an
//! operator.

use std::{sync::Arc, time::Duration};

use uuid::Uuid;

use super::{Actor, Authorized, OrgScope, Origin, scope};
use crate::{
    clock::Clock,
    entropy::Entropy,
    id::OrgId,
    jobs::{Job, JobError, JobQueue, Kind, Lease, Outcome, Settlement, settlement},
    store::StoreError,
};

/// Tenantry itself, at work for one organization whose job was claimed. It is no permission: nobody can be given it.
#[derive(Debug)]
pub struct System;

impl scope::Proof for System {
    type Holder = OrgId;
}

impl Authorized<System> {
    /// The scope of the job's organization.
    pub fn scope(&self) -> OrgScope {
        OrgScope::new(*self.holder(), Actor::System, self.origin().clone())
    }
}

/// A job with the right to do it.
#[derive(Debug)]
pub enum Claimed {
    /// Inside its organization.
    OfOrganization(Job, Authorized<System>),
    /// It belongs to no organization and enters none.
    OfService(Job),
}

impl Claimed {
    pub fn job(&self) -> &Job {
        match self {
            Self::OfOrganization(job, _) | Self::OfService(job) => job,
        }
    }
}

/// Hands out jobs. Built where the process is put together, like [`super::Authentication`]: a false queue could name
/// any organization.
#[derive(Clone)]
pub struct Jobs {
    queue: Arc<dyn JobQueue>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Jobs {
    pub fn new(queue: Arc<dyn JobQueue>, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { queue, clock, entropy }
    }

    /// Makes the rows that the service itself needs, unless they are there.
    pub async fn ensure(&self) -> Result<(), StoreError> {
        self.queue.ensure(Kind::ServiceTidy, Uuid::nil(), self.clock.now()).await
    }

    /// Takes up to as many jobs that are due. One that failed too often without ever coming to an answer (its process
    /// died each time) is given up here.
    pub async fn claim(&self, most: u64) -> Result<Vec<Claimed>, StoreError> {
        let mut claimed = Vec::new();
        for job in self.queue.claim(most).await? {
            let too_often = job.kind.manner().attempts.is_some_and(|most| job.attempt > most);
            let right = match job.org_id {
                Some(org_id) if job.kind.is_of_organization() => {
                    let request_id = format!("job-{}-{}", job.kind.as_str(), job.key);
                    Some(Claimed::OfOrganization(
                        job.clone(),
                        scope::system(org_id, Origin { request_id, ip: None }),
                    ))
                }
                None if !job.kind.is_of_organization() => Some(Claimed::OfService(job.clone())),
                Some(_) | None => None,
            };
            match right {
                Some(right) if !too_often => claimed.push(right),
                Some(_) | None => {
                    tracing::error!(job.kind = job.kind.as_str(), job.key = %job.key, job.attempt, "a job was given up");
                    self.queue.settle(&job.lease, Settlement::GiveUp).await?;
                }
            }
        }
        Ok(claimed)
    }

    /// Settles a job that has run; what became of the row, `None` when the lease was lost meanwhile.
    pub async fn settle(
        &self,
        job: &Job,
        result: &Result<Outcome, JobError>,
    ) -> Result<Option<Settlement>, StoreError> {
        let mut jitter = [0; 4];
        self.entropy.fill(&mut jitter);
        let Some(settlement) = settlement(job, result, self.clock.now(), u32::from_le_bytes(jitter)) else {
            return Ok(Some(Settlement::Done));
        };
        Ok(self.queue.settle(&job.lease, settlement).await?.then_some(settlement))
    }

    /// Gives a job back that was not worked on to its end, such as when the process ends.
    pub async fn release(&self, lease: &Lease) -> Result<bool, StoreError> {
        self.queue.settle(lease, Settlement::Release).await
    }

    /// How long a job has been due.
    pub fn delay(&self, job: &Job) -> Duration {
        (self.clock.now() - job.run_at).to_std().unwrap_or_default()
    }

    /// See [`JobQueue::renew`].
    pub async fn renew(&self, lease: &Lease) -> Result<bool, StoreError> {
        self.queue.renew(lease).await
    }

    /// See [`JobQueue::wait_for_work`].
    pub async fn wait_for_work(&self, at_most: Duration) {
        self.queue.wait_for_work(at_most).await;
    }
}
