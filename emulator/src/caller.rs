//! Who calls Graph or SharePoint, by the token he brings.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use poem::http::{HeaderMap, header};
use serde_json::{Value, json};

use crate::{
    directory::{App, Directory, Tenant, User},
    jwt::Jwt,
    world::World,
};

/// A token that is good here.
pub(crate) struct Caller {
    pub(crate) directory: Directory,
    jwt: Jwt,
}

/// Why a token is no good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rejected {
    Missing,
    Malformed,
    Signature,
    /// For another resource, which it names.
    Audience(String),
    Expired,
    /// It was good: the client is to ask again with these claims, base64.
    Challenged {
        client: String,
        claims: String,
    },
}

impl Caller {
    /// `resource` is the client id of who is asked, `is_for` tells whether an audience means it.
    pub(crate) fn of(
        headers: &HeaderMap,
        world: &World,
        resource: &str,
        is_for: impl Fn(&App, &str) -> bool,
    ) -> Result<Self, Rejected> {
        let token = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok()?.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            .ok_or(Rejected::Missing)?;
        let jwt = Jwt::parse(token).ok_or(Rejected::Malformed)?;
        if !world.has_issued(&jwt) {
            return Err(Rejected::Signature);
        }
        let directory = world.directory_now();
        let caller = Self { directory, jwt };
        let asked = caller.directory.app(resource);
        let is_meant = |audience: &&str| asked.is_some_and(|asked| is_for(asked, audience));
        if !caller.jwt.audiences().iter().any(is_meant) {
            return Err(Rejected::Audience(caller.jwt.audiences().join(" ")));
        }
        if !caller.jwt.is_good_at(world.clock.now()) {
            return Err(Rejected::Expired);
        }
        match asked.and_then(|asked| caller.challenge(asked, world.clock.now())) {
            None => Ok(caller),
            Some(claims) => Err(Rejected::Challenged { client: caller.client().to_owned(), claims }),
        }
    }

    /// What has happened since the token was given out. Only clients that understand it are told before it ends.
    fn challenge(&self, resource: &App, now: DateTime<Utc>) -> Option<String> {
        let handles_claims = self.jwt.claims.get("xms_cc").and_then(Value::as_array).is_some_and(|known| {
            known.iter().filter_map(Value::as_str).any(|known| known.eq_ignore_ascii_case("cp1"))
        });
        let (tenant, user) = self.found().filter(|_| handles_claims)?;
        let home = self.directory.at_home(&user.handle);
        #[expect(clippy::cast_possible_truncation, reason = "whole seconds")]
        let issued = self.jwt.seconds("iat").unwrap_or_default() as i64;
        let ends = home.into_iter().flat_map(|home| [home.sessions_valid_from, home.password_changed]);
        let ended = ends.flatten().filter(|since| issued < since.timestamp()).max();
        let disabled = !user.enabled || home.is_some_and(|home| !home.enabled);
        let methods = self.jwt.claims.get("amr").and_then(Value::as_array);
        let has_mfa = methods.is_some_and(|methods| methods.iter().any(|method| method == "mfa"));
        let demanded = self.directory.demands_more(tenant, user, resource, has_mfa);
        let since = ended.or((disabled || demanded).then_some(now))?.timestamp().to_string();
        let claims = json!({ "access_token": { "nbf": { "essential": true, "value": since } } });
        Some(STANDARD.encode(claims.to_string()))
    }

    /// The client's id, in either version's claim.
    pub(crate) fn client(&self) -> &str {
        self.jwt.text("appid").or_else(|| self.jwt.text("azp")).unwrap_or_default()
    }

    pub(crate) fn tenant(&self) -> Option<&Tenant> {
        self.jwt.text("tid").and_then(|id| self.directory.addressed_tenant(id))
    }

    /// Whether a user is behind it, and not the app by itself.
    pub(crate) fn is_delegated(&self) -> bool {
        self.jwt.text("scp").is_some()
    }

    /// Whether the app has signed for it, with a certificate or another's token, and not used a secret.
    pub(crate) fn has_signed(&self) -> bool {
        ["appidacr", "azpacr"].iter().any(|claim| self.jwt.text(claim) == Some("2"))
    }

    /// Object id of the user or the service principal.
    pub(crate) fn object(&self) -> &str {
        self.jwt.text("oid").unwrap_or_default()
    }

    fn found(&self) -> Option<(&Tenant, &User)> {
        let tenant = self.tenant()?;
        tenant.users.iter().find(|user| user.id.to_string() == self.object()).map(|user| (tenant, user))
    }

    /// The user, if one is behind it.
    pub(crate) fn user(&self) -> Option<&User> {
        self.found().map(|(_, user)| user).filter(|_| self.is_delegated())
    }

    /// Whether one of the permissions was granted: to the client for its user, or to the app itself.
    pub(crate) fn may(&self, permissions: &[&str]) -> bool {
        let scopes = self.jwt.text("scp").map(|scopes| scopes.split(' ').collect::<Vec<_>>());
        let roles = || {
            let roles = self.jwt.claims.get("roles").and_then(Value::as_array);
            roles.into_iter().flatten().filter_map(Value::as_str).collect()
        };
        let held: Vec<&str> = scopes.unwrap_or_else(roles);
        permissions.iter().any(|permission| held.contains(permission))
    }
}
