//! Those who work in the background: they claim what is due, carry it out a few at a time, and let it finish when the
//! process is asked to end.

mod work;

use std::{
    collections::HashMap,
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use domain::{
    access::{Claimed, Jobs},
    jobs::{Job, JobError, LEASE, Lease, Outcome, Settlement},
};
use futures_util::FutureExt;
use tokio::task::{Id, JoinSet};
use tracing::Instrument;

pub(crate) use self::work::Work;
use crate::{auth::chain, metrics};

/// How much a process does at once.
const AT_ONCE: usize = 8;

/// How long nothing is looked for when nothing was due: what other replicas schedule is found soon after.
const REST: Duration = Duration::from_secs(1);

/// The least time between two looks, however often somebody wakes.
const LEAST_REST: Duration = Duration::from_millis(100);

/// How long running jobs may take to finish when the process is asked to end.
const DRAIN: Duration = Duration::from_secs(20);

/// Two of these, and the time to ask, are within a lease: one renewal may fail.
const RENEW_EVERY: Duration = Duration::from_secs(15);
const RENEW_WITHIN: Duration = Duration::from_secs(5);

/// The workers of a process.
#[derive(Clone)]
pub struct Worker {
    jobs: Jobs,
    work: Arc<Work>,
}

impl Worker {
    pub(crate) fn new(jobs: Jobs, work: Work) -> Self {
        Self { jobs, work: Arc::new(work) }
    }

    /// Works until it is asked to end, then lets what runs finish, for a bounded time. What does not is given back.
    pub async fn run(self, asked_to_end: impl Future<Output = ()>) {
        tokio::pin!(asked_to_end);
        let mut running = JoinSet::new();
        let mut leases: HashMap<Id, Lease> = HashMap::new();
        let mut is_set_up = false;
        loop {
            while let Some(ended) = running.try_join_next_with_id() {
                forget(&mut leases, &ended);
            }
            let free = AT_ONCE - running.len();
            let claimed = self.look(&mut is_set_up, free).await;
            for claimed in claimed {
                let lease = claimed.job().lease.clone();
                let task = running.spawn(self.clone().carry_out(claimed));
                leases.insert(task.id(), lease);
            }
            let rest = async {
                if running.len() == AT_ONCE {
                    if let Some(ended) = running.join_next_with_id().await {
                        forget(&mut leases, &ended);
                    }
                } else {
                    tokio::time::sleep(LEAST_REST).await;
                    self.jobs.wait_for_work(REST).await;
                }
            };
            tokio::select! {
                biased;
                () = &mut asked_to_end => break,
                () = rest => {}
            }
        }
        self.drain(running, leases).await;
    }

    /// Carries out everything that is due now, one after the other; how many. For a test, whose clock stands still.
    pub async fn turn(&self) -> anyhow::Result<u64> {
        self.jobs.ensure().await?;
        let mut done = 0;
        loop {
            let claimed = self.jobs.claim(1).await?;
            if claimed.is_empty() {
                return Ok(done);
            }
            for claimed in claimed {
                self.clone().carry_out(claimed).await;
                done += 1;
            }
            anyhow::ensure!(done < 10_000, "there is no end of what is due");
        }
    }

    /// What is due; nothing while the database does not answer.
    async fn look(&self, is_set_up: &mut bool, free: usize) -> Vec<Claimed> {
        let looked = async {
            if !*is_set_up {
                self.jobs.ensure().await?;
                *is_set_up = true;
            }
            if free == 0 { Ok(Vec::new()) } else { self.jobs.claim(free as u64).await }
        };
        looked.await.unwrap_or_else(|error| {
            tracing::warn!(error = chain(&error), "jobs cannot be claimed; they wait");
            Vec::new()
        })
    }

    /// Carries a job out and settles it, unless its lease is lost meanwhile: then somebody else does it.
    async fn carry_out(self, claimed: Claimed) {
        let job = claimed.job().clone();
        let span = tracing::info_span!(
            "job",
            job.kind = job.kind.as_str(),
            job.key = %job.key,
            job.attempt,
            org.id = job.org_id.map(tracing::field::display),
        );
        async {
            metrics::count_job_delay(job.kind.as_str(), self.jobs.delay(&job));
            let started = Instant::now();
            let result = tokio::select! {
                result = self.do_it(&claimed) => Some(result),
                () = self.keep(&job.lease) => None,
            };
            let word = match result {
                Some(result) => self.settle(&job, &result).await,
                None => "lost",
            };
            if word == "lost" {
                tracing::warn!("the lease was lost; somebody else does the job");
            }
            metrics::count_job(job.kind.as_str(), word, started.elapsed());
        }
        .instrument(span)
        .await;
    }

    async fn do_it(&self, claimed: &Claimed) -> Result<Outcome, JobError> {
        AssertUnwindSafe(self.work.carry_out(claimed))
            .catch_unwind()
            .await
            .unwrap_or_else(|_panic| Err(JobError::Retry { after: None, source: "the job panicked".into() }))
    }

    /// Renews the lease while it can; ends when it is lost, or may be.
    async fn keep(&self, lease: &Lease) {
        let lasts = LEASE.to_std().unwrap_or_default();
        let mut held = Instant::now();
        loop {
            tokio::time::sleep(RENEW_EVERY).await;
            let asked = Instant::now();
            // While the database does not answer nobody can take the lease, but it may answer others.
            match tokio::time::timeout(RENEW_WITHIN, self.jobs.renew(lease)).await {
                Ok(Ok(true)) => held = asked,
                Ok(Ok(false)) => return,
                Ok(Err(_)) | Err(_) => {}
            }
            if held.elapsed() + RENEW_EVERY + RENEW_WITHIN > lasts {
                return;
            }
        }
    }

    /// Settles the row; the word of what became of it.
    async fn settle(&self, job: &Job, result: &Result<Outcome, JobError>) -> &'static str {
        let settled = match self.jobs.settle(job, result).await {
            Ok(settled) => settled,
            Err(error) => {
                // The lease runs out, and the job is done again.
                tracing::warn!(error = chain(&error), "a job could not be settled");
                return "unsettled";
            }
        };
        if let Err(error) = result {
            tracing::warn!(error = chain(error), settlement = ?settled, "a job failed");
        }
        match settled {
            None => "lost",
            Some(Settlement::Done | Settlement::Again(_) | Settlement::Release | Settlement::AsItWas) => {
                "done"
            }
            Some(Settlement::Retry(_)) => "failed",
            Some(Settlement::GiveUp) => "given_up",
        }
    }

    async fn drain(&self, mut running: JoinSet<()>, leases: HashMap<Id, Lease>) {
        let mut leases = leases;
        let finish = async {
            while let Some(ended) = running.join_next_with_id().await {
                forget(&mut leases, &ended);
            }
        };
        if tokio::time::timeout(DRAIN, finish).await.is_ok() {
            return;
        }
        tracing::warn!(jobs = leases.len(), "jobs that were still running are given back");
        running.shutdown().await;
        for lease in leases.values() {
            if let Err(error) = self.jobs.release(lease).await {
                tracing::warn!(error = chain(&error), "a job could not be given back; its lease runs out");
            }
        }
    }
}

fn forget(leases: &mut HashMap<Id, Lease>, ended: &Result<(Id, ()), tokio::task::JoinError>) {
    let id = match ended {
        Ok((id, ())) => *id,
        Err(error) => error.id(),
    };
    leases.remove(&id);
}
