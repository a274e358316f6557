//! How this process hears that what it has cached is stale.
//!
//! The table is the truth. PostgreSQL tells of changes by NOTIFY, on a connection of its own (never through a
//! transaction pooler); on SQLite `PRAGMA data_version` shows that another process wrote. While neither was heard
//! for most of a second, each hit asks the table; when the database is gone too, hot entries go on for a bounded time.
//!
//! A [`Mark`] is a place in the sequence of changes that this process knows of, so "did anything change since" is
//! one comparison of integers as long as nothing did.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    access::{Epochs, EpochsUnavailable, Mark, Subject},
    clock::Clock,
};
use sea_orm::{ConnAcquireErr, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};
use sqlx::postgres::{PgListener, PgNotification, PgPoolOptions};

use crate::db::{Cuts, epochs as table};

/// How long the channel may be silent before each hit asks the table: with the request that asks, a revocation takes less
/// than a second.
const SILENCE: TimeDelta = TimeDelta::milliseconds(800);
/// How PostgreSQL's list of connections names the one that listens.
const LISTENER: &str = "tenantry-revocations";
/// How often the channel is tried while nothing is said.
const BEAT: Duration = Duration::from_millis(300);
/// How long one question to the database may take.
const PATIENCE: Duration = Duration::from_secs(1);
/// Epochs older than this are forgotten. No cached thing lives nearly as long.
const RETENTION: TimeDelta = TimeDelta::days(2);
const TIDY_EVERY: TimeDelta = TimeDelta::hours(1);

/// Knows the epochs that changed since the process started. Clones share one memory.
#[derive(Clone)]
pub struct EpochWatch {
    inner: Arc<Inner>,
}

struct Inner {
    database: DatabaseConnection,
    /// Told when the listening connection ends: those of the pool may have been cut with it.
    cuts: Cuts,
    clock: Arc<dyn Clock>,
    max_stale: TimeDelta,
    /// No other process can write to this database.
    alone: bool,
    sequence: AtomicU64,
    known: RwLock<HashMap<Subject, Known>>,
    heard: Mutex<Heard>,
}

struct Known {
    epoch: i64,
    sequence: u64,
    at: DateTime<Utc>,
}

/// How often it is shown that notifications arrive.
const PROBE_EVERY: TimeDelta = TimeDelta::minutes(1);
/// How many subjects are remembered as asked for while the channel is silent.
const MOST_ASKED: usize = 100_000;

#[derive(Default)]
struct Heard {
    /// When the channel was last known to work.
    channel: Option<DateTime<Utc>>,
    /// When the table was last asked about each subject, since the channel is silent. What was learned of one says
    /// nothing of another.
    asked: HashMap<Subject, DateTime<Utc>>,
}

impl EpochWatch {
    pub(crate) fn new(
        database: DatabaseConnection,
        cuts: Cuts,
        clock: Arc<dyn Clock>,
        max_stale: Duration,
        alone: bool,
    ) -> Self {
        let max_stale = TimeDelta::from_std(max_stale).unwrap_or(TimeDelta::MAX);
        let (sequence, known, heard) = (AtomicU64::new(0), RwLock::default(), Mutex::default());
        Self { inner: Arc::new(Inner { database, cuts, clock, max_stale, alone, sequence, known, heard }) }
    }

    /// Takes over epochs that are known to be written. What is new becomes a change in this process's sequence.
    pub(crate) fn apply(&self, epochs: &[(Subject, i64)]) {
        let mut known = self.inner.known.write().unwrap_or_else(PoisonError::into_inner);
        for (subject, epoch) in epochs {
            if known.get(subject).is_some_and(|known| known.epoch == *epoch) {
                continue;
            }
            let sequence = self.inner.sequence.load(Ordering::Relaxed) + 1;
            known.insert(*subject, Known { epoch: *epoch, sequence, at: self.inner.clock.now() });
            // After the entry: who sees the number must find what it stands for.
            self.inner.sequence.store(sequence, Ordering::Release);
        }
    }

