//! From an API key to a principal.
//!
//! A key is looked up by its prefix before its organization is known. Prefixes are not unique: each candidate is
//! compared, in constant time, and of a key that nothing is known of the same work is done.

use std::sync::{Arc, atomic::AtomicU64};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

use super::{
    Actor, ApiKeyIdentity, Authenticated, AuthenticatedBy, Authentication, AuthenticationError,
    CachedPrincipal, OrgScope, Origin, Principal, Subject, permission::ALL_PERMISSIONS,
};
use crate::{
    api_keys::{ApiKey, ApiKeyDigests, ApiKeySecret, ApiKeyWithSecret, NOT_FOR_KEYS, Outcome, RawKey},
    events::Event,
    id::{ApiKeyId, ApiKeySecretId, OrgId},
    identity::{User, UserStatus},
    organizations::{Organization, OrganizationStatus},
    store::StoreError,
};

/// How long a key is remembered before it is looked at again.
const LONGEST: TimeDelta = TimeDelta::hours(1);

/// How many candidates of one prefix are compared. Prefixes are random, so that more of them share one is no accident.
const MOST_CANDIDATES: usize = 16;

/// Finds secrets of keys before an organization is known.
#[async_trait]
pub trait ApiKeyDirectory: Send + Sync {
    /// Where secrets with this prefix are; ids only.
    async fn candidates(&self, prefix: &str) -> Result<Vec<(OrgId, ApiKeySecretId)>, StoreError>;
}

/// What API keys need from outside.
pub struct ApiKeyPorts {
    pub directory: Arc<dyn ApiKeyDirectory>,
    pub digests: Arc<dyn ApiKeyDigests>,
    /// Whether a key's list of addresses is looked at.
    pub check_addresses: bool,
}

/// Why an API key is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiKeyRefusal {
    #[error("there is none")]
    Missing,
    #[error("it is not known")]
    Invalid,
    #[error("it was revoked")]
    Revoked,
    #[error("it has expired")]
    Expired,
    #[error("its organization is suspended")]
    OrganizationSuspended,
    #[error("its organization was deleted")]
    OrganizationDeleted,
    #[error("its organization's tenant has not consented")]
    TenantNotOnboarded(Uuid),
    #[error("its owner is suspended")]
    OwnerSuspended,
    #[error("it may not be used from this address")]
    AddressBlocked,
}

/// A key that was recognized, whether it is let in or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownKey {
    pub org_id: OrgId,
    pub id: ApiKeyId,
}

fn refused(reason: ApiKeyRefusal, key: Option<KnownKey>) -> AuthenticationError {
    AuthenticationError::ApiKey { reason, key }
}

impl ApiKeyRefusal {
    /// What the log of the key has of it; `None` where no key was recognized.
    pub fn outcome(self) -> Option<Outcome> {
        match self {
            Self::Missing | Self::Invalid => None,
            Self::Revoked => Some(Outcome::Revoked),
            Self::Expired => Some(Outcome::Expired),
            Self::OrganizationSuspended
            | Self::OrganizationDeleted
            | Self::TenantNotOnboarded(_)
            | Self::OwnerSuspended => Some(Outcome::Suspended),
            Self::AddressBlocked => Some(Outcome::AddressBlocked),
        }
    }
}

impl Authentication {
    /// The principal of an API key, used from the address of the origin.
    pub async fn api_key(
        &self,
        text: &str,
        origin: &Origin,
    ) -> Result<Authenticated, Arc<AuthenticationError>> {
        let entry = self.remembered(text, || Box::pin(self.load_api_key(text))).await?;
        self.check_address(&entry.principal, origin).map_err(Arc::new)?;
        Ok(Authenticated::without_assertion(Arc::clone(&entry.principal)))
    }

    async fn load_api_key(&self, text: &str) -> Result<Arc<CachedPrincipal>, AuthenticationError> {
        let mark = self.mark();
        let raw = RawKey::parse(text).ok_or_else(|| refused(ApiKeyRefusal::Invalid, None))?;
        let Some(found) = self.find_api_key(&raw).await? else {
            return Err(refused(ApiKeyRefusal::Invalid, None));
        };
        let Found { organization, owner, with_secret } = found;
        let ApiKeyWithSecret { key, secret, wire_key } = with_secret;
        let known = KnownKey { org_id: organization.id, id: key.id };
        let now = self.provisioning.ids.clock().now();
        if let Some(reason) = reason_against(&key, &secret, now) {
            return Err(refused(reason, Some(known)));
        }
        let without_consent =
            || self.policy.tenants.lacks_consent(&organization).map(ApiKeyRefusal::TenantNotOnboarded);
        if let Some(reason) = reason_against_owner(organization.status, owner.status).or_else(without_consent)
        {
            return Err(refused(reason, Some(known)));
        }
        self.renew_pepper(&raw, &secret, known.org_id).await?;
        let ends = [key.expires_at, secret.expires_at];
        let expires_at = ends.into_iter().flatten().fold(now + LONGEST, std::cmp::min);
        let principal = Principal {
            organization: Arc::new((&organization).into()),
            role: None,
            permissions: permissions(&key).into(),
            scopes: key.scopes.clone(),
            app_roles: Vec::new(),
            client_id: None,
            authenticated_by: AuthenticatedBy::ApiKey,
            user: Arc::new(owner),
            delegable: None,
            session: None,
            authenticated_at: None,
            api_key: Some(Box::new(ApiKeyIdentity { key, wire_key })),
            is_operator: false,
        };
        let subjects = vec![
            Subject::Organization(known.org_id),
            Subject::User(principal.user.id),
            Subject::ApiKey(known.id),
        ];
        Ok(Arc::new(CachedPrincipal {
            principal: Arc::new(principal),
            not_before: None,
            expires_at,
            key_id: None,
            subjects: subjects.into(),
            mark: AtomicU64::new(mark.0),
        }))
    }

