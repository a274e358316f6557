//! The answer to a client that acts for somebody: what must hold, and what it gets.

use serde_json::{Map, Value, json};

use super::{
    Call,
    client::{Client, Proof},
};
use crate::{
    aadsts::Refusal,
    claims_request::ClaimsRequest,
    directory::{App, Demand, Tenant, User},
    issued::{RefreshToken, SignIn},
    scope::{Scopes, Wanted},
    tokens::user::{self, Holder},
    world::lock,
};

/// Whom a token is for, and on the strength of what.
pub(super) struct Answer<'a> {
    pub(super) client: &'a Client<'a>,
    pub(super) proof: Proof,
    pub(super) sign_in: SignIn,
    /// As asked for now, or else when it began.
    pub(super) scope: String,
    /// Whether the client gets one that follows from this one, the first one, or none.
    pub(super) refresh: Refresh,
}

/// What refresh token goes with the answer.
pub(super) enum Refresh {
    None,
    First,
    After(Box<RefreshToken>),
}

impl Answer<'_> {
    pub(super) fn give(mut self, call: Call<'_>) -> Result<Value, Refusal> {
        let Call { world, directory, form, .. } = call;
        let (tenant, user) = person(call, &self.sign_in)?;
        let client = self.client.app;
        let scopes = Scopes::parse(directory, &self.scope, &tenant.name)?;
        let claims = ClaimsRequest::parse(form.get("claims"))?;
        let wanted = scopes.clone().one(directory, &self.scope)?;
        may_have(tenant, user, client, &wanted)?;
        let granted = consented(tenant, user, client, &wanted)?;
        check_policies(call, &self.sign_in, tenant, user, &wanted, &claims)?;

        self.sign_in.handles_claims |= claims.handles_claims;
        self.sign_in.authentication.contexts.extend(claims.context);
        let holder = Holder { world, directory, tenant, user, client, sign_in: &self.sign_in };
        let token = user::access_token(&holder, &wanted, &granted, self.proof.claim());
        let mut shown = granted;
        if wanted.is_graph() {
            shown.extend(scopes.oidc.iter().cloned());
            shown.sort();
            shown.dedup();
        }
        let mut answer = Map::from_iter([
            ("token_type".to_owned(), json!("Bearer")),
            ("scope".to_owned(), json!(wanted.echo(&shown))),
            ("expires_in".to_owned(), json!(token.lifetime)),
            ("ext_expires_in".to_owned(), json!(token.lifetime)),
            ("access_token".to_owned(), json!(token.text)),
        ]);
        answer.extend(token.refresh_in.map(|seconds| ("refresh_in".to_owned(), json!(seconds))));
        if scopes.has("openid") {
            answer.insert("id_token".to_owned(), json!(user::id_token(&holder, None)));
        }
        if form.get("client_info") == Some("1") {
            answer.insert("client_info".to_owned(), json!(user::client_info(&holder)));
        }
        answer.extend(self.refresh_token(call));
        Ok(Value::Object(answer))
    }

    fn refresh_token(self, call: Call<'_>) -> Vec<(String, Value)> {
        let now = call.world.clock.now();
        let token = match self.refresh {
            Refresh::None => return Vec::new(),
            Refresh::First => RefreshToken::first(self.sign_in, now),
            Refresh::After(before) => before.next(self.sign_in, now),
        };
        let remaining = token.deadline.map(|deadline| (deadline - now).num_seconds());
        let text = lock(&call.world.issued).add_refresh_token(token);
        let mut members = vec![("refresh_token".to_owned(), json!(text))];
        members.extend(remaining.map(|seconds| ("refresh_token_expires_in".to_owned(), json!(seconds))));
        members
    }
}

/// The object of the human in the tenant that is asked, if both are well.
fn person<'a>(call: Call<'a>, sign_in: &SignIn) -> Result<(&'a Tenant, &'a User), Refusal> {
    let directory = call.directory;
    let (tenant, user) = directory
        .object_at(call.authority, &sign_in.handle)
        .map_err(|tenant| Refusal::user_is_gone(tenant.map_or("requested", |tenant| &tenant.name)))?;
    let home = directory.at_home(&sign_in.handle).ok_or_else(|| Refusal::user_is_gone(&tenant.name))?;
    if home.enabled && user.enabled { Ok((tenant, user)) } else { Err(Refusal::user_disabled()) }
}

/// That both apps are there and in use, and that he is let in to them.
fn may_have(tenant: &Tenant, user: &User, client: &App, wanted: &Wanted<'_>) -> Result<(), Refusal> {
    if tenant.service_principal(client).is_none() {
        return Err(Refusal::unknown_client(&client.id.to_string(), &tenant.name));
    }
    if !tenant.has_resource(wanted.resource, client) || !tenant.names_resource(wanted.resource, &wanted.named)
    {
        return Err(Refusal::unknown_resource(&wanted.named, &tenant.name));
    }
    for app in [client, wanted.resource] {
        let Some(principal) = tenant.service_principal(app) else { continue };
        if !principal.enabled {
            return Err(Refusal::disabled_client(app.id, &app.name));
        }
        if principal.assignment_required && !user.is_assigned_to(app) {
            return Err(Refusal::not_assigned(user, app));
        }
    }
    Ok(())
}

/// What was consented to, which must be all that is asked for.
fn consented(
    tenant: &Tenant,
    user: &User,
    client: &App,
    wanted: &Wanted<'_>,
) -> Result<Vec<String>, Refusal> {
    let granted = tenant.granted(client, wanted.resource, user.id);
    let is_covered = !granted.is_empty() && wanted.names.iter().all(|name| granted.contains(name));
    if is_covered { Ok(granted) } else { Err(Refusal::no_consent(client.id, &client.name)) }
}

/// Conditional Access, and what the client itself asks for.
fn check_policies(
    call: Call<'_>,
    sign_in: &SignIn,
    tenant: &Tenant,
    user: &User,
    wanted: &Wanted<'_>,
    claims: &ClaimsRequest,
) -> Result<(), Refusal> {
    let directory = call.directory;
    let policies = || directory.policies(tenant, user, wanted.resource);
    if let Some(policy) = policies().find(|policy| policy.require == Demand::Block) {
        return Err(Refusal::blocked(policy));
    }
    if sign_in.authentication.mfa {
        return Ok(());
    }
    if let Some(policy) = policies().find(|policy| policy.require == Demand::Mfa) {
        let refusal = Refusal::mfa_required(policy.id, wanted.resource);
        let is_named = policy.interaction_required;
        return Err(if is_named { refusal.named("interaction_required") } else { refusal });
    }
    if let Some(context) = &claims.context {
        return Err(Refusal::context_required(context, wanted.resource));
    }
    let home = directory.at_home(&sign_in.handle);
    if claims.wants_mfa || user.mfa_required || home.is_some_and(|home| home.mfa_required) {
        return Err(Refusal::mfa_for(wanted.resource.id));
    }
    Ok(())
}

/// Whether what was given out at `time` is void by now.
pub(super) fn check_revocation(call: Call<'_>, sign_in: &SignIn) -> Result<(), Refusal> {
    let Some(home) = call.directory.at_home(&sign_in.handle) else { return Ok(()) };
    let time = sign_in.authentication.time;
    let is_public = call.directory.apps.iter().any(|app| app.id == sign_in.client && !app.is_confidential());
    let is_void = home.sessions_valid_from.is_some_and(|since| time < since)
        || (is_public && home.password_changed.is_some_and(|since| time < since));
    if is_void { Err(Refusal::revoked()) } else { Ok(()) }
}
