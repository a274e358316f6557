//! Who calls Graph, by the token he brings.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use poem::Request;
use serde_json::{Value, json};

use super::error::Problem;
use crate::{
    directory::{Directory, Tenant, User},
    ids,
    jwt::Jwt,
    server::Site,
    world::World,
};

/// A token that is good here.
pub(super) struct Caller {
    directory: Directory,
    jwt: Jwt,
}

impl Caller {
    pub(super) fn of(request: &Request, world: &World, site: &Site) -> Result<Self, Problem> {
        let page = format!("{}/common/oauth2/authorize", site.url);
        let bad = |message: &str| Problem::bad_token(message, &page);
        let token = request
            .header("authorization")
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            .ok_or_else(|| bad("Access token is empty."))?;
        let jwt = Jwt::parse(token).ok_or_else(|| bad("IDX14100: JWT is not well formed."))?;
        if !world.has_issued(&jwt) {
            return Err(bad("Signature verification failed."));
        }
        let directory = world.directory_now();
        let is_for_graph = |audience: &&str| {
            let graph = directory.app(ids::GRAPH_APP);
            graph.is_some_and(|graph| graph.is_resource(audience))
        };
        if !jwt.audiences().iter().any(is_for_graph) {
            return Err(bad("Access token validation failure. Invalid audience."));
        }
        if !jwt.is_good_at(world.clock.now()) {
            return Err(bad("Lifetime validation failed, the token is expired."));
        }
        let caller = Self { directory, jwt };
        caller.check_revocation(&page, world.clock.now())?;
        Ok(caller)
    }

    /// Only those who said they understand are told before their token ends.
    fn check_revocation(&self, page: &str, now: DateTime<Utc>) -> Result<(), Problem> {
        let handles_claims = self.jwt.claims.get("xms_cc").and_then(Value::as_array).is_some_and(|known| {
            known.iter().filter_map(Value::as_str).any(|known| known.eq_ignore_ascii_case("cp1"))
        });
        let Some((_, user)) = self.user().filter(|_| handles_claims) else { return Ok(()) };
        let home = self.directory.at_home(&user.handle);
        #[expect(clippy::cast_possible_truncation, reason = "whole seconds")]
        let issued = self.jwt.seconds("iat").unwrap_or_default() as i64;
        let ended = home.and_then(|home| home.sessions_valid_from).filter(|since| issued < since.timestamp());
        let disabled = (!user.enabled || home.is_some_and(|home| !home.enabled)).then_some(now);
        let Some(since) = ended.or(disabled) else { return Ok(()) };
        let nbf = since.timestamp().to_string();
        let claims = json!({ "access_token": { "nbf": { "essential": true, "value": nbf } } });
        Err(Problem::revoked(self.client(), &STANDARD.encode(claims.to_string()), page))
    }

    /// The client's id, in either version's claim.
    pub(super) fn client(&self) -> &str {
        self.jwt.text("appid").or_else(|| self.jwt.text("azp")).unwrap_or_default()
    }

    pub(super) fn tenant(&self) -> Result<&Tenant, Problem> {
        let tenant = self.jwt.text("tid").and_then(|id| self.directory.addressed_tenant(id));
        tenant.ok_or_else(Problem::denied)
    }

    fn user(&self) -> Option<(&Tenant, &User)> {
        let (tenant, object) = (self.tenant().ok()?, self.jwt.text("oid")?);
        tenant.users.iter().find(|user| user.id.to_string() == object).map(|user| (tenant, user))
    }

    /// The user, if the client may see him by one of the permissions.
    pub(super) fn user_with(&self, permissions: &[&str]) -> Result<(&Tenant, &User), Problem> {
        if self.jwt.text("scp").is_none() {
            return Err(Problem::needs_user());
        }
        if !self.may(permissions) {
            return Err(Problem::denied());
        }
        self.user().ok_or_else(|| Problem::no_resource(self.jwt.text("oid").unwrap_or_default()))
    }

    /// Whether one of the permissions was granted: to the client for its user, or to the app itself.
    pub(super) fn may(&self, permissions: &[&str]) -> bool {
        let scopes = self.jwt.text("scp").map(|scopes| scopes.split(' ').collect::<Vec<_>>());
        let roles = || {
            let roles = self.jwt.claims.get("roles").and_then(Value::as_array);
            roles.into_iter().flatten().filter_map(Value::as_str).collect()
        };
        let held: Vec<&str> = scopes.unwrap_or_else(roles);
        permissions.iter().any(|permission| held.contains(permission))
    }
}
