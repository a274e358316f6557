//! Making, rotating and ending keys.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use serde_json::json;

use super::{
    AllowedAddresses, ApiKey, ApiKeyDigests, ApiKeySecret, Manage, NOT_FOR_KEYS, Own, ProxyRule, PublicKey,
    RawKey, Reach, TokenEncryption,
};
use crate::{
    access::Authorized,
    connections::Sight,
    entropy::Entropy,
    events::Event,
    id::{ApiKeyId, ConnectionId, Ids, UserId},
    idempotency::{self, Claim, IdempotencyError, IdempotencyKey, Made},
    secret::SealError,
    store::{OrgTx, Store, StoreError},
};

/// The longest time that an old secret may go on beside its successor.
pub const LONGEST_OVERLAP: TimeDelta = TimeDelta::days(30);

/// A key to be made.
#[derive(Debug)]
pub struct NewApiKey {
    pub name: String,
    pub service_id: Option<String>,
    pub reach: Reach,
    pub scopes: Vec<String>,
    pub allowed_ips: AllowedAddresses,
    pub allowed_user_ids: Option<Vec<UserId>>,
    pub allowed_resources: Option<Vec<String>>,
    pub allowed_connections: Option<Vec<ConnectionId>>,
    pub include_refresh_token: bool,
    pub public_key: Option<PublicKey>,
    pub proxy_rules: Option<Vec<ProxyRule>>,
    pub requests_per_minute: Option<u32>,
    pub expires_at: Option<DateTime<Utc>>,
}

/// A key, with what is shown once if it was made just now.
#[derive(Debug)]
pub struct Issued {
    pub key: ApiKey,
    pub secret: Option<IssuedSecret>,
}

/// What is shown once.
#[derive(Debug)]
pub struct IssuedSecret {
    pub raw_key: RawKey,
    pub wire_key: SecretString,
}

