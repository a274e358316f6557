//! `grant_type=refresh_token`: for any resource, and at any tenant that knows the user.

use serde_json::Value;

use super::{
    Call,
    authorization_code::first_resource,
    client::Client,
    user_answer::{Answer, Refresh, check_revocation},
};
use crate::{aadsts::Refusal, world::lock};

pub(super) fn grant(call: Call<'_>, client: &Client<'_>) -> Result<Value, Refusal> {
    let text = call.form.required("refresh_token")?;
    let token = lock(&call.world.issued).refresh_tokens.get(text).cloned();
    let token = token.ok_or_else(Refusal::mangled_grant)?;
    if token.sign_in.client != client.app.id {
        return Err(Refusal::grant_of_another(client.app.id));
    }
    let proof = client.proven_for(token.sign_in.platform, call.form.has_origin)?;
    let now = call.world.clock.now();
    if token.deadline.is_some_and(|deadline| deadline <= now) {
        return Err(Refusal::spa_deadline());
    }
    if token.expires <= now {
        return Err(Refusal::refresh_token_inactive());
    }
    check_revocation(call, &token.sign_in)?;
    let scope = match call.form.scope()? {
        Some(scope) => scope.to_owned(),
        None => first_resource(call, &token.sign_in.scope)?,
    };
    let sign_in = token.sign_in.clone();
    Answer { client, proof, sign_in, scope, refresh: Refresh::After(Box::new(token)) }.give(call)
}
