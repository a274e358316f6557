//! Authorization codes: for ten minutes, and once.

use aws_lc_rs::digest;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};

use super::{Issued, SignIn};
use crate::{directory::Authority, random};

const MINUTES: i64 = 10;

/// A code that was given out.
#[derive(Debug, Clone)]
pub(crate) struct Code {
    pub(crate) sign_in: SignIn,
    /// Where it was asked for, which is where it may be redeemed.
    pub(crate) authority: Authority,
    pub(crate) redirect_uri: String,
    pub(crate) challenge: Option<Challenge>,
    pub(crate) expires: DateTime<Utc>,
    pub(crate) is_redeemed: bool,
}

/// What the verifier must be the preimage of (RFC 7636).
#[derive(Debug, Clone)]
pub(crate) struct Challenge {
    pub(crate) text: String,
    pub(crate) is_hashed: bool,
}

impl Challenge {
    pub(crate) fn is_met_by(&self, verifier: &str) -> bool {
        if self.is_hashed {
            let hash = digest::digest(&digest::SHA256, verifier.as_bytes());
            URL_SAFE_NO_PAD.encode(hash) == self.text
        } else {
            verifier == self.text
        }
    }

    /// RFC 7636 §4.1.
    pub(crate) fn has_right_size(text: &str) -> bool {
        (43..=128).contains(&text.len())
    }
}

impl Code {
    pub(crate) fn expiry(now: DateTime<Utc>) -> DateTime<Utc> {
        now + TimeDelta::minutes(MINUTES)
    }
}

impl Issued {
    /// Gives out a code.
    pub(crate) fn add_code(&mut self, code: Code) -> String {
        let text = format!("1.{}", random::opaque::<48>());
        self.codes.insert(text.clone(), code);
        text
    }
}
