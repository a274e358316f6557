//! `/{tenant}/oauth2/v2.0/logout`. Refresh tokens outlive it, as they do at Entra.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use poem::{Body, Request, Response, handler, web::Data};
use serde_json::Value;
use url::Url;

use super::{
    browser::Browser,
    forms::Form,
    pages,
    redirect_uri::registered,
    reply::{Mode, Reply},
};
use crate::{aadsts::Refusal, server::Site, world::World};

const BODY_LIMIT: usize = 64 * 1024;

#[handler]
pub(crate) async fn sign_out(
    request: &Request,
    body: Body,
    Data(world): Data<&Arc<World>>,
    Data(site): Data<&Site>,
) -> Response {
    let query = Form::read(request.uri().query().unwrap_or_default().as_bytes());
    let form = body.into_bytes_limit(BODY_LIMIT).await.map(|body| Form::read(&body)).unwrap_or_default();
    let parameter = |name: &str| match query.get(name) {
        "" => form.get(name).to_owned(),
        value => value.to_owned(),
    };
    let directory = world.directory_now();
    let hint = match parameter("logout_hint") {
        hint if hint.is_empty() => hinted(&parameter("id_token_hint")).unwrap_or_default(),
        hint => hint,
    };
    let who = directory.sign_in(&hint).map(|user| user.handle.clone());
    Browser::of(request, site).change(world, |session| match &who {
        Some(handle) => session.sign_out(handle),
        None => session.accounts.clear(),
    });
    let uri = parameter("post_logout_redirect_uri");
    if uri.is_empty() || Url::parse(&uri).is_err() {
        return pages::done("You signed out", "It’s a good idea to close all browser windows.");
    }
    if !directory.apps.iter().any(|app| registered(app, &uri).is_some()) {
        return pages::stop(
            &Refusal::bad_parameter("post_logout_redirect_uri", "no app has registered it"),
            None,
        );
    }
    let state = Some(parameter("state")).filter(|state| !state.is_empty());
    Reply { uri, mode: Mode::Query, state }.send(Vec::new())
}

/// Whom an ID token names; a signature is not asked for, since nothing is given out.
fn hinted(id_token: &str) -> Option<String> {
    let payload = URL_SAFE_NO_PAD.decode(id_token.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&payload).ok()?;
    Some(claims.get("preferred_username")?.as_str()?.to_owned())
}
