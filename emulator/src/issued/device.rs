//! Device codes: a device waits while somebody signs in elsewhere.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{Issued, SignIn};
use crate::{directory::Authority, random};

/// How long somebody may take, in seconds.
pub(crate) const LIFETIME: i64 = 900;
/// What cannot be confused when it is read aloud.
const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// A device that waits, or has waited.
#[derive(Debug, Clone)]
pub(crate) struct Device {
    /// The secret of the device.
    pub(crate) secret: String,
    pub(crate) user_code: String,
    pub(crate) client: Uuid,
    pub(crate) scope: String,
    pub(crate) authority: Authority,
    pub(crate) expires: DateTime<Utc>,
    pub(crate) state: DeviceState,
}

/// What the person with the user code has done.
#[derive(Debug, Clone)]
pub(crate) enum DeviceState {
    Waiting,
    Declined,
    SignedIn(Box<SignIn>),
    Redeemed,
}

impl Issued {
    pub(crate) fn add_device(
        &mut self,
        client: Uuid,
        scope: String,
        authority: Authority,
        now: DateTime<Utc>,
    ) -> Device {
        let device = Device {
            secret: random::opaque::<60>(),
            user_code: user_code(),
            client,
            scope,
            authority,
            expires: now + TimeDelta::seconds(LIFETIME),
            state: DeviceState::Waiting,
        };
        self.devices.push(device.clone());
        device
    }

    /// The device that waits for this code, as typed.
    pub(crate) fn waiting_device(&mut self, user_code: &str, now: DateTime<Utc>) -> Option<&mut Device> {
        self.devices.iter_mut().find(|device| {
            device.user_code.eq_ignore_ascii_case(user_code.trim())
                && device.expires > now
                && matches!(device.state, DeviceState::Waiting)
        })
    }
}

fn user_code() -> String {
    random::bytes::<9>()
        .iter()
        .filter_map(|byte| LETTERS.get(usize::from(byte % 32)))
        .map(|letter| char::from(*letter))
        .collect()
}
