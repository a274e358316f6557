//! What takes more than being signed in: having signed in just now.
//!
//! A session or a token may be days old, or lie open on somebody's desk. What cannot be taken back asks its person to
//! show once more who they are. What counts is when that happened (`auth_time`, `OpenID` Connect Core 1.0 §2), not when a
//! token was issued or a session began: both happen silently while somebody is signed in at the identity provider.

use std::{ops::Deref, sync::Arc, time::Duration};

use chrono::TimeDelta;

use super::{AuthenticatedBy, Authorized, Permission, Principal};
use crate::clock::Clock;

/// Proof that a permission was checked, and that its holder signed in just now.
#[derive(Debug)]
pub struct RecentlySignedIn<'a, P: Permission>(&'a Authorized<P>);

impl<P: Permission> Deref for RecentlySignedIn<'_, P> {
    type Target = Authorized<P>;

    fn deref(&self) -> &Authorized<P> {
        self.0
    }
}

/// Why somebody does not count as having signed in just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotRecent {
    /// It takes a person; an application and an API key never sign in.
    #[error("nobody signs in with this credential")]
    NoPerson,
    /// A session that began, or whose person signed in, too long ago.
    #[error("the session's person signed in too long ago")]
    Session,
    /// An access token of the identity provider's that does not prove it.
    #[error("the access token does not prove a recent sign-in")]
    Token,
}

/// How long a sign-in counts as recent.
pub struct RecentSignIn {
    within: Duration,
    clock: Arc<dyn Clock>,
}

impl RecentSignIn {
    pub fn new(within: Duration, clock: Arc<dyn Clock>) -> Self {
        Self { within, clock }
    }

    /// For how long.
    pub fn within(&self) -> Duration {
        self.within
    }

    /// The proof that a caller signed in within that time.
    pub fn prove<'a, P: Permission>(
        &self,
        caller: &'a Authorized<P>,
    ) -> Result<RecentlySignedIn<'a, P>, NotRecent> {
        let principal = caller.principal();
        match principal.authenticated_by() {
            AuthenticatedBy::EntraApp | AuthenticatedBy::ApiKey => return Err(NotRecent::NoPerson),
            AuthenticatedBy::Session if !self.is_recent(principal) => return Err(NotRecent::Session),
            AuthenticatedBy::EntraDelegated if !self.is_recent(principal) => return Err(NotRecent::Token),
            // The development identity proves nothing whatever it does, and is in no release.
            AuthenticatedBy::Session | AuthenticatedBy::EntraDelegated | AuthenticatedBy::Development => {}
        }
        Ok(RecentlySignedIn(caller))
    }

    fn is_recent(&self, principal: &Principal) -> bool {
        // More than a TimeDelta holds would be for ever, which nobody means.
        let within = TimeDelta::from_std(self.within).unwrap_or_default();
        principal.authenticated_at.is_some_and(|at| self.clock.now() - at <= within)
    }
}
