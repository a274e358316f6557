//! Sessions: going on, looking at them, ending them; and the keys that verify their tokens.

mod delivery;
mod jwks;
mod refresh;
mod sessions;

pub(crate) use delivery::Delivery;
pub(crate) use jwks::Jwks;
pub(crate) use refresh::{REFRESH_TOKEN, RefreshApi};
pub(crate) use sessions::SessionsApi;
