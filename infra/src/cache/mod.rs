//! What is remembered in this process, and counted for all.

mod principals;
mod rates;

pub use principals::Principals;
pub use rates::RedisRates;
