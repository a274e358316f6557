//! `Retry-After` in all its forms.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Number;

/// When to come back.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum RetryAfter {
    /// Seconds, also decimals.
    Seconds(Number),
    /// A date so many seconds from now.
    Date {
        /// By the emulator's clock.
        #[serde(rename = "dateIn")]
        seconds: i32,
    },
    /// Any text.
    Text(String),
}

impl RetryAfter {
    /// Whole seconds.
    pub fn seconds(seconds: u64) -> Self {
        Self::Seconds(seconds.into())
    }

    /// A date so many seconds from now.
    pub fn date_in(seconds: i32) -> Self {
        Self::Date { seconds }
    }

    /// The header's value.
    pub(crate) fn value(&self, now: DateTime<Utc>) -> String {
        match self {
            Self::Seconds(seconds) => seconds.to_string(),
            Self::Date { seconds } => {
                let date = now + TimeDelta::seconds(i64::from(*seconds));
                date.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
            }
            Self::Text(text) => text.clone(),
        }
    }
}
