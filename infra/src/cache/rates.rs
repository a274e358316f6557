//! Rate limits that all replicas share, in Redis.
//!
//! Which way it fails: open to the limits of each process.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::rate::{Draw, SharedRates, SharedRatesUnavailable, Standing};
use redis::Script;

use super::SharedRedis;

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
    redis: Arc<SharedRedis>,
    script: Script,
}

impl RedisRates {
    pub fn new(redis: Arc<SharedRedis>) -> Self {
        Self { redis, script: Script::new(TAKE) }
    }
}

#[async_trait]
impl SharedRates for RedisRates {
    async fn take(&self, draws: &[Draw<'_>]) -> Result<Vec<Standing>, SharedRatesUnavailable> {
        let mut invocation = self.script.prepare_invoke();
        for draw in draws {
            let interval = draw.allowance.interval().as_secs_f64() * 1_000_000.0;
            invocation.key(draw.key).arg(interval).arg(draw.allowance.requests.get());
        }
        let invocation = &invocation;
        let ask =
            |mut redis| async move { invocation.invoke_async::<Vec<(u32, u64, u64)>>(&mut redis).await };
        let standings = self.redis.ask(ask).await.ok_or(SharedRatesUnavailable)?;
        Ok(standings.iter().zip(draws).map(|(standing, draw)| told(*standing, draw)).collect())
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
