//! The compatible form of what is handed out often, encrypted once.
//!
//! Only ciphertext is remembered, under names of what it was made of. A token that is asked for again is sent as it was
//! sent before: who sees both sees that it is the same, which its end tells anyway.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{
    connections::{WireFormat, WireKeySecret, WireText},
    entropy::Entropy,
};
use moka::future::Cache;
use secrecy::SecretString;
use uuid::Uuid;

use super::wire_format::WireKey;

/// No access token of Entra ID's lives longer that is handed out often.
const REMEMBERED: Duration = Duration::from_hours(2);

/// Encrypts by wire keys, and remembers it.
pub struct CompatibleWire {
    entropy: Arc<dyn Entropy>,
    known: Cache<(Uuid, WireText), Arc<[u8]>>,
}

impl CompatibleWire {
    /// Remembers up to so many bytes.
    pub fn new(entropy: Arc<dyn Entropy>, bytes: u64) -> Self {
        let weight =
            |_: &(Uuid, WireText), text: &Arc<[u8]>| u32::try_from(text.len() + 128).unwrap_or(u32::MAX);
        let known = Cache::builder().max_capacity(bytes).weigher(weight).time_to_live(REMEMBERED).build();
        Self { entropy, known }
    }
}

#[async_trait]
impl WireFormat for CompatibleWire {
    async fn encrypt(&self, key: &WireKeySecret, name: WireText, text: &SecretString) -> Option<Arc<[u8]>> {
        if let Some(known) = self.known.get(&(key.name, name)).await {
            return Some(known);
        }
        let encrypted: Arc<[u8]> = self.encrypt_once(key, text)?;
        self.known.insert((key.name, name), Arc::clone(&encrypted)).await;
        Some(encrypted)
    }

    fn encrypt_once(&self, key: &WireKeySecret, text: &SecretString) -> Option<Arc<[u8]>> {
        Some(WireKey::new(&key.secret)?.encrypt(self.entropy.as_ref(), text)?.into())
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::entropy::SystemEntropy;

    #[tokio::test]
    async fn the_same_token_for_the_same_key_is_encrypted_once() {
        let wire = CompatibleWire::new(Arc::new(SystemEntropy), 1024 * 1024);
        let key =
            |name| WireKeySecret { name: Uuid::from_u128(name), secret: SecretString::from("a wire key") };
        let text = |issued_at| WireText {
            id: Uuid::from_u128(7),
            issued_at: DateTime::from_timestamp(issued_at, 0).expect("a time"),
        };
        let token = SecretString::from("a token");
        let first = wire.encrypt(&key(1), text(1), &token).await.unwrap();
        assert_eq!(wire.encrypt(&key(1), text(1), &token).await.unwrap(), first);
        for (key, text) in [(key(2), text(1)), (key(1), text(2))] {
            assert_ne!(wire.encrypt(&key, text, &token).await.unwrap(), first);
        }
        assert_ne!(wire.encrypt_once(&key(1), &token).unwrap(), first);
    }
}
