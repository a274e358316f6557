//! The one way into a session: a method proves who somebody is, policies say whether that is enough, and only then is
//! there a session.
//!
//! ```text
//!  method ──▶ Proven ──policies──▶ Outcome::SignedIn (a session)
//!                            └───▶ SessionError (refused)
//! ```
//!
//! A method (Microsoft, and later a password, a link, a passkey) ends in a [`Proven`], which only `access` can make;
//! what is wanted beyond that is decided here, for all of them alike. A second factor is one more [`Outcome`]: the
//! exhaustive matches over it then show every place that has to ask for it. `docs/adding-a-sign-in-method.md` says
//! what to add where.

use super::{Device, IssuedTokens};
use crate::access::{Proven, SessionError, Sessions};

/// What came of a sign-in that was not refused.
#[derive(Debug)]
pub enum Outcome {
    /// Nothing more is wanted: here is the session.
    SignedIn(IssuedTokens),
}

/// Signs people in.
#[derive(Clone)]
pub struct SignIn {
    sessions: Sessions,
}

impl SignIn {
    pub fn new(sessions: Sessions) -> Self {
        Self { sessions }
    }

    /// Goes on from a proof to a session. Whether organization and membership are open was asked with the proof.
    pub async fn complete(&self, proven: Proven, device: Device) -> Result<Outcome, SessionError> {
        Ok(Outcome::SignedIn(self.sessions.begin(proven, device).await?))
    }
}
