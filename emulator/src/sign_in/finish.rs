//! The end of a sign-in: a code, an ID token, a device that goes on, an app that is let in.

use aws_lc_rs::digest;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use poem::Response;

use super::{
    next::Ready,
    pages,
    reply::Reply,
    request::{Goal, Request, Wish},
};
use crate::{
    directory::{Directory, Platform},
    issued::{Code, DeviceState, SignIn},
    scope::Scopes,
    tokens::user::{self, Holder},
    world::{World, lock},
};

/// What the end needs to know of the world.
#[derive(Clone, Copy)]
pub(super) struct Ending<'a> {
    pub(super) world: &'a World,
    pub(super) directory: &'a Directory,
}

/// Gives the client what it asked for.
pub(super) fn finish(ending: Ending<'_>, request: &Request<'_>, ready: &Ready<'_>) -> Response {
    match &request.goal {
        Goal::Authorize(wish) => answer(ending, request, wish, ready),
        Goal::AdminConsent { reply, is_v2 } => admin_consented(ending, request, reply, *is_v2, ready),
        Goal::Device { user_code } => {
            let world = ending.world;
            let sign_in = sign_in(request, ready, Platform::Public, None);
            if let Some(device) = lock(&world.issued).waiting_device(user_code, world.clock.now()) {
                device.state = DeviceState::SignedIn(Box::new(sign_in));
            }
            let text = format!(
                "You have signed in to {} on your device. You may now close this window.",
                request.client.name
            );
            pages::done("Signed in", &text)
        }
    }
}

/// The device is told that nobody signed in.
pub(super) fn decline_device(world: &World, user_code: &str) {
    if let Some(device) = lock(&world.issued).waiting_device(user_code, world.clock.now()) {
        device.state = DeviceState::Declined;
    }
}

fn sign_in(request: &Request<'_>, ready: &Ready<'_>, platform: Platform, nonce: Option<String>) -> SignIn {
    SignIn {
        handle: ready.handle.clone(),
        client: request.client.id,
        platform,
        authentication: ready.authentication.clone(),
        scope: request.scope.clone(),
        nonce,
        handles_claims: request.claims.handles_claims,
    }
}

fn answer(ending: Ending<'_>, request: &Request<'_>, wish: &Wish, ready: &Ready<'_>) -> Response {
    let Ending { world, directory } = ending;
    let sign_in = sign_in(request, ready, wish.platform, wish.nonce.clone());
    let mut parameters = Vec::new();
    let code = wish.wants_code.then(|| {
        let code = Code {
            sign_in: sign_in.clone(),
            authority: request.authority,
            redirect_uri: wish.reply.uri.clone(),
            challenge: wish.challenge.clone(),
            expires: Code::expiry(world.clock.now()),
            is_redeemed: false,
        };
        lock(&world.issued).add_code(code)
    });
    if let Some(code) = &code {
        parameters.push(("code", code.clone()));
    }
    let holder = Holder {
        world,
        directory,
        tenant: ready.tenant,
        user: ready.user,
        client: request.client,
        sign_in: &sign_in,
    };
    if wish.wants_id_token {
        let c_hash = code.as_deref().map(left_half);
        parameters.push(("id_token", user::id_token(&holder, c_hash)));
    }
    if wish.wants_client_info {
        parameters.push(("client_info", user::client_info(&holder)));
    }
    parameters.push(("session_state", ready.authentication.session.to_string()));
    wish.reply.send(parameters)
}

/// `c_hash`, by §3.3.2.11 of the core specification.
fn left_half(code: &str) -> String {
    let hash = digest::digest(&digest::SHA256, code.as_bytes());
    URL_SAFE_NO_PAD.encode(hash.as_ref().get(..16).unwrap_or_default())
}

fn admin_consented(
    ending: Ending<'_>,
    request: &Request<'_>,
    reply: &Reply,
    is_v2: bool,
    ready: &Ready<'_>,
) -> Response {
    let mut parameters = vec![("admin_consent", "True".to_owned()), ("tenant", ready.tenant.id.to_string())];
    if is_v2 {
        let scopes = Scopes::parse(ending.directory, &request.scope, &ready.tenant.name);
        let needs = scopes.map(|scopes| scopes.needs(ending.directory)).unwrap_or_default();
        let named: Vec<String> =
            needs.iter().map(|wanted| wanted.echo(&wanted.required(request.client))).collect();
        parameters.push(("scope", named.join(" ")));
    }
    reply.send(parameters)
}
