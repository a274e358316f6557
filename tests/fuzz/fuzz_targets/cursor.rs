//! Cursors that nobody sealed.
#![no_main]

use std::sync::{Arc, LazyLock};

use infra::{
    crypto::{KeyRing, SealedCursors},
    entropy::SystemEntropy,
};

static CURSORS: LazyLock<SealedCursors> = LazyLock::new(|| {
    let key = secrecy::SecretString::from("k".repeat(64));
    let ring = KeyRing::new(("one".to_owned(), key), Vec::new()).expect("a good key");
    SealedCursors::new(&ring, Arc::new(SystemEntropy))
});

libfuzzer_sys::fuzz_target!(|text: &str| infra::crypto::fuzzing(&CURSORS, "list of acme", text));
