//! Tokens that replicas share, in Redis: sealed, and under names that tell nothing.
//!
//! Which way it fails: each process asks for itself. What does not open, or is not what was put, is as if it were
//! not there.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{clock::Clock, delegation::DelegatedToken};
use redis::AsyncCommands;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::exchange::Exchanged;
use crate::{cache::SharedRedis, crypto::CacheSeal};

/// Of what a token is for: see `delegated`.
pub(super) type Key = [u8; 32];

/// Tokens in one Redis.
pub struct SharedTokens {
    redis: Arc<SharedRedis>,
    seal: CacheSeal,
    clock: Arc<dyn Clock>,
}

#[derive(Deserialize, Serialize)]
struct Record {
    token: String,
    expires_at: DateTime<Utc>,
    refresh_at: DateTime<Utc>,
    scopes: Vec<String>,
}

impl SharedTokens {
    pub fn new(redis: Arc<SharedRedis>, seal: CacheSeal, clock: Arc<dyn Clock>) -> Self {
        Self { redis, seal, clock }
    }

    pub(super) async fn get(&self, key: &Key) -> Option<Exchanged> {
        let name = self.name(key);
        let sealed = self.redis.ask(async |mut redis| redis.get::<_, Option<Vec<u8>>>(&name).await).await??;
        let record = self.seal.open(key, &sealed)?;
        let record: Record = serde_json::from_slice(&record).ok()?;
        if record.expires_at <= self.clock.now() {
            return None;
        }
        let Record { token, expires_at, refresh_at, scopes } = record;
        let token = DelegatedToken { secret: SecretString::from(token), expires_at, scopes };
        Some(Exchanged { token: Arc::new(token), refresh_at })
    }

    pub(super) async fn put(&self, key: &Key, exchanged: &Exchanged) {
        let token = &exchanged.token;
        let left = (token.expires_at - self.clock.now()).num_milliseconds();
        let Ok(left) = u64::try_from(left) else { return };
        let record = Record {
            token: token.secret.expose_secret().to_owned(),
            expires_at: token.expires_at,
            refresh_at: exchanged.refresh_at,
            scopes: token.scopes.clone(),
        };
        let Some(sealed) = serde_json::to_vec(&record).ok().and_then(|record| self.seal.seal(key, record))
        else {
            return;
        };
        let name = self.name(key);
        self.redis.ask(async |mut redis| redis.pset_ex::<_, _, ()>(&name, &sealed, left).await).await;
    }

    pub(super) async fn forget(&self, key: &Key) {
        let name = self.name(key);
        self.redis.ask(async |mut redis| redis.del::<_, ()>(&name).await).await;
    }

    fn name(&self, key: &Key) -> String {
        self.seal.name("tenantry:delegated:", key)
    }
}
