//! The claims Entra puts into tokens, of both versions, for users and for apps.

use aws_lc_rs::digest;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    directory::{App, Directory, ServicePrincipal, Tenant, User, Version},
    ids, random,
    world::World,
};

/// Claims of one token.
pub(crate) type Claims = Map<String, Value>;

/// From when to when a token is good, and since when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Validity {
    pub(crate) from: DateTime<Utc>,
    pub(crate) until: DateTime<Utc>,
}

/// For whom a token is: the `aud` claim and what `sub` is derived from.
#[derive(Debug, Clone)]
pub(crate) struct Audience {
    pub(crate) claim: String,
    pub(crate) version: Version,
    /// Client id, or the text itself when no app has that name.
    pub(crate) pairwise: String,
}

impl Audience {
    /// The resource as a client named it: version 2 says its client id, version 1 what was asked for.
    pub(crate) fn of(app: &App, named: &str, version: Version) -> Self {
        let claim = match (version, &app.uri) {
            (Version::V1, _) if app.is_resource(named) => named.to_owned(),
            (Version::V1, Some(uri)) => uri.clone(),
            (Version::V2, _) | (Version::V1, None) => app.id.to_string(),
        };
        Self { claim, version, pairwise: app.id.to_string() }
    }
}

/// Claims every token has.
pub(crate) fn common(world: &World, tenant: Uuid, audience: &Audience, validity: Validity) -> Claims {
    let version = match audience.version {
        Version::V1 => "1.0",
        Version::V2 => "2.0",
    };
    claims(json!({
        "aud": audience.claim,
        "iss": world.issuer(tenant, audience.version),
        // Entra sets both to the same moment.
        "iat": validity.from.timestamp(),
        "nbf": validity.from.timestamp(),
        "exp": validity.until.timestamp(),
        "tid": tenant,
        "ver": version,
        "uti": random::opaque::<16>(),
        "rh": format!("1.{}.", random::opaque::<24>()),
        "aio": random::opaque::<32>(),
    }))
}

/// Claims of an app that calls on its own behalf.
pub(crate) fn of_app(
    app: &App,
    principal: &ServicePrincipal,
    roles: &[String],
    proof: &str,
    version: Version,
) -> Claims {
    let mut claims = claims(json!({ "oid": principal.id, "sub": principal.id, "idtyp": "app" }));
    client(&mut claims, app.id, proof, version);
    if !roles.is_empty() {
        claims.insert("roles".to_owned(), json!(roles));
    }
    claims
}

/// Which client asked and how it proved itself: "0" not at all, "1" by a secret, "2" by a signature.
pub(crate) fn client(claims: &mut Claims, id: Uuid, proof: &str, version: Version) {
    let (client, method) = match version {
        Version::V1 => ("appid", "appidacr"),
        Version::V2 => ("azp", "azpacr"),
    };
    claims.insert(client.to_owned(), json!(id));
    claims.insert(method.to_owned(), json!(proof));
}

/// Claims about a user, in access tokens as in ID tokens.
pub(crate) fn of_user(
    world: &World,
    directory: &Directory,
    tenant: &Tenant,
    user: &User,
    audience: &Audience,
) -> Claims {
    let mut claims = claims(json!({
        "oid": user.id,
        "sub": pairwise(user.id, &audience.pairwise),
        "name": user.name(),
    }));
    let sign_in_name = directory.sign_in_name(user);
    match audience.version {
        Version::V2 => {
            claims.insert("preferred_username".to_owned(), json!(sign_in_name));
        }
        Version::V1 => {
            let methods: &[&str] = if user.mfa_required { &["pwd", "mfa"] } else { &["pwd"] };
            claims.extend([
                ("unique_name".to_owned(), json!(sign_in_name)),
                ("upn".to_owned(), json!(user.upn)),
                ("given_name".to_owned(), json!(user.given_name)),
                ("family_name".to_owned(), json!(user.family_name)),
                ("ipaddr".to_owned(), json!("127.0.0.1")),
                ("acr".to_owned(), json!("1")),
                ("amr".to_owned(), json!(methods)),
            ]);
        }
    }
    if let Some(mail) = &user.mail {
        claims.insert("email".to_owned(), json!(mail));
        claims.insert("xms_edov".to_owned(), json!(directory.is_mail_verified(tenant, user)));
    }
    if !tenant.is_personal() {
        claims.insert("acct".to_owned(), json!(u8::from(user.home.is_some())));
    }
    if user.administrator {
        claims.insert("wids".to_owned(), json!([ids::GLOBAL_ADMINISTRATOR]));
    }
    if let Some(home) = user.home {
        claims.insert("idp".to_owned(), json!(world.issuer(home, Version::V1)));
    }
    claims
}

/// A subject that is another for each app.
pub(crate) fn pairwise(user: Uuid, app: &str) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(user.as_bytes());
    context.update(app.as_bytes());
    URL_SAFE_NO_PAD.encode(context.finish())
}

fn claims(value: Value) -> Claims {
    match value {
        Value::Object(claims) => claims,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
    }
}
