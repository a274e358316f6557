//! A sign-in in progress, sealed into its pages.

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::world::World;

const MINUTES: i64 = 60;

/// What it is about, and how far it has come.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Flow {
    pub(super) purpose: Purpose,
    /// The cookie of the browser it belongs to: pages of others cannot post to it.
    pub(super) browser: String,
    pub(super) started: DateTime<Utc>,
    /// Handle of who was chosen.
    pub(super) chosen: Option<String>,
    /// Whether somebody else than those signed in is wanted.
    pub(super) is_another: bool,
    /// Whether the password was typed in this flow, not earlier.
    pub(super) is_proven: bool,
    /// Whether consent was given in this flow.
    pub(super) is_consented: bool,
}

/// What a sign-in is for. A request is read again at each step, from its own words.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Purpose {
    Authorize { segment: String, query: String },
    AdminConsent { segment: String, query: String, is_v2: bool },
    Device { user_code: String },
}

impl Flow {
    pub(super) fn new(purpose: Purpose, browser: &str, now: DateTime<Utc>) -> Self {
        Self {
            purpose,
            browser: browser.to_owned(),
            started: now,
            chosen: None,
            is_another: false,
            is_proven: false,
            is_consented: false,
        }
    }

    pub(super) fn seal(&self, world: &World) -> String {
        let payload = URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default());
        let tag = hmac::sign(&world.page_key, payload.as_bytes());
        format!("{payload}.{}", URL_SAFE_NO_PAD.encode(tag))
    }

    /// The flow a form carries, if it is ours, this browser's, and not old.
    pub(super) fn open(world: &World, sealed: &str, browser: &str) -> Option<Self> {
        let (payload, tag) = sealed.split_once('.')?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        hmac::verify(&world.page_key, payload.as_bytes(), &tag).ok()?;
        let flow: Self = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
        let is_young = world.clock.now() - flow.started < TimeDelta::minutes(MINUTES);
        (flow.browser == browser && is_young).then_some(flow)
    }
}
