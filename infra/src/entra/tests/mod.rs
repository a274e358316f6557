//! Behavior against an authority that listens on loopback, with a clock that is moved by hand. The keys beside this
//! file were made for these tests and sign nothing else.

mod allowed_tenants;
mod fake_authority;
mod key_cache;
mod outages;
mod properties;
mod refusals;
mod tokens;
mod verification;
mod world;