    /// Reads the table and notes that the channel works.
    pub async fn catch_up(&self) -> Result<(), DbErr> {
        let before = self.inner.clock.now();
        let epochs = table::all(&self.inner.database).await?;
        self.apply(&epochs);
        self.heard_channel(before);
        Ok(())
    }

    /// Listens for as long as the process lives.
    pub async fn listen(self) {
        if self.inner.alone {
            // Nobody else writes, and the one connection is not to be kept from those who work.
            return;
        }
        let mut tidied = self.inner.clock.now();
        loop {
            let ended = if self.inner.database.get_database_backend() == DbBackend::Postgres {
                self.listen_postgres(&mut tidied).await.map_err(|error| error.to_string())
            } else {
                self.poll_sqlite(&mut tidied).await.map_err(|error| error.to_string())
            };
            if let Err(error) = ended {
                self.inner.cuts.found();
                tracing::warn!(
                    error,
                    "revocations are not heard of; each request asks the database until they are"
                );
            }
            tokio::time::sleep(BEAT).await;
        }
    }

    async fn listen_postgres(&self, tidied: &mut DateTime<Utc>) -> Result<(), sqlx::Error> {
        let options = self.inner.database.get_postgres_connection_pool().connect_options();
        let own = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(PATIENCE)
            .connect_lazy_with((*options).clone().application_name(LISTENER));
        let mut listener = in_time(PgListener::connect_with(&own)).await?;
        listener.eager_reconnect(false);
        in_time(listener.listen(table::CHANNEL)).await?;
        self.probe(&mut listener).await?;
        // What was written before we listened.
        let caught_up =
            tokio::time::timeout(PATIENCE, self.catch_up()).await.map_err(|_| sqlx::Error::PoolTimedOut)?;
        caught_up.map_err(|error| sqlx::Error::Protocol(error.to_string()))?;
        let mut probed = self.inner.clock.now();
        loop {
            match tokio::time::timeout(BEAT, listener.try_recv()).await {
                Ok(received) => self.take(received?)?,
                Err(_silent) => {
                    let sent = self.inner.clock.now();
                    in_time(sqlx::query("SELECT 1").execute(&mut listener)).await?;
                    self.heard_channel(sent);
                    self.tidy(tidied);
                    if sent - probed >= PROBE_EVERY {
                        self.probe(&mut listener).await?;
                        probed = sent;
                    }
                }
            }
        }
    }

    /// Shows that what one connection tells arrives on the listening one. That the server answers is not enough:
    /// behind a transaction pooler it does, and notifications are lost.
    async fn probe(&self, listener: &mut PgListener) -> Result<(), sqlx::Error> {
        let pool = self.inner.database.get_postgres_connection_pool();
        in_time(sqlx::query("SELECT pg_notify($1, '')").bind(table::CHANNEL).execute(pool)).await?;
        let received = in_time(listener.try_recv()).await.map_err(|_| {
            sqlx::Error::Protocol(
                "notifications do not arrive; is there a transaction pooler in between?".to_owned(),
            )
        })?;
        self.take(received)
    }

    /// Takes a notification over; an empty one is a probe, of this process or another.
    fn take(&self, received: Option<PgNotification>) -> Result<(), sqlx::Error> {
        let heard = self.inner.clock.now();
        let notification = received.ok_or(sqlx::Error::PoolClosed)?;
        if let Some(epoch) = table::parse_notification(notification.payload()) {
            self.apply(&[epoch]);
        }
        self.heard_channel(heard);
        Ok(())
    }

    async fn poll_sqlite(&self, tidied: &mut DateTime<Utc>) -> Result<(), DbErr> {
        let pool = self.inner.database.get_sqlite_connection_pool();
        // The version is a connection's own view of the others, so it must be asked on one and the same.
        let mut connection = pool.acquire().await.map_err(|error| DbErr::Custom(error.to_string()))?;
        let mut seen: Option<i64> = None;
        loop {
            let asked = self.inner.clock.now();
            let version: i64 = sqlx::query_scalar("PRAGMA data_version")
                .fetch_one(&mut *connection)
                .await
                .map_err(|error| DbErr::Custom(error.to_string()))?;
            // The first time too, and after the version is known: what is written in between makes another version.
            if seen != Some(version) {
                let epochs = table::all(&self.inner.database).await?;
                self.apply(&epochs);
            }
            seen = Some(version);
            self.heard_channel(asked);
            self.tidy(tidied);
            tokio::time::sleep(BEAT).await;
        }
    }

