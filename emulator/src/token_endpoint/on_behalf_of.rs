//! An API that calls another in its caller's name: `grant_type=…:jwt-bearer`.
//!
//! <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-on-behalf-of-flow>

use chrono::DateTime;
use serde_json::Value;

use super::{
    Call,
    client::Client,
    user_answer::{Answer, Refresh, check_revocation},
};
use crate::{
    aadsts::Refusal,
    directory::{Directory, Platform},
    issued::{Authentication, SignIn},
    jwt::Jwt,
    random,
    world::lock,
};

pub(super) fn grant(call: Call<'_>, client: &Client<'_>) -> Result<Value, Refusal> {
    let form = call.form;
    let assertion = form.required("assertion")?;
    if form.required("requested_token_use")? != "on_behalf_of" {
        return Err(Refusal::bad_parameter("requested_token_use", "it must be on_behalf_of"));
    }
    let scope = form.required_scope()?.to_owned();
    let proof = client.proven()?;
    let sign_in = caller(call, client, assertion, &scope)?;
    check_revocation(call, &sign_in)?;
    let is_lasting = scope.split_whitespace().any(|scope| scope == "offline_access");
    let refresh = if is_lasting { Refresh::First } else { Refresh::None };
    Answer { client, proof, sign_in, scope, refresh }.give(call)
}

/// Who called the API, if the token he called it with is one of ours, for it, and in time.
fn caller(call: Call<'_>, client: &Client<'_>, assertion: &str, scope: &str) -> Result<SignIn, Refusal> {
    let app = client.app;
    let jwt = Jwt::parse(assertion).ok_or_else(|| Refusal::assertion_invalid("it is not a signed JWT"))?;
    if !call.world.has_issued(&jwt) {
        return Err(Refusal::assertion_invalid("no key of this authority has signed it"));
    }
    let is_in_time = jwt.is_good_at(call.world.clock.now());
    if !is_in_time {
        return Err(Refusal::assertion_expired());
    }
    // To the letter: a client id or App ID URI in capitals is another's.
    let own = [Some(app.id.to_string()), app.uri.clone(), app.uri.as_ref().map(|uri| format!("{uri}/"))];
    if !jwt.audiences().iter().any(|audience| own.iter().flatten().any(|own| own == audience)) {
        return Err(Refusal::assertion_for_another(app.id));
    }
    let is_delegated = jwt.text("scp").is_some();
    if jwt.text("idtyp") == Some("app") || (!is_delegated && jwt.text("oid") == jwt.text("sub")) {
        return Err(Refusal::assertion_of_app(app.id));
    }
    if !is_delegated {
        return Err(Refusal::assertion_is_id_token());
    }
    let object = jwt.text("oid").unwrap_or_default();
    let handle = handle(call.directory, object).ok_or_else(|| Refusal::user_is_gone("requested"))?;
    let authentication = authentication(call, &jwt, &handle);
    Ok(SignIn {
        handle,
        client: app.id,
        platform: Platform::Web,
        authentication,
        scope: scope.to_owned(),
        nonce: None,
        handles_claims: false,
    })
}

fn handle(directory: &Directory, object: &str) -> Option<String> {
    let mut users = directory.tenants.iter().flat_map(|tenant| &tenant.users);
    users.find(|user| user.id.to_string() == object).map(|user| user.handle.clone())
}

/// How the caller had signed in: as written down, or for a token of the control API as it says itself.
fn authentication(call: Call<'_>, jwt: &Jwt, handle: &str) -> Authentication {
    let known = jwt.text("uti").and_then(|id| lock(&call.world.issued).authentications.get(id).cloned());
    known.unwrap_or_else(|| {
        #[expect(clippy::cast_possible_truncation, reason = "whole seconds")]
        let time = jwt.seconds("iat").and_then(|seconds| DateTime::from_timestamp(seconds as i64, 0));
        let methods = jwt.claims.get("amr").and_then(Value::as_array);
        let mfa = methods.is_some_and(|methods| methods.iter().any(|method| method == "mfa"))
            || call.directory.at_home(handle).is_some_and(|user| user.mfa_required);
        Authentication {
            time: time.unwrap_or_else(|| call.world.clock.now()),
            mfa,
            session: random::uuid(),
            contexts: Vec::new(),
        }
    })
}
