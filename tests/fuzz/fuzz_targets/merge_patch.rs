//! JSON Merge Patch.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| api::fuzzing::merge_patch(bytes));
