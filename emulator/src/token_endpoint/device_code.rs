//! The device code flow: `POST /{tenant}/oauth2/v2.0/devicecode`, and its grant.

use std::sync::Arc;

use poem::{
    Body, Request, Response, handler,
    web::{Data, Path},
};
use serde_json::{Value, json};

use super::{
    Call, answer,
    client::Client,
    form::Form,
    read, trace,
    user_answer::{Answer, Refresh, check_revocation},
};
use crate::{
    aadsts::Refusal,
    directory::{Authority, Platform},
    issued::{self, DeviceState},
    server::Site,
    world::{World, lock},
};

/// How often a device may ask, in seconds.
const INTERVAL: i64 = 5;

#[handler]
pub(crate) async fn device_authorization(
    request: &Request,
    body: Body,
    Data(world): Data<&Arc<World>>,
    Data(site): Data<&Site>,
    Path(segment): Path<String>,
) -> Response {
    let granted = read(request, body).await.and_then(|form| authorize(world, site, &segment, &form));
    answer(world, site, &trace(request), granted)
}

fn authorize(world: &World, site: &Site, segment: &str, form: &Form) -> Result<Value, Refusal> {
    let directory = world.directory_now();
    let authority = Authority::parse(segment, &directory).ok_or_else(|| Refusal::unknown_tenant(segment))?;
    let id = form.client_id()?;
    let client = directory
        .apps
        .iter()
        .find(|app| app.id.to_string().eq_ignore_ascii_case(id))
        .ok_or_else(|| Refusal::unknown_client(id, segment))?;
    if !client.is_public() {
        return Err(Refusal::missing_secret());
    }
    let scope = form.required_scope()?.to_owned();
    let device = lock(&world.issued).add_device(client.id, scope, authority, world.clock.now());
    let page = format!("{}/devicelogin", site.url);
    let code = &device.user_code;
    Ok(json!({
        "user_code": code,
        "device_code": device.secret,
        "verification_uri": page,
        "expires_in": issued::DEVICE_LIFETIME,
        "interval": INTERVAL,
        "message": format!("To sign in, use a web browser to open the page {page} and enter the code {code} to authenticate."),
    }))
}

pub(super) fn grant(call: Call<'_>, client: &Client<'_>) -> Result<Value, Refusal> {
    let text = call.form.required("device_code")?;
    let now = call.world.clock.now();
    let (sign_in, scope) = {
        let mut issued = lock(&call.world.issued);
        let device = issued
            .devices
            .iter_mut()
            .find(|device| device.secret == text && device.client == client.app.id)
            .ok_or_else(Refusal::device_unknown)?;
        if device.expires <= now {
            return Err(Refusal::device_expired());
        }
        match std::mem::replace(&mut device.state, DeviceState::Redeemed) {
            DeviceState::SignedIn(sign_in) => (*sign_in, device.scope.clone()),
            DeviceState::Redeemed => return Err(Refusal::code_redeemed()),
            waiting @ DeviceState::Waiting => {
                device.state = waiting;
                return Err(Refusal::device_pending());
            }
            declined @ DeviceState::Declined => {
                device.state = declined;
                return Err(Refusal::device_declined());
            }
        }
    };
    let proof = client.proven_for(Platform::Public, call.form.has_origin)?;
    check_revocation(call, &sign_in)?;
    let is_lasting = scope.split_whitespace().any(|scope| scope == "offline_access");
    let refresh = if is_lasting { Refresh::First } else { Refresh::None };
    Answer { client, proof, sign_in, scope, refresh }.give(call)
}
