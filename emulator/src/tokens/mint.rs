//! From a [`TokenRequest`] to a token.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{
    claims::{self, Audience, Claims, Validity},
    jws,
    request::{TokenKind, TokenRequest},
};
use crate::{
    directory::{App, Directory, DirectoryError, Tenant, User, Version, roles_at},
    ids, random,
    world::{World, lock},
};

/// Why there is no token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MintError {
    /// The directory does not know who or what was asked for.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// Neither or both were given.
    #[error("say either \"user\" or \"app\"")]
    NoSubject,
    /// An app has no ID token.
    #[error("an ID token is about a user")]
    AppHasNoIdToken,
    /// The times are further away than a date can be.
    #[error("\"expiresIn\" or \"notBefore\" is too far away")]
    TimeOutOfRange,
}

impl World {
    /// Makes the token that `request` describes.
    pub(crate) fn mint(&self, request: &TokenRequest) -> Result<String, MintError> {
        let directory = lock(&self.directory).clone();
        let (version, is_personal, payload) = if let Some(payload) = &request.raw_payload {
            (request.version.unwrap_or(Version::V2), false, payload.clone())
        } else {
            let (tenant, audience, mut claims) = self.claims(&directory, request)?;
            for (name, value) in &request.claims {
                if value.is_null() {
                    claims.remove(name);
                } else {
                    claims.insert(name.clone(), value.clone());
                }
            }
            (audience.version, tenant.is_personal(), Value::Object(claims).to_string())
        };
        let keys = lock(&self.keys);
        Ok(jws::sign(&keys, request.sign_with, is_personal, request.kid.as_deref(), version, &payload))
    }

    fn claims<'a>(
        &self,
        directory: &'a Directory,
        request: &TokenRequest,
    ) -> Result<(&'a Tenant, Audience, Claims), MintError> {
        let (resource, audience) = audience(directory, request);
        let validity = validity(self.clock.now(), request)?;
        let (tenant, subject) = match (&request.user, &request.app) {
            (Some(user), None) => {
                let (tenant, user) = directory.user(user, request.tenant.as_deref())?;
                let mut claims = claims::of_user(self, directory, tenant, user, &audience);
                match request.kind {
                    TokenKind::Access => {
                        if resource.is_some_and(|resource| resource.wants("auth_time")) {
                            claims.insert("auth_time".to_owned(), json!(self.clock.now().timestamp()));
                        }
                        delegated(&mut claims, request, directory, user, resource, &audience);
                    }
                    TokenKind::Id => {
                        claims.extend(request.nonce.iter().map(|nonce| ("nonce".to_owned(), json!(nonce))));
                    }
                }
                (tenant, claims)
            }
            (None, Some(_)) if request.kind == TokenKind::Id => return Err(MintError::AppHasNoIdToken),
            (None, Some(app)) => {
                let tenant = directory.tenant(request.tenant.as_deref().unwrap_or(ids::CONTOSO))?;
                (tenant, on_own_behalf(request, directory, tenant, app, resource, &audience)?)
            }
            (Some(_), Some(_)) | (None, None) => return Err(MintError::NoSubject),
        };
        let mut claims = claims::common(self, tenant.id, &audience, validity);
        claims.extend(subject);
        Ok((tenant, audience, claims))
    }
}

fn audience<'a>(directory: &'a Directory, request: &TokenRequest) -> (Option<&'a App>, Audience) {
    let named = request.audience.as_deref().unwrap_or(match request.kind {
        TokenKind::Access => "Tenantry",
        TokenKind::Id => ids::TENANTRY_SPA,
    });
    let app = directory.app(named);
    let audience = match (app, request.kind) {
        (Some(app), TokenKind::Access) => {
            Audience::of(app, named, request.version.unwrap_or(app.token_version))
        }
        (Some(app), TokenKind::Id) => Audience {
            claim: app.id.to_string(),
            version: request.version.unwrap_or(Version::V2),
            pairwise: app.id.to_string(),
        },
        (None, TokenKind::Access | TokenKind::Id) => Audience {
            claim: named.to_owned(),
            version: request.version.unwrap_or(Version::V2),
            pairwise: named.to_owned(),
        },
    };
    (app, audience)
}

fn validity(now: DateTime<Utc>, request: &TokenRequest) -> Result<Validity, MintError> {
    let expires_in = request.expires_in.unwrap_or_else(random::lifetime_seconds);
    // A token that has expired was good before, so that the expiry is all that is wrong with it.
    let not_before = request.not_before.unwrap_or(expires_in.saturating_sub(3600).min(0));
    let at = |seconds| {
        TimeDelta::try_seconds(seconds)
            .and_then(|delta| now.checked_add_signed(delta))
            .ok_or(MintError::TimeOutOfRange)
    };
    Ok(Validity { from: at(not_before)?, until: at(expires_in)? })
}

fn delegated(
    claims: &mut Claims,
    request: &TokenRequest,
    directory: &Directory,
    user: &User,
    resource: Option<&App>,
    audience: &Audience,
) {
    let defined = resource.map(|resource| resource.scopes.clone()).filter(|scopes| !scopes.is_empty());
    let default = || defined.unwrap_or_else(|| vec!["access_as_user".to_owned()]);
    let scopes = request.scopes.clone().unwrap_or_else(default);
    if !scopes.is_empty() {
        claims.insert("scp".to_owned(), json!(scopes.join(" ")));
    }
    let assigned = || resource.map(|resource| roles_at(&user.assigned, resource)).unwrap_or_default();
    let roles = request.roles.clone().unwrap_or_else(assigned);
    if !roles.is_empty() {
        claims.insert("roles".to_owned(), json!(roles));
    }
    if let Some(spa) = directory.app(ids::TENANTRY_SPA) {
        claims::client(claims, spa.id, "0", audience.version);
    }
}

fn on_own_behalf(
    request: &TokenRequest,
    directory: &Directory,
    tenant: &Tenant,
    app: &str,
    resource: Option<&App>,
    audience: &Audience,
) -> Result<Claims, MintError> {
    let app = directory.app(app).ok_or_else(|| DirectoryError::UnknownApp(app.to_owned()))?;
    let principal = tenant.service_principal(app).ok_or_else(|| DirectoryError::NoServicePrincipal {
        app: app.name.clone(),
        tenant: tenant.name.clone(),
    })?;
    let assigned = || resource.map(|resource| roles_at(&principal.assigned, resource)).unwrap_or_default();
    let roles = request.roles.clone().unwrap_or_else(assigned);
    let mut claims = claims::of_app(app, principal, &roles, "1", audience.version);
    if let Some(scopes) = request.scopes.as_ref().filter(|scopes| !scopes.is_empty()) {
        claims.insert("scp".to_owned(), json!(scopes.join(" ")));
    }
    Ok(claims)
}
