//! The form of a token, its header and its claims.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| infra::entra::fuzzing::token(text));