    /// The key that has this secret. Each candidate's organization is entered for it.
    async fn find_api_key(&self, raw: &RawKey) -> Result<Option<Found>, AuthenticationError> {
        let candidates = self.api_keys.directory.candidates(raw.prefix()).await?;
        let mut found = None;
        for (org_id, secret) in candidates.into_iter().take(MOST_CANDIDATES) {
            let scope = OrgScope::new(org_id, Actor::System, Origin::default());
            let reader = self.provisioning.store.read(&scope).await?;
            let Some(with_secret) = reader.api_keys().find_by_secret(secret).await? else { continue };
            if !self.api_keys.digests.matches(raw, &with_secret.secret.digest) {
                continue;
            }
            let organization = reader.organization().get().await?;
            let owner = reader.users().get(with_secret.key.owner_id).await?;
            found = organization.zip(owner).map(|(organization, owner)| Found {
                organization,
                owner,
                with_secret,
            });
        }
        if found.is_none() {
            self.api_keys.digests.matches_nothing(raw);
        }
        Ok(found)
    }

    /// Stores the digest with the newest pepper, so that an older one can be retired once every key was used.
    async fn renew_pepper(
        &self,
        raw: &RawKey,
        secret: &ApiKeySecret,
        org_id: OrgId,
    ) -> Result<(), StoreError> {
        let digest = self.api_keys.digests.digest(raw);
        if digest.ring_key == secret.digest.ring_key {
            return Ok(());
        }
        let scope = OrgScope::new(org_id, Actor::System, Origin::default());
        let tx = self.provisioning.store.begin(&scope).await?;
        tx.api_keys().set_digest(secret.id, &digest).await?;
        tx.commit(Event::new("api_key.digest_renewed", json!({ "apiKeyId": secret.key_id })).into()).await
    }

    /// The address is judged at each use: one principal is remembered for all of them.
    pub(super) fn check_address(
        &self,
        principal: &Principal,
        origin: &Origin,
    ) -> Result<(), AuthenticationError> {
        let Some(identity) = principal.api_key().filter(|_| self.api_keys.check_addresses) else {
            return Ok(());
        };
        if identity.key.allowed_ips.permit(origin.ip) {
            return Ok(());
        }
        let known = KnownKey { org_id: principal.organization.id, id: identity.key.id };
        Err(refused(ApiKeyRefusal::AddressBlocked, Some(known)))
    }
}

struct Found {
    organization: Organization,
    owner: User,
    with_secret: ApiKeyWithSecret,
}

fn reason_against(key: &ApiKey, secret: &ApiKeySecret, now: DateTime<Utc>) -> Option<ApiKeyRefusal> {
    let is_over = |end: Option<DateTime<Utc>>| end.is_some_and(|end| end <= now);
    if !key.is_active {
        Some(ApiKeyRefusal::Revoked)
    } else if is_over(key.expires_at) || is_over(secret.expires_at) {
        Some(ApiKeyRefusal::Expired)
    } else {
        None
    }
}

fn reason_against_owner(organization: OrganizationStatus, owner: UserStatus) -> Option<ApiKeyRefusal> {
    match (organization, owner) {
        (OrganizationStatus::Active, UserStatus::Active) => None,
        (OrganizationStatus::Active, UserStatus::Disabled) => Some(ApiKeyRefusal::OwnerSuspended),
        (OrganizationStatus::Suspended, _) => Some(ApiKeyRefusal::OrganizationSuspended),
        (OrganizationStatus::Deleted, _) => Some(ApiKeyRefusal::OrganizationDeleted),
    }
}

/// What the scopes give. A word that means nothing any more gives nothing.
fn permissions(key: &ApiKey) -> Vec<&'static str> {
    let words = ALL_PERMISSIONS.iter().map(|(word, _)| *word);
    words
        .filter(|word| !NOT_FOR_KEYS.contains(word) && key.scopes.iter().any(|scope| scope == word))
        .collect()
}

/// What a public key takes, as numbers and as text.
const PUBLIC_KEY_BYTES: usize = 2_048;

/// Near enough to bound a cache by.
pub(super) fn weight(identity: &ApiKeyIdentity) -> usize {
    let key = &identity.key;
    let texts = |texts: &[String]| texts.iter().map(|text| text.len() + size_of::<String>()).sum::<usize>();
    size_of::<ApiKeyIdentity>()
        + key.name.len()
        + key.service_id.as_ref().map_or(0, String::len)
        + texts(&key.scopes)
        + 3 * texts(key.allowed_ips.texts())
        + key.allowed_user_ids.as_ref().map_or(0, |users| users.len() * size_of::<OrgId>())
        + texts(key.allowed_resources.as_deref().unwrap_or_default())
        + key.allowed_connections.as_ref().map_or(0, |ids| ids.len() * size_of::<OrgId>())
        + key.public_key.as_ref().map_or(0, |_| PUBLIC_KEY_BYTES)
        + key.proxy_rules.iter().flatten().map(|rule| rule.path.len() + texts(&rule.methods)).sum::<usize>()
        + identity.wire_key.as_bytes().len()
}
