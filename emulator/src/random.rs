//! Randomness of the emulator: ids of tokens and traces, lifetimes.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

/// `N` random bytes.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// A random value as opaque text, as in `uti` or `aio`.
pub(crate) fn opaque<const N: usize>() -> String {
    URL_SAFE_NO_PAD.encode(bytes::<N>())
}

/// A random UUID, as in `trace_id`.
pub(crate) fn uuid() -> Uuid {
    uuid::Builder::from_random_bytes(bytes()).into_uuid()
}

/// How long an access token lives: 60 to 90 minutes, so that nobody relies on an hour.
pub(crate) fn lifetime_seconds() -> i64 {
    3600 + i64::from(u16::from_be_bytes(bytes()) % 1801)
}

/// How long one lives that can be revoked: 20 to 28 hours.
pub(crate) fn long_lifetime_seconds() -> i64 {
    20 * 3600 + i64::from(u16::from_be_bytes(bytes())) % (8 * 3600 + 1)
}
