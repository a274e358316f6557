//! `RateLimit-*` on responses: of all limits that a request was taken from, the one that is nearest to a refusal.

use std::fmt::Write;

use domain::rate::Allowance;
use poem::http::{HeaderMap, HeaderName, HeaderValue};

use super::{Kind, Taken};
use crate::config::HttpConfig;

static LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
static REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
static RESET: HeaderName = HeaderName::from_static("ratelimit-reset");
static POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// The limits in words.
pub(super) struct Policies {
    /// All that a request can be taken from, by whether its caller was known.
    before: Option<HeaderValue>,
    after: Option<HeaderValue>,
    /// Of sensitive operations, whose caller is not known yet.
    sensitive: Option<HeaderValue>,
}

impl Policies {
    pub(super) fn new(config: &HttpConfig) -> Self {
        let address = (Kind::Address, config.rate_limit_address);
        let principal = (Kind::Principal, config.rate_limit_principal);
        let organization = (Kind::Organization, config.rate_limit_organization);
        let auth = (Kind::AuthAddress, config.rate_limit_auth);
        let subject = (Kind::AuthSubject, config.rate_limit_auth);
        Self {
            before: policy(&[address]),
            after: policy(&[address, principal, organization]),
            sensitive: policy(&[address, auth, subject]),
        }
    }

    /// Writes the headers; none where no limit was looked at.
    pub(super) fn write(&self, taken: &Taken, headers: &mut HeaderMap) {
        let Some(nearest) = taken.nearest else { return };
        headers.insert(LIMIT.clone(), nearest.limit.into());
        headers.insert(REMAINING.clone(), nearest.remaining.into());
        let reset = nearest.reset.as_secs() + u64::from(nearest.reset.subsec_nanos() > 0);
        headers.insert(RESET.clone(), reset.into());
        let policy = match (taken.is_sensitive, taken.is_known) {
            (true, _) => &self.sensitive,
            (false, true) => &self.after,
            (false, false) => &self.before,
        };
        if let Some(policy) = policy {
            headers.insert(POLICY.clone(), policy.clone());
        }
    }
}

/// `1000;w=10;comment="address", …`, the window in seconds.
fn policy(limits: &[(Kind, Option<Allowance>)]) -> Option<HeaderValue> {
    let mut text = String::new();
    for (kind, limit) in limits {
        let Some(Allowance { requests, period }) = limit else { continue };
        let separator = if text.is_empty() { "" } else { ", " };
        let seconds = period.as_secs().max(1);
        // Writing to a string does not fail.
        let _ = write!(text, "{separator}{requests};w={seconds};comment=\"{}\"", kind.word());
    }
    if text.is_empty() { None } else { HeaderValue::try_from(text).ok() }
}
