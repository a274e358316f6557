//! What is remembered in this process, and counted for all.

mod identities;
mod principals;
mod rates;
mod redis;

pub use identities::Identities;
pub use principals::{NoPrincipals, Principals};
pub use rates::RedisRates;
pub use redis::SharedRedis;
