//! Who calls: from the request's credential to a permission that was checked.

mod caller;
mod cookies;
mod credential;
mod csrf;
mod delegation;
mod key_caller;
mod recent;

pub(crate) use caller::{BEARER, Caller, PERMISSION_MARKER};
pub(crate) use cookies::SessionCookies;
pub(crate) use credential::Gate;
pub(crate) use credential::chain;
pub(crate) use csrf::{CsrfGuard, origins};
pub(crate) use delegation::{CONNECT_PATH, DELEGATED_MARKER, Delegated};
pub(crate) use key_caller::{KEY_MARKER, KeyCaller};
pub(crate) use recent::{RECENT_MARKER, Recency, Recent};
