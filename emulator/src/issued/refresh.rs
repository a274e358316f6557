//! Refresh tokens: using one gives another and leaves it as good as it was.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Issued, SignIn};
use crate::{directory::Platform, random};

/// How long one lives that is not used.
const DAYS: i64 = 90;
/// How long those of a page live, whether used or not, together with all that follow from them.
const SPA_HOURS: i64 = 24;

/// A refresh token that was given out.
#[derive(Debug, Clone)]
pub(crate) struct RefreshToken {
    pub(crate) sign_in: SignIn,
    pub(crate) expires: DateTime<Utc>,
    /// Of a page: when this and all that follow from it end.
    pub(crate) deadline: Option<DateTime<Utc>>,
}

impl RefreshToken {
    /// The first one of a sign-in.
    pub(crate) fn first(sign_in: SignIn, now: DateTime<Utc>) -> Self {
        let deadline = (sign_in.platform == Platform::Spa).then(|| now + TimeDelta::hours(SPA_HOURS));
        Self { sign_in, expires: now + TimeDelta::days(DAYS), deadline }
    }

    /// The one after this.
    pub(crate) fn next(&self, sign_in: SignIn, now: DateTime<Utc>) -> Self {
        Self { sign_in, expires: now + TimeDelta::days(DAYS), deadline: self.deadline }
    }
}

impl Issued {
    /// Gives out a refresh token. Real ones are longer than a kilobyte, which columns must allow for.
    pub(crate) fn add_refresh_token(&mut self, token: RefreshToken) -> String {
        let text = format!("1.{}", random::opaque::<900>());
        self.refresh_tokens.insert(text.clone(), token);
        text
    }
}