/// Why a key could not be made or changed.
#[derive(Debug, thiserror::Error)]
pub enum ApiKeyError {
    #[error("there is no such key")]
    NotFound,
    /// No such permission, one that keys cannot have, or one that whoever makes the key does not have.
    #[error("the scope {0:?} cannot be given")]
    ScopeNotAllowed(String),
    #[error("only who may manage all keys may make one that sees everybody's things")]
    ReachNotAllowed,
    #[error("there is no such member")]
    UnknownUser,
    /// Its form is good, and it is no point on the curve, or no modulus.
    #[error("the public key is none")]
    NoPublicKey,
    /// There is no such connection that whoever makes the key sees, or it is not one that the key could see.
    #[error("there is no such connection")]
    UnknownConnection,
    #[error("the end is not in the future")]
    EndInThePast,
    #[error("the key is revoked")]
    Revoked,
    #[error("the key has expired")]
    Expired,
    #[error(transparent)]
    Idempotency(#[from] IdempotencyError),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes, rotates and ends API keys.
#[derive(Clone)]
pub struct ApiKeys {
    store: Arc<dyn Store>,
    digests: Arc<dyn ApiKeyDigests>,
    encryption: Arc<dyn TokenEncryption>,
    entropy: Arc<dyn Entropy>,
    ids: Ids,
}

impl ApiKeys {
    pub fn new(
        store: Arc<dyn Store>,
        digests: Arc<dyn ApiKeyDigests>,
        encryption: Arc<dyn TokenEncryption>,
        entropy: Arc<dyn Entropy>,
        ids: Ids,
    ) -> Self {
        Self { store, digests, encryption, entropy, ids }
    }

    /// Whose keys a caller sees: their own, or with the permission everybody's.
    pub fn visible_owner(caller: &Authorized<Own>) -> Option<UserId> {
        let principal = caller.principal();
        (!principal.may::<Manage>()).then(|| principal.user().id)
    }

    /// A key that the caller sees.
    pub async fn get(&self, caller: &Authorized<Own>, id: ApiKeyId) -> Result<ApiKey, ApiKeyError> {
        let key = self.store.read(&caller.scope()).await?.api_keys().get(id).await?;
        key.filter(|key| is_visible(caller, key)).ok_or(ApiKeyError::NotFound)
    }

    pub async fn create(
        &self,
        caller: &Authorized<Own>,
        new: NewApiKey,
        idempotency_key: Option<&IdempotencyKey>,
    ) -> Result<Made<Issued>, ApiKeyError> {
        let (key, issued) = self.key(caller, new)?;
        let tx = self.store.begin(&caller.scope()).await?;
        let first = match idempotency::claim(tx.as_ref(), "createApiKey", idempotency_key, key.id).await? {
            Claim::First(first) => first,
            Claim::Repeat(repeat) => {
                let found = tx.api_keys().get(repeat.id()).await?;
                return Ok(repeat.made(found.map(|key| Issued { key, secret: None }))?);
            }
        };
        for user in key.allowed_user_ids.iter().flatten() {
            tx.users().get(*user).await?.ok_or(ApiKeyError::UnknownUser)?;
        }
        check_connections(tx.as_ref(), caller, &key).await?;
        tx.api_keys().add(&key).await?;
        self.add_secret(tx.as_ref(), key.id, &issued).await?;
        let event = json!({ "apiKeyId": key.id, "prefix": key.prefix, "scopes": key.scopes });
        tx.commit(Event::new("api_key.created", event).into()).await?;
        Ok(first.made(Issued { key, secret: Some(issued) }))
    }

    /// Gives the key a new secret; the present ones go on for the time of the overlap and no longer.
    pub async fn rotate(
        &self,
        caller: &Authorized<Own>,
        id: ApiKeyId,
        overlap: TimeDelta,
    ) -> Result<Issued, ApiKeyError> {
        let tx = self.store.begin(&caller.scope()).await?;
        let key = visible(tx.as_ref(), caller, id).await?;
        let now = self.ids.clock().now();
        if !key.is_active {
            return Err(ApiKeyError::Revoked);
        }
        if key.expires_at.is_some_and(|expires_at| expires_at <= now) {
            return Err(ApiKeyError::Expired);
        }
        let issued = self.issue();
        let secret = self.add_secret(tx.as_ref(), id, &issued).await?;
        let overlap = overlap.clamp(TimeDelta::zero(), LONGEST_OVERLAP);
        tx.api_keys().end_secrets(id, secret.id, now + overlap).await?;
        tx.api_keys().set_prefix(id, &secret.prefix).await?;
        let key = tx.api_keys().get(id).await?.ok_or(ApiKeyError::NotFound)?;
        let event =
            json!({ "apiKeyId": id, "prefix": secret.prefix, "overlapSeconds": overlap.num_seconds() });
        tx.commit(Event::new("api_key.rotated", event).into()).await?;
        Ok(Issued { key, secret: Some(issued) })
    }

    /// Ends the key for good; it stays in the list.
    pub async fn revoke(&self, caller: &Authorized<Own>, id: ApiKeyId) -> Result<ApiKey, ApiKeyError> {
        let tx = self.store.begin(&caller.scope()).await?;
        visible(tx.as_ref(), caller, id).await?;
        if !tx.api_keys().revoke(id).await? {
            return Err(ApiKeyError::NotFound);
        }
        let key = tx.api_keys().get(id).await?.ok_or(ApiKeyError::NotFound)?;
        tx.commit(Event::new("api_key.revoked", json!({ "apiKeyId": id })).into()).await?;
        Ok(key)
    }

    /// Ends the key and removes all that is known of it.
    pub async fn delete(&self, caller: &Authorized<Own>, id: ApiKeyId) -> Result<(), ApiKeyError> {
        let tx = self.store.begin(&caller.scope()).await?;
        visible(tx.as_ref(), caller, id).await?;
        if !tx.api_keys().remove(id).await? {
            return Err(ApiKeyError::NotFound);
        }
        tx.commit(Event::new("api_key.deleted", json!({ "apiKeyId": id })).into()).await?;
        Ok(())
    }

    fn issue(&self) -> IssuedSecret {
        let raw_key = RawKey::generate(self.entropy.as_ref());
        // Another 192 random bits in the same form, which any decoder takes as text.
        let wire_key = RawKey::generate(self.entropy.as_ref()).into_wire_key();
        IssuedSecret { raw_key, wire_key }
    }

    async fn add_secret(
        &self,
        tx: &dyn OrgTx,
        key_id: ApiKeyId,
        issued: &IssuedSecret,
    ) -> Result<ApiKeySecret, ApiKeyError> {
        let secret = ApiKeySecret {
            id: self.ids.next(),
            key_id,
            prefix: issued.raw_key.prefix().to_owned(),
            digest: self.digests.digest(&issued.raw_key),
            expires_at: None,
            created_at: self.ids.clock().now(),
        };
        tx.api_keys().add_secret(&secret, &issued.wire_key).await?;
        Ok(secret)
    }

    /// The key as it is to be, if whoever makes it may make it so.
    fn key(&self, caller: &Authorized<Own>, new: NewApiKey) -> Result<(ApiKey, IssuedSecret), ApiKeyError> {
        let principal = caller.principal();
        let mut scopes = new.scopes;
        scopes.sort_unstable();
        scopes.dedup();
        for scope in &scopes {
            let is_had = principal.permissions().contains(&scope.as_str());
            if !is_had || NOT_FOR_KEYS.contains(&scope.as_str()) {
                return Err(ApiKeyError::ScopeNotAllowed(scope.clone()));
            }
        }
        if new.reach == Reach::Organization && !principal.may::<Manage>() {
            return Err(ApiKeyError::ReachNotAllowed);
        }
        let owner_id = principal.user().id;
        let is_others = |users: &Vec<UserId>| users.iter().any(|user| *user != owner_id);
        if new.reach == Reach::Own && new.allowed_user_ids.as_ref().is_some_and(is_others) {
            return Err(ApiKeyError::UnknownUser);
        }
        if new.public_key.as_ref().is_some_and(|key| !self.encryption.is_key(key)) {
            return Err(ApiKeyError::NoPublicKey);
        }
        let now = self.ids.clock().now();
        if new.expires_at.is_some_and(|expires_at| expires_at <= now) {
            return Err(ApiKeyError::EndInThePast);
        }
        let issued = self.issue();
        let key = ApiKey {
            id: self.ids.next(),
            owner_id,
            name: new.name,
            service_id: new.service_id,
            reach: new.reach,
            scopes,
            allowed_ips: new.allowed_ips,
            allowed_user_ids: new.allowed_user_ids,
            allowed_resources: new.allowed_resources,
            allowed_connections: new.allowed_connections,
            include_refresh_token: new.include_refresh_token,
            public_key: new.public_key,
            proxy_rules: new.proxy_rules,
            requests_per_minute: new.requests_per_minute,
            prefix: issued.raw_key.prefix().to_owned(),
            is_active: true,
            expires_at: new.expires_at,
            last_used_at: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        Ok((key, issued))
    }
}

async fn check_connections(
    tx: &dyn OrgTx,
    caller: &Authorized<Own>,
    key: &ApiKey,
) -> Result<(), ApiKeyError> {
    let sight = Sight::of_caller(caller);
    for id in key.allowed_connections.iter().flatten() {
        let found = tx.connections().get(*id).await?.filter(|connection| sight.includes(connection));
        let found = found.ok_or(ApiKeyError::UnknownConnection)?;
        if key.reach == Reach::Own && found.user_id != key.owner_id {
            return Err(ApiKeyError::UnknownConnection);
        }
    }
    Ok(())
}

fn is_visible(caller: &Authorized<Own>, key: &ApiKey) -> bool {
    ApiKeys::visible_owner(caller).is_none_or(|owner| owner == key.owner_id)
}

async fn visible(tx: &dyn OrgTx, caller: &Authorized<Own>, id: ApiKeyId) -> Result<ApiKey, ApiKeyError> {
    let key = tx.api_keys().get(id).await?.filter(|key| is_visible(caller, key));
    key.ok_or(ApiKeyError::NotFound)
}
