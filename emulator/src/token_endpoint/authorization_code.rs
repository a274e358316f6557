//! `grant_type=authorization_code`, with PKCE.

use serde_json::Value;

use super::{
    Call,
    client::Client,
    user_answer::{Answer, Refresh, check_revocation},
};
use crate::{
    aadsts::Refusal,
    issued::{Challenge, Code},
    scope::Scopes,
    world::lock,
};

pub(super) fn grant(call: Call<'_>, client: &Client<'_>) -> Result<Value, Refusal> {
    let text = call.form.required("code")?;
    let code = {
        let mut issued = lock(&call.world.issued);
        let code = issued.codes.get_mut(text).ok_or_else(Refusal::mangled_grant)?;
        check(call, client, code)?;
        client.proven_for(code.sign_in.platform, call.form.has_origin)?;
        code.is_redeemed = true;
        code.clone()
    };
    check_revocation(call, &code.sign_in)?;
    let scope = match call.form.scope()? {
        Some(scope) => scope.to_owned(),
        None => first_resource(call, &code.sign_in.scope)?,
    };
    let is_lasting = [scope.as_str(), &code.sign_in.scope]
        .iter()
        .any(|scope| scope.split_whitespace().any(|scope| scope == "offline_access"));
    let proof = client.proven_for(code.sign_in.platform, call.form.has_origin)?;
    let refresh = if is_lasting { Refresh::First } else { Refresh::None };
    Answer { client, proof, sign_in: code.sign_in, scope, refresh }.give(call)
}

fn check(call: Call<'_>, client: &Client<'_>, code: &Code) -> Result<(), Refusal> {
    if code.sign_in.client != client.app.id {
        return Err(Refusal::grant_of_another(client.app.id));
    }
    if code.is_redeemed {
        return Err(Refusal::code_redeemed());
    }
    if code.expires <= call.world.clock.now() {
        return Err(Refusal::code_expired());
    }
    if code.authority != call.authority {
        return Err(Refusal::code_for_another_tenant());
    }
    if call.form.required("redirect_uri")? != code.redirect_uri {
        return Err(Refusal::redirect_differs());
    }
    match (&code.challenge, call.form.get("code_verifier")) {
        (None, None) => Ok(()),
        (None, Some(_)) | (Some(_), None) => Err(Refusal::missing_verifier()),
        (Some(_), Some(verifier)) if !Challenge::has_right_size(verifier) => {
            Err(Refusal::verifier_of_wrong_size())
        }
        (Some(challenge), Some(verifier)) if challenge.is_met_by(verifier) => Ok(()),
        (Some(_), Some(_)) => Err(Refusal::wrong_verifier()),
    }
}

/// What a sign-in for several resources means when a token request names none: the first.
pub(super) fn first_resource(call: Call<'_>, scope: &str) -> Result<String, Refusal> {
    let scopes = Scopes::parse(call.directory, scope, "any")?;
    let mut first: Vec<String> = scopes.oidc.clone();
    if let Some(wanted) = scopes.resources.first() {
        first.extend(wanted.asked());
    }
    Ok(first.join(" "))
}
