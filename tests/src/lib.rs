//! The whole service in one process, for tests: real router, real database, the emulator as authority, a clock that
//! moves by hand.

#![expect(clippy::panic, reason = "what a helper cannot do is the test's failure")]

mod actor;
mod app;
mod browser;
mod database;
mod key_vault;
mod parts;
mod process;
mod redis;

pub use actor::{Actor, Response};
pub use app::{Builder, TestApp};
pub use browser::{Browser, SERVICE};
pub use database::{Rows, TestDatabase, is_postgres};
pub use emulator::{self, TokenRequest};
pub use key_vault::FakeKeyVault;
pub use parts::{SeededEntropy, TestClock, TestPauses};
pub use process::{Answer, PATIENCE, Process, Served};
pub use redis::Redis;

/// Why an operator does something in a test.
pub fn reason(text: &str) -> domain::access::Reason {
    text.parse().expect("words")
}

/// The OpenAPI document of the service, made once in a process.
pub fn document() -> &'static serde_json::Value {
    static DOCUMENT: std::sync::LazyLock<serde_json::Value> =
        std::sync::LazyLock::new(|| api::app::document().expect("the document can be made"));
    &DOCUMENT
}
