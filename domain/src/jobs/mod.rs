//! Work in the background: what is due, who works on it, and what becomes of it.
//!
//! A job is a row with a kind, a key, a time and perhaps an organization, and no content: what is to be done is found
//! by the key in the organization's own tables. The row *is* the due-queue (a connection's next refresh is the
//! `run_at` of its row), and its lease is what keeps two replicas from doing the same thing at once. What a reader
//! would get wrong: a job runs **at least** once. Its process may die after the work and before the row is settled, so
//! the work must bear being done again, or settle the row in its own transaction ([`JobRepository::settle`]).

mod tidy;

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

pub use self::tidy::{Forget, Tidy};
use crate::{id::OrgId, store::StoreError};

type Source = Box<dyn std::error::Error + Send + Sync>;

/// How long a lease lasts when it is not renewed: the longest that work rests after its process died. The clocks of
/// replicas must agree to well within it, as they must for tokens.
pub const LEASE: TimeDelta = TimeDelta::seconds(60);

/// How long a job that was given up stays to be looked at.
pub const GIVEN_UP_KEPT: TimeDelta = TimeDelta::days(30);

/// What a job is about. A worker claims the kinds it knows and leaves those of a newer version alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A connection's tokens are refreshed. The key is the connection's id, and the row's lease is the right to ask
    /// Microsoft for it.
    ConnectionRefresh,
    /// The tenant of a connected organization is looked at. The key is the organization's id.
    ConsentProbe,
    /// The proof of a tenant's consent is looked for. The key is the organization's id.
    ConsentProof,
    /// A deleted organization is purged. The key is the organization's id.
    OrganizationPurge,
    /// What has expired in one organization is forgotten. The key is the organization's id.
    OrganizationTidy,
    /// What has expired in the global tables is forgotten. There is one row.
    ServiceTidy,
    /// The people of a tenant are brought in. The key is the organization's id.
    UsersImport,
}

/// How a kind of job is carried out.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// After as many failures in a row it is given up; `None`: never.
    pub attempts: Option<i64>,
    /// The pause after the first failure; doubled after each further one until the longest.
    pub first_pause: TimeDelta,
    pub longest_pause: TimeDelta,
}

impl Kind {
    pub const ALL: &[Self] = &[
        Self::ConnectionRefresh,
        Self::ConsentProbe,
        Self::ConsentProof,
        Self::OrganizationPurge,
        Self::OrganizationTidy,
        Self::ServiceTidy,
        Self::UsersImport,
    ];

    /// The word in the table, in logs and in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ConnectionRefresh => "connection.refresh",
            Self::ConsentProbe => "consent.probe",
            Self::ConsentProof => "consent.proof",
            Self::OrganizationPurge => "organization.purge",
            Self::OrganizationTidy => "organization.tidy",
            Self::ServiceTidy => "service.tidy",
            Self::UsersImport => "users.import",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == word)
    }

    /// Whether its rows belong to organizations.
    pub fn is_of_organization(self) -> bool {
        match self {
            Self::ConnectionRefresh
            | Self::ConsentProbe
            | Self::ConsentProof
            | Self::OrganizationPurge
            | Self::OrganizationTidy
            | Self::UsersImport => true,
            Self::ServiceTidy => false,
        }
    }

    pub fn manner(self) -> Manner {
        match self {
            // It comes back by itself, so a failure is no reason to stop.
            Self::ConsentProbe | Self::OrganizationPurge | Self::OrganizationTidy | Self::ServiceTidy => {
                Manner {
                    attempts: None,
                    first_pause: TimeDelta::minutes(1),
                    longest_pause: TimeDelta::hours(6),
                }
            }
            // What Microsoft wants is decided by itself; this is for a database that does not answer.
            Self::ConnectionRefresh => Manner {
                attempts: None,
                first_pause: TimeDelta::seconds(30),
                longest_pause: TimeDelta::minutes(10),
            },
            // It ends by itself after a quarter of an hour.
            Self::ConsentProof => Manner {
                attempts: None,
                first_pause: TimeDelta::seconds(2),
                longest_pause: TimeDelta::minutes(1),
            },
            // It gives up by itself, so that whoever waits is told.
            Self::UsersImport => Manner {
                attempts: None,
                first_pause: TimeDelta::seconds(5),
                longest_pause: TimeDelta::minutes(5),
            },
        }
    }
}

