//! Things that may be used once, on whichever replica.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::store::StoreError;

/// Remembers what was used, until it would have expired anyway.
#[async_trait]
pub trait Once: Send + Sync {
    /// Uses a secret; `false` when it was used before. Only a digest of it is kept. `expires_at` is when it ends by
    /// itself and need not be remembered any more.
    async fn spend(
        &self,
        purpose: &'static str,
        secret: &str,
        expires_at: DateTime<Utc>,
    ) -> Result<bool, StoreError>;
}
