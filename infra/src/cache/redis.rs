//! One Redis, which may be slow or gone: whoever asks gets an answer in time, or none. One that did not answer is left
//! alone for a second, so that requests do not each wait for it; one of them tries again then.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::{Duration, Instant},
};

use redis::{
    AsyncCommands, Client, ErrorKind, RedisError, RedisResult,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use secrecy::{ExposeSecret, SecretString};

/// How long a request waits for Redis.
const PATIENCE: Duration = Duration::from_millis(50);
const CONNECT_PATIENCE: Duration = Duration::from_secs(1);
/// How long a Redis that did not answer is left alone.
const PAUSE: Duration = Duration::from_secs(1);

/// The connection that everything in this process shares.
pub struct SharedRedis {
    manager: ConnectionManager,
    began: Instant,
    /// Not before this many milliseconds since the beginning is Redis asked again.
    not_before: AtomicU64,
    is_down: AtomicBool,
}

impl SharedRedis {
    /// Connects when it is first used, and again whenever the connection is lost.
    pub fn new(url: &SecretString) -> Result<Self, RedisError> {
        let config = ConnectionManagerConfig::new()
            .set_response_timeout(Some(PATIENCE))
            .set_connection_timeout(Some(CONNECT_PATIENCE))
            .set_max_delay(PAUSE)
            .set_number_of_retries(1);
        let manager = ConnectionManager::new_lazy_with_config(Client::open(url.expose_secret())?, config)?;
        let (not_before, is_down) = (AtomicU64::new(0), AtomicBool::new(false));
        Ok(Self { manager, began: Instant::now(), not_before, is_down })
    }

    /// Whether it answers, for who wants to know why it does not.
    pub async fn probe(&self) -> Result<(), RedisError> {
        let mut redis = self.manager.clone();
        let asked = tokio::time::timeout(CONNECT_PATIENCE * 3, redis.ping::<()>());
        asked.await.unwrap_or_else(|_| Err((ErrorKind::Io, "it did not answer in time").into()))
    }

    /// Asks, unless Redis is being left alone. `None` when there is no answer in time.
    pub(crate) async fn ask<T, F: Future<Output = RedisResult<T>>>(
        &self,
        question: impl FnOnce(ConnectionManager) -> F,
    ) -> Option<T> {
        if !self.may_ask() {
            return None;
        }
        match tokio::time::timeout(PATIENCE, question(self.manager.clone())).await {
            Ok(Ok(answer)) => {
                self.answered();
                Some(answer)
            }
            Ok(Err(error)) => {
                self.failed(&error.to_string());
                None
            }
            Err(_) => {
                self.failed("it took too long");
                None
            }
        }
    }

    /// Whether Redis is to be asked now: always while it answers, by one request in a while when it does not.
    fn may_ask(&self) -> bool {
        let not_before = self.not_before.load(Ordering::Relaxed);
        if not_before == 0 {
            return true;
        }
        let now = self.milliseconds();
        if now < not_before {
            return false;
        }
        let next = now + milliseconds(PAUSE);
        self.not_before.compare_exchange(not_before, next, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    fn milliseconds(&self) -> u64 {
        milliseconds(self.began.elapsed())
    }

    fn answered(&self) {
        self.not_before.store(0, Ordering::Relaxed);
        if self.is_down.swap(false, Ordering::Relaxed) {
            tracing::info!("Redis answers again: replicas share rate limits and tokens");
        }
    }

    fn failed(&self, reason: &str) {
        self.not_before.store(self.milliseconds() + milliseconds(PAUSE), Ordering::Relaxed);
        if !self.is_down.swap(true, Ordering::Relaxed) {
            tracing::warn!(reason, "Redis does not answer: each replica works for itself");
        }
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