/// A job that was claimed.
#[derive(Clone, Debug)]
pub struct Job {
    pub kind: Kind,
    pub key: Uuid,
    pub org_id: Option<OrgId>,
    /// When it became due.
    pub run_at: DateTime<Utc>,
    /// The number of this attempt since it last succeeded or was scheduled, from 1.
    pub attempt: i64,
    pub lease: Lease,
}

/// The right to work on a row, until it ends, is settled or is lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    pub kind: Kind,
    pub key: Uuid,
    /// Drawn anew for each claim, so that a lease that was lost is told from the one that came after it.
    pub owner: Uuid,
    /// How often the row had been scheduled when it was claimed: what is scheduled anew meanwhile stays due.
    pub version: i64,
}

/// What becomes of a row that was leased. Where the row was scheduled anew meanwhile, that stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// The row goes.
    Done,
    /// It worked, and is due again.
    Again(DateTime<Utc>),
    /// It failed, and is tried again.
    Retry(DateTime<Utc>),
    /// It failed for the last time: the row stays to be looked at and is not claimed again.
    GiveUp,
    /// It was not worked on, and the attempt does not count.
    Release,
    /// The lease was taken by [`JobQueue::try_lease`] and the row stays as it was.
    AsItWas,
}

/// What became of a job that was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// It is due again.
    Again(DateTime<Utc>),
    /// The work settled the row in its own transaction.
    Settled,
}

/// Why a job failed.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// Another try may help; not before `after` where somebody said so.
    #[error("the job failed and is tried again")]
    Retry { after: Option<Duration>, source: Source },
    /// Another try would fail the same way.
    #[error("the job failed for good")]
    Hopeless(#[source] Source),
}

impl From<StoreError> for JobError {
    fn from(error: StoreError) -> Self {
        Self::Retry { after: None, source: Box::new(error) }
    }
}

/// What becomes of the row when a job has run; `None` when the work settled it. `jitter` is a random number: each
/// pause is between half of itself and the whole, so that what failed together does not come back together.
pub fn settlement(
    job: &Job,
    result: &Result<Outcome, JobError>,
    now: DateTime<Utc>,
    jitter: u32,
) -> Option<Settlement> {
    match result {
        Ok(Outcome::Done) => Some(Settlement::Done),
        Ok(Outcome::Again(run_at)) => Some(Settlement::Again(*run_at)),
        Ok(Outcome::Settled) => None,
        Err(JobError::Hopeless(_)) => Some(Settlement::GiveUp),
        Err(JobError::Retry { after, .. }) => {
            let manner = job.kind.manner();
            if manner.attempts.is_some_and(|most| job.attempt >= most) {
                return Some(Settlement::GiveUp);
            }
            let told = after.and_then(|after| TimeDelta::from_std(after).ok()).unwrap_or_default();
            Some(Settlement::Retry(now + pause(manner, job.attempt, jitter).max(told)))
        }
    }
}

/// The pause after a failed attempt.
fn pause(manner: Manner, attempt: i64, jitter: u32) -> TimeDelta {
    let doublings = u32::try_from(attempt - 1).unwrap_or(30).min(30);
    let whole = manner
        .first_pause
        .num_milliseconds()
        .saturating_mul(1 << doublings)
        .min(manner.longest_pause.num_milliseconds());
    let half = whole / 2;
    TimeDelta::milliseconds(half + i64::from(jitter) * half / i64::from(u32::MAX))
}

/// What asking for a row's lease gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leasing {
    /// Nobody else works on it until the lease ends or is given back.
    Taken(Lease),
    /// Somebody does; [`JobQueue::wait_until_free`] waits for them.
    Busy,
    /// There is no such row.
    Absent,
}

/// The rows of all organizations, for those who work on them: ids and times, never content.
#[async_trait]
pub trait JobQueue: Send + Sync {
    /// Makes a row that belongs to no organization unless it is there.
    async fn ensure(&self, kind: Kind, key: Uuid, run_at: DateTime<Utc>) -> Result<(), StoreError>;

    /// Takes up to as many rows that are due, longest due first, each with a lease of [`LEASE`]. No two calls get the
    /// same row while its lease lasts, on whatever replica.
    async fn claim(&self, most: u64) -> Result<Vec<Job>, StoreError>;

    /// Makes a lease last [`LEASE`] from now. `false`: it was lost, and whoever works on the row must stop.
    async fn renew(&self, lease: &Lease) -> Result<bool, StoreError>;

    /// Ends a lease. `false`: it was lost, and nothing was changed.
    async fn settle(&self, lease: &Lease, settlement: Settlement) -> Result<bool, StoreError>;

