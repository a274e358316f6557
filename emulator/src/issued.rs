//! What has been given out and may come back: codes, refresh tokens, sessions of browsers, device codes.

mod code;
mod device;
mod refresh;
mod session;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub(crate) use self::{
    code::{Challenge, Code},
    device::{Device, DeviceState, LIFETIME as DEVICE_LIFETIME},
    refresh::RefreshToken,
    session::{Account, Session},
};
use crate::directory::Platform;

/// All of it, of one emulator. A reset forgets it.
#[derive(Default)]
pub(crate) struct Issued {
    pub(crate) codes: HashMap<String, Code>,
    pub(crate) refresh_tokens: HashMap<String, RefreshToken>,
    pub(crate) sessions: HashMap<String, Session>,
    pub(crate) devices: Vec<Device>,
    /// How the user of an access token had signed in, by the token's `uti`: version 2 does not say it.
    pub(crate) authentications: HashMap<String, Authentication>,
}

/// When and how somebody showed who he is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Authentication {
    pub(crate) time: DateTime<Utc>,
    /// Whether with more than a password.
    pub(crate) mfa: bool,
    /// Session id (`sid`).
    pub(crate) session: Uuid,
    /// Authentication contexts that were asked for and met (`acrs`).
    #[serde(default)]
    pub(crate) contexts: Vec<String>,
}

/// What a code, a refresh token or a device code stands for: somebody, who let a client act for him.
#[derive(Debug, Clone)]
pub(crate) struct SignIn {
    /// Of the human, who may have an object in several tenants.
    pub(crate) handle: String,
    pub(crate) client: Uuid,
    pub(crate) platform: Platform,
    pub(crate) authentication: Authentication,
    /// As asked for.
    pub(crate) scope: String,
    pub(crate) nonce: Option<String>,
    /// Whether the client can handle claims challenges (`cp1`).
    pub(crate) handles_claims: bool,
}
