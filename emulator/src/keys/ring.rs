//! Which key signs, which are published, and how that changes.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::signing_key::{SigningKey, personal, spare, work_current, work_previous};

/// A key under the name it is published by, which a rotation can make another's.
#[derive(Clone)]
pub(crate) struct NamedKey {
    pub(crate) kid: String,
    pub(crate) key: Arc<SigningKey>,
}

impl From<Arc<SigningKey>> for NamedKey {
    fn from(key: Arc<SigningKey>) -> Self {
        Self { kid: key.thumbprint.clone(), key }
    }
}

/// How the next key takes over from the current one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Rotation {
    /// The JWKS forgets the older work keys at once, as after a compromise.
    pub drop: bool,
    /// The new key takes the current one's `kid`.
    pub reuse_kid: bool,
    /// Whether the JWKS lists the new key; if not, until it is announced.
    pub announce: bool,
}

impl Default for Rotation {
    fn default() -> Self {
        Self { drop: false, reuse_kid: false, announce: true }
    }
}

impl Rotation {
    /// The older work keys vanish at once.
    pub fn dropping() -> Self {
        Self { drop: true, ..Self::default() }
    }

    /// Another key under the same `kid`.
    pub fn reusing_kid() -> Self {
        Self { reuse_kid: true, ..Self::default() }
    }

    /// Signs with a key the JWKS does not list yet.
    pub fn unannounced() -> Self {
        Self { announce: false, ..Self::default() }
    }
}

/// The state of all keys of one emulator.
pub(crate) struct KeyRing {
    published: Vec<NamedKey>,
    current: NamedKey,
    previous: NamedKey,
    personal: NamedKey,
    rotations: usize,
}

impl KeyRing {
    /// As after a rotation long ago: the previous key is still published.
    pub(crate) fn as_shipped() -> Self {
        let previous = NamedKey::from(work_previous());
        let current = NamedKey::from(work_current());
        Self {
            published: vec![previous.clone(), current.clone()],
            current,
            previous,
            personal: personal().into(),
            rotations: 0,
        }
    }

    /// The key that signs work tokens.
    pub(crate) fn current(&self) -> &NamedKey {
        &self.current
    }

    /// The key that signed them before.
    pub(crate) fn previous(&self) -> &NamedKey {
        &self.previous
    }

    /// The key that signs tokens of personal accounts.
    pub(crate) fn personal(&self) -> &NamedKey {
        &self.personal
    }

    /// The work keys the JWKS lists.
    pub(crate) fn published(&self) -> &[NamedKey] {
        &self.published
    }

    pub(crate) fn rotate(&mut self, rotation: Rotation) {
        let mut next = NamedKey::from(spare(self.rotations));
        self.rotations += 1;
        if rotation.reuse_kid {
            next.kid.clone_from(&self.current.kid);
        }
        if rotation.drop {
            self.published.clear();
        }
        self.previous = std::mem::replace(&mut self.current, next);
        if rotation.announce {
            self.announce();
        }
    }

    /// Lists the signing key in the JWKS, in the place of one with the same `kid`.
    pub(crate) fn announce(&mut self) {
        self.published.retain(|key| key.kid != self.current.kid);
        self.published.push(self.current.clone());
    }
}
