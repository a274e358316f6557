//! What a client gets for somebody who signed in: an access token, an ID token, `client_info`.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{
    SignWith,
    claims::{self, Audience, Validity},
    jws,
};
use crate::{
    directory::{App, Directory, Tenant, User, Version, roles_at},
    issued::SignIn,
    random,
    scope::Wanted,
    world::{World, lock},
};

/// How long an ID token is good, in seconds.
const ID_TOKEN_LIFETIME: i64 = 3600;

/// Who holds a token, and by whose leave.
#[derive(Clone, Copy)]
pub(crate) struct Holder<'a> {
    pub(crate) world: &'a World,
    pub(crate) directory: &'a Directory,
    /// Where he signs in to, which need not be his home.
    pub(crate) tenant: &'a Tenant,
    /// His object there.
    pub(crate) user: &'a User,
    pub(crate) client: &'a App,
    pub(crate) sign_in: &'a SignIn,
}

/// An ID token of version 2, as the endpoints are.
pub(crate) fn id_token(holder: &Holder<'_>, c_hash: Option<String>) -> String {
    let Holder { world, directory, tenant, user, client, sign_in } = *holder;
    let id = client.id.to_string();
    let audience = Audience { claim: id.clone(), version: Version::V2, pairwise: id };
    let now = world.clock.now();
    let validity = Validity { from: now, until: now + TimeDelta::seconds(ID_TOKEN_LIFETIME) };
    let mut claims = claims::common(world, tenant.id, &audience, validity);
    claims.extend(claims::of_user(world, directory, tenant, user, &audience));
    let authentication = &sign_in.authentication;
    claims.insert("auth_time".to_owned(), json!(authentication.time.timestamp()));
    claims.insert("sid".to_owned(), json!(authentication.session));
    claims.insert("login_hint".to_owned(), json!(directory.sign_in_name(user)));
    claims.extend(sign_in.nonce.iter().map(|nonce| ("nonce".to_owned(), json!(nonce))));
    claims.extend(c_hash.map(|hash| ("c_hash".to_owned(), json!(hash))));
    let payload = Value::Object(claims).to_string();
    jws::sign(&lock(&world.keys), SignWith::Current, tenant.is_personal(), None, Version::V2, &payload)
}

/// By which MSAL knows the account: the object at home, also of a guest.
pub(crate) fn client_info(holder: &Holder<'_>) -> String {
    let handle = &holder.user.handle;
    let home = holder.directory.home_of(handle).map_or(holder.tenant.id, |tenant| tenant.id);
    let user = holder.directory.at_home(handle).map_or(holder.user.id, |user| user.id);
    URL_SAFE_NO_PAD.encode(json!({ "uid": user, "utid": home }).to_string())
}

/// An access token with what the client is told of it.
pub(crate) struct AccessToken {
    pub(crate) text: String,
    pub(crate) lifetime: i64,
    /// When to renew one that lives long.
    pub(crate) refresh_in: Option<i64>,
}

/// A token for a resource, with the scopes that were consented to; `proof` is how the client showed who it is.
pub(crate) fn access_token(
    holder: &Holder<'_>,
    wanted: &Wanted<'_>,
    granted: &[String],
    proof: &str,
) -> AccessToken {
    let Holder { world, directory, tenant, user, client, sign_in } = *holder;
    let resource = wanted.resource;
    // A resource that revokes at once need not let tokens run out, if the client understands it.
    let is_long = resource.continuous_access && sign_in.handles_claims;
    let lifetime = if is_long { random::long_lifetime_seconds() } else { random::lifetime_seconds() };
    let lifetime = lock(&world.token_lifetime).unwrap_or(lifetime);
    let version = if tenant.is_personal() { Version::V2 } else { resource.token_version };
    let audience = Audience::of(resource, &wanted.named, version);
    let now = world.clock.now();
    let validity = Validity { from: now, until: now + TimeDelta::seconds(lifetime) };
    let mut claims = claims::common(world, tenant.id, &audience, validity);
    claims.extend(claims::of_user(world, directory, tenant, user, &audience));
    claims::client(&mut claims, client.id, proof, version);
    claims.insert("scp".to_owned(), json!(granted.join(" ")));
    let roles = roles_at(&user.assigned, resource);
    if !roles.is_empty() {
        claims.insert("roles".to_owned(), json!(roles));
    }
    let authentication = &sign_in.authentication;
    if version == Version::V1 {
        let methods: &[&str] = if authentication.mfa { &["pwd", "mfa"] } else { &["pwd"] };
        claims.insert("amr".to_owned(), json!(methods));
    }
    if !authentication.contexts.is_empty() {
        claims.insert("acrs".to_owned(), json!(authentication.contexts));
    }
    if resource.wants("xms_cc") && sign_in.handles_claims {
        claims.insert("xms_cc".to_owned(), json!(["cp1"]));
    }
    if resource.wants("auth_time") {
        claims.insert("auth_time".to_owned(), json!(authentication.time.timestamp()));
    }
    if let Some(id) = claims.get("uti").and_then(Value::as_str) {
        lock(&world.issued).authentications.insert(id.to_owned(), authentication.clone());
    }
    let payload = Value::Object(claims).to_string();
    let keys = lock(&world.keys);
    let text = jws::sign(&keys, SignWith::Current, tenant.is_personal(), None, version, &payload);
    AccessToken { text, lifetime, refresh_in: is_long.then_some(lifetime / 2) }
}
