//! Rate limits that all replicas share, in Redis.
//!
//! Which way it fails: open to the limits of each process. A Redis that does not answer in time is left alone for a
//! second, so that requests do not each wait for it; one of them tries again then.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use domain::rate::{Draw, SharedRates, SharedRatesUnavailable, Standing};
use redis::{
    Client, RedisError, Script,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use secrecy::{ExposeSecret, SecretString};

/// How long a request waits for Redis.
const PATIENCE: Duration = Duration::from_millis(50);
const CONNECT_PATIENCE: Duration = Duration::from_secs(1);
/// How long a Redis that did not answer is left alone.
const PAUSE: Duration = Duration::from_secs(1);

/// GCRA by Redis' own clock, so that the clocks of replicas do not matter. A key holds the moment at which its
/// allowance is whole again, in microseconds, and lives until then.
const TAKE: &str = r"
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local standings = {}
for i, key in ipairs(KEYS) do
  local interval = tonumber(ARGV[2 * i - 1])
  local burst = tonumber(ARGV[2 * i])
  local whole = math.max(tonumber(redis.call('GET', key) or now), now)
  local wait = whole + interval - interval * burst - now
  if wait > 0 then
    standings[i] = { 0, math.ceil(whole - now), math.ceil(wait) }
    return standings
  end
  whole = whole + interval
  redis.call('SET', key, string.format('%.3f', whole), 'PX', math.ceil((whole - now) / 1000))
  standings[i] = { math.floor(burst - (whole - now) / interval), math.ceil(whole - now), 0 }
end
return standings
";

/// Limits in one Redis.
pub struct RedisRates {
    manager: ConnectionManager,
    script: Script,
    began: Instant,
    /// Not before this many milliseconds since the beginning is Redis asked again.
    not_before: AtomicU64,
    is_down: AtomicBool,
}

impl RedisRates {
    /// Connects when it is first used, and again whenever the connection is lost.
    pub fn new(url: &SecretString) -> Result<Self, RedisError> {
        let config = ConnectionManagerConfig::new()
            .set_response_timeout(Some(PATIENCE))
            .set_connection_timeout(Some(CONNECT_PATIENCE))
            .set_max_delay(PAUSE)
            .set_number_of_retries(1);
        let manager = ConnectionManager::new_lazy_with_config(Client::open(url.expose_secret())?, config)?;
        let (not_before, is_down) = (AtomicU64::new(0), AtomicBool::new(false));
        Ok(Self { manager, script: Script::new(TAKE), began: Instant::now(), not_before, is_down })
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
            tracing::info!("Redis answers again: rate limits hold over all replicas");
        }
    }

    fn failed(&self, reason: &str) {
        self.not_before.store(self.milliseconds() + milliseconds(PAUSE), Ordering::Relaxed);
        if !self.is_down.swap(true, Ordering::Relaxed) {
            tracing::warn!(reason, "Redis does not answer: each replica counts for itself");
        }
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[async_trait]
impl SharedRates for RedisRates {
    async fn take(&self, draws: &[Draw<'_>]) -> Result<Vec<Standing>, SharedRatesUnavailable> {
        if !self.may_ask() {
            return Err(SharedRatesUnavailable);
        }
        let mut invocation = self.script.prepare_invoke();
        for draw in draws {
            let interval = draw.allowance.interval().as_secs_f64() * 1_000_000.0;
            invocation.key(draw.key).arg(interval).arg(draw.allowance.requests.get());
        }
        let mut connection = self.manager.clone();
        let answer = invocation.invoke_async::<Vec<(u32, u64, u64)>>(&mut connection);
        match tokio::time::timeout(PATIENCE, answer).await {
            Ok(Ok(standings)) => {
                self.answered();
                Ok(standings.iter().zip(draws).map(|(standing, draw)| told(*standing, draw)).collect())
            }
            Ok(Err(error)) => {
                self.failed(&error.to_string());
                Err(SharedRatesUnavailable)
            }
            Err(_) => {
                self.failed("it took too long");
                Err(SharedRatesUnavailable)
            }
        }
    }
}

fn told((remaining, reset, wait): (u32, u64, u64), draw: &Draw<'_>) -> Standing {
    Standing {
        limit: draw.allowance.requests.get(),
        remaining,
        reset: Duration::from_micros(reset),
        retry_after: (wait > 0).then(|| Duration::from_micros(wait)),
    }
}