    /// Takes the lease of a row of the organization whether it is due or not: what a request needs at once is done by
    /// one replica, and the others wait for it. The lease is the database's, so losing a cache doubles nothing.
    async fn try_lease(&self, org_id: OrgId, kind: Kind, key: Uuid) -> Result<Leasing, StoreError>;

    /// Waits until nobody works on the row, at most as long as `patience`; `false` when somebody still does.
    async fn wait_until_free(&self, kind: Kind, key: Uuid, patience: Duration) -> Result<bool, StoreError>;

    /// Waits until this process scheduled something that is due, at most as long as `at_most`. What other replicas
    /// schedule is not heard of here.
    async fn wait_for_work(&self, at_most: Duration);
}

/// The jobs of one organization, in a unit of work: they are made, moved and deleted in the transaction of the change
/// that calls for it.
#[async_trait]
pub trait JobRepository: Send + Sync {
    /// The job is due at `run_at` from now on, whether there was one or not. Its failures are forgotten; one that runs
    /// at the moment runs to its end, and the row stays.
    async fn schedule(&self, kind: Kind, key: Uuid, run_at: DateTime<Utc>) -> Result<(), StoreError>;

    /// The same, but a job that is there stays as it is. `false` when there is one.
    async fn schedule_if_absent(
        &self,
        kind: Kind,
        key: Uuid,
        run_at: DateTime<Utc>,
    ) -> Result<bool, StoreError>;

    /// Deletes the job. One that runs at the moment loses its lease. `false` when there is none.
    async fn cancel(&self, kind: Kind, key: Uuid) -> Result<bool, StoreError>;

    /// When the job is due; `None` when there is none, or it was given up.
    async fn due_at(&self, kind: Kind, key: Uuid) -> Result<Option<DateTime<Utc>>, StoreError>;

    /// Ends a lease together with the work: both last or neither. `false`: the lease was lost, somebody else works on
    /// it by now, and the transaction should not be committed.
    async fn settle(&self, lease: &Lease, settlement: Settlement) -> Result<bool, StoreError>;

    /// Whether the lease still holds; if so, nobody takes it before the transaction ends.
    async fn hold(&self, lease: &Lease) -> Result<bool, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(attempt: i64) -> Job {
        let (kind, key) = (Kind::ServiceTidy, Uuid::nil());
        let lease = Lease { kind, key, owner: Uuid::nil(), version: 1 };
        Job { kind, key, org_id: None, run_at: DateTime::UNIX_EPOCH, attempt, lease }
    }

    fn failed(after: Option<Duration>) -> Result<Outcome, JobError> {
        Err(JobError::Retry { after, source: "down".into() })
    }

    fn pause_of(attempt: i64, jitter: u32) -> TimeDelta {
        pause(Kind::ServiceTidy.manner(), attempt, jitter)
    }

    #[test]
    fn every_kind_has_a_word_of_its_own() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str()), Some(*kind));
        }
        assert_eq!(Kind::parse("unknown"), None);
    }

    #[test]
    fn pauses_double_until_the_longest_and_are_spread_over_their_second_half() {
        assert_eq!(pause_of(1, u32::MAX), TimeDelta::minutes(1));
        assert_eq!(pause_of(1, 0), TimeDelta::seconds(30));
        assert_eq!(pause_of(3, u32::MAX), TimeDelta::minutes(4));
        assert_eq!(pause_of(i64::MAX, u32::MAX), TimeDelta::hours(6));
        assert_eq!(pause_of(i64::MAX, 0), TimeDelta::hours(3));
    }

    #[test]
    fn a_pause_that_somebody_asked_for_is_kept() {
        let now = DateTime::UNIX_EPOCH;
        let settled = settlement(&job(1), &failed(Some(Duration::from_hours(1))), now, 0);
        assert_eq!(settled, Some(Settlement::Retry(now + TimeDelta::hours(1))));
        let settled = settlement(&job(1), &failed(Some(Duration::from_secs(1))), now, 0);
        assert_eq!(settled, Some(Settlement::Retry(now + TimeDelta::seconds(30))));
    }

    #[test]
    fn what_cannot_be_helped_is_given_up_at_once() {
        let result = Err(JobError::Hopeless("no".into()));
        assert_eq!(settlement(&job(1), &result, DateTime::UNIX_EPOCH, 0), Some(Settlement::GiveUp));
    }
}
