//! `If-Match` and `If-None-Match`.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| api::fuzzing::entity_tags(text));