    fn heard_channel(&self, at: DateTime<Utc>) {
        let mut heard = self.inner.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.channel = Some(at);
        heard.asked.clear();
    }

    /// Forgets what this process knows of old epochs; the rows are deleted by a job.
    fn tidy(&self, tidied: &mut DateTime<Utc>) {
        let now = self.inner.clock.now();
        if now - *tidied < TIDY_EVERY {
            return;
        }
        *tidied = now;
        let before = now - RETENTION;
        self.inner
            .known
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|_, known| known.at >= before);
    }

    fn known_unchanged(&self, mark: Mark, subjects: &[Subject]) -> bool {
        if self.inner.sequence.load(Ordering::Acquire) <= mark.0 {
            return true;
        }
        let known = self.inner.known.read().unwrap_or_else(PoisonError::into_inner);
        subjects.iter().all(|subject| known.get(subject).is_none_or(|known| known.sequence <= mark.0))
    }

    /// Whether changes made elsewhere are being heard of.
    pub fn is_hearing(&self) -> bool {
        if self.inner.alone {
            return true;
        }
        let heard = self.inner.heard.lock().unwrap_or_else(PoisonError::into_inner).channel;
        heard.is_some_and(|at| (self.inner.clock.now() - at).abs() <= SILENCE)
    }

    async fn ask_table(&self, subjects: &[Subject]) -> Result<(), EpochsUnavailable> {
        let asked = self.inner.clock.now();
        let ask = self.inner.cuts.twice(|| table::of(&self.inner.database, subjects));
        let answer = tokio::time::timeout(PATIENCE, ask).await;
        let mut heard = self.inner.heard.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ok(Ok(epochs)) = answer {
            self.apply(&epochs);
            if heard.asked.len() > MOST_ASKED {
                heard.asked.clear();
            }
            heard.asked.extend(subjects.iter().map(|subject| (*subject, asked)));
            return Ok(());
        }
        let fresh = |at: Option<DateTime<Utc>>| at.is_some_and(|at| asked - at <= self.inner.max_stale);
        let confirmed =
            fresh(heard.channel) || subjects.iter().all(|subject| fresh(heard.asked.get(subject).copied()));
        if confirmed { Ok(()) } else { Err(EpochsUnavailable) }
    }
}

/// A question to the database that is given up in time.
async fn in_time<T>(question: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    tokio::time::timeout(PATIENCE, question).await.map_err(|_| sqlx::Error::PoolTimedOut)?
}

#[async_trait]
impl Epochs for EpochWatch {
    fn mark(&self) -> Mark {
        Mark(self.inner.sequence.load(Ordering::Acquire))
    }

    fn known(&self, subject: Subject) -> i64 {
        let known = self.inner.known.read().unwrap_or_else(PoisonError::into_inner);
        known.get(&subject).map_or(0, |known| known.epoch)
    }

    async fn unchanged_since(&self, mark: Mark, subjects: &[Subject]) -> Result<bool, EpochsUnavailable> {
        if !self.is_hearing() {
            self.ask_table(subjects).await?;
        }
        Ok(self.known_unchanged(mark, subjects))
    }
}

/// The question that tells whether the database answers at all.
pub(crate) async fn ping(database: &DatabaseConnection) -> Result<(), DbErr> {
    #[expect(clippy::disallowed_methods, reason = "it touches no table")]
    let statement = Statement::from_string(database.get_database_backend(), "SELECT 1");
    let answer = tokio::time::timeout(PATIENCE, database.query_one_raw(statement)).await;
    answer.map_err(|_| DbErr::ConnectionAcquire(ConnAcquireErr::Timeout))?.map(|_| ())
}

#[cfg(test)]
mod tests;
