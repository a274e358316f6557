//! Who may call from where, how often, and in which form it is answered.

mod compression;
mod cors;
mod rate_limits;
mod redis;
