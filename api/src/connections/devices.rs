//! `/api/connections/device`: connecting an account from a device without a browser.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{
    clock::Clock,
    connections::{BegunDevice, DeviceSignIn, DeviceState, Devices, Write},
    id::{ConnectionId, DeviceSignInId},
};
use poem_openapi::{Enum, Object, OpenApi, param::Path, payload::Json};

use crate::{
    auth::Caller,
    error::ApiError,
    http::{Data, WithSecret},
    id::Id,
    openapi::Tag,
};

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename = "DeviceSignInStatus", rename_all = "SCREAMING_SNAKE_CASE")]
enum StatusView {
    /// Nobody has signed in with the code yet.
    Waiting,
    /// The account is connected.
    Connected,
    /// The person said no.
    Declined,
    /// Nobody signed in in time.
    Expired,
    /// Somebody signed in, and nothing was connected.
    Failed,
}

/// What the device shows, and the person does.
#[derive(Debug, Object)]
#[oai(rename = "BegunDeviceSignIn", rename_all = "camelCase")]
struct BegunView {
    /// To ask with how far it is.
    id: Id<DeviceSignInId>,
    /// What the person types.
    user_code: String,
    /// Where the person types it, in any browser.
    verification_uri: String,
    /// When the code ends.
    expires_at: DateTime<Utc>,
    /// After how many seconds to ask. Who asks more often is answered and learns nothing new.
    #[oai(validator(minimum(value = "1")))]
    interval: u64,
}

impl From<BegunDevice> for BegunView {
    fn from(begun: BegunDevice) -> Self {
        Self {
            id: Id(begun.sign_in.id),
            user_code: begun.user_code,
            verification_uri: begun.verification_uri,
            expires_at: begun.sign_in.expires_at,
            interval: seconds(&begun.sign_in),
        }
    }
}

/// An account that is being connected from a device.
#[derive(Debug, Object)]
#[oai(rename = "DeviceSignIn", rename_all = "camelCase")]
struct DeviceView {
    id: Id<DeviceSignInId>,
    status: StatusView,
    /// The connection, once there is one.
    connection_id: Option<Id<ConnectionId>>,
    /// Why nothing was connected, in a stable word: `tenant_not_allowed`, `no_lasting_access`, `refused`, `lost`.
    reason: Option<String>,
    /// What to do next, for a person; `null` while nothing is to be done.
    next_step: Option<String>,
    /// When the code ends.
    expires_at: DateTime<Utc>,
    /// After how many seconds to ask again.
    #[oai(validator(minimum(value = "1")))]
    interval: u64,
}

impl DeviceView {
    fn new(sign_in: &DeviceSignIn, now: DateTime<Utc>) -> Self {
        let (status, connection_id, failure) = match sign_in.state(now) {
            DeviceState::Waiting => (StatusView::Waiting, None, None),
            DeviceState::Connected(id) => (StatusView::Connected, Some(Id(id)), None),
            DeviceState::Declined => (StatusView::Declined, None, None),
            DeviceState::Expired => (StatusView::Expired, None, None),
            DeviceState::Failed(failure) => (StatusView::Failed, None, Some(failure)),
        };
        let next_step = match status {
            StatusView::Waiting | StatusView::Connected => None,
            StatusView::Declined => Some("The person declined. Begin again for another code."),
            StatusView::Expired => Some("Nobody signed in in time. Begin again for another code."),
            StatusView::Failed => failure.map(domain::connections::DeviceFailure::next_step),
        };
        Self {
            id: Id(sign_in.id),
            status,
            connection_id,
            reason: failure.map(|failure| failure.as_str().to_owned()),
            next_step: next_step.map(str::to_owned),
            expires_at: sign_in.expires_at,
            interval: seconds(sign_in),
        }
    }
}

fn seconds(sign_in: &DeviceSignIn) -> u64 {
    u64::try_from(sign_in.interval.num_seconds()).unwrap_or(1)
}

/// Accounts that are being connected from devices.
pub(crate) struct DevicesApi {
    pub devices: Devices,
    pub clock: Arc<dyn Clock>,
}

#[OpenApi(tag = "Tag::Connections")]
impl DevicesApi {
    /// Connect an account from a device
    ///
    /// For a terminal or a machine without a browser (RFC 8628). Show the person `userCode` and `verificationUri`; they sign in
    /// there, in any browser, and the account becomes your connection. Ask `getDeviceSignIn` how far it is. Show the code to
    /// nobody whose account you are not to have: what they sign in with becomes yours.
    #[oai(path = "/api/connections/device", method = "post", operation_id = "beginDeviceSignIn")]
    async fn begin(&self, caller: Caller<Write>) -> Result<WithSecret<Json<Data<BegunView>>>, ApiError> {
        let begun = self.devices.begin(&caller).await?;
        Ok(WithSecret(Json(Data { data: begun.into() })))
    }

    /// Get how far a device's sign-in is
    ///
    /// Your own ones, until an hour after the code's end. Once `status` is `CONNECTED`, `connectionId` is there.
    #[oai(path = "/api/connections/device/:deviceId", method = "get", operation_id = "getDeviceSignIn")]
    async fn look(
        &self,
        caller: Caller<Write>,
        #[oai(name = "deviceId")] id: Path<Id<DeviceSignInId>>,
    ) -> Result<Json<Data<DeviceView>>, ApiError> {
        let sign_in = self.devices.look(Arc::new(caller.into_inner()), id.0.0).await?;
        Ok(Json(Data { data: DeviceView::new(&sign_in, self.clock.now()) }))
    }
}
