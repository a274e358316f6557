//! From a credential to a principal: cache, else verify, admit and provision.

use std::{
    borrow::Cow,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;
use uuid::Uuid;

use super::{
    AdmissionPolicy, AllowedTenants, ApiKeyPorts, ApiKeyRefusal, Authenticated, AuthenticatedBy, BearerToken,
    Directory, Epochs, EpochsUnavailable, Identity, IdentityCache, IdentityKind, KnownKey, KnownOrganization,
    Mark, Principal, Rejection, Role, Subject, TenantPolicy, TokenVerifier, VerificationError, VerifiedToken,
    on_behalf_of::Delegable,
    permission::ALL_PERMISSIONS,
    provisioning::{Newcomer, Provisioning},
};
use crate::{
    id::Ids,
    identity::{AccountDirectory, SessionTokens, User, UserStatus},
    organizations::{Organization, OrganizationOrigin, OrganizationStatus, OrganizationSummary},
    store::{Store, StoreError},
};

/// Why somebody is not let in.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticationError {
    /// `401 UNAUTHORIZED`; the reason is for logs and metrics.
    #[error("the credential was rejected: {0}")]
    Rejected(#[from] Rejection),
    /// `403 TENANT_NOT_ONBOARDED`: an administrator of the tenant has not consented.
    #[error("the tenant has not completed admin consent")]
    TenantNotOnboarded { tenant: Uuid },
    /// `403 ORGANIZATION_DELETED`: it can be restored for a while, and is gone after that.
    #[error("the organization is deleted")]
    OrganizationDeleted,
    /// `403 ORGANIZATION_SUSPENDED`.
    #[error("the organization is suspended")]
    OrganizationSuspended,
    /// `403 USER_DISABLED`.
    #[error("the user is disabled")]
    UserDisabled,
    /// `401` or `403`, with a code of its own for each reason.
    #[error("the API key was refused: {reason}")]
    ApiKey {
        reason: ApiKeyRefusal,
        /// The key, if it was recognized.
        key: Option<KnownKey>,
    },
    /// `401 SESSION_REVOKED`: a session that was good and has ended.
    #[error("the session has ended")]
    SessionRevoked,
    /// `503 UNAVAILABLE`: the credential cannot be judged now.
    #[error("the credential cannot be judged at the moment")]
    Unavailable { retry_after: Duration },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<VerificationError> for AuthenticationError {
    fn from(error: VerificationError) -> Self {
        match error {
            VerificationError::Rejected(rejection) => Self::Rejected(rejection),
            VerificationError::Unavailable { retry_after } => Self::Unavailable { retry_after },
        }
    }
}

impl From<EpochsUnavailable> for AuthenticationError {
    fn from(_: EpochsUnavailable) -> Self {
        Self::Unavailable { retry_after: Duration::from_secs(5) }
    }
}

/// A principal with all that its validity depends on. Only successes become one.
#[derive(Debug)]
pub struct CachedPrincipal {
    pub(super) principal: Arc<Principal>,
    pub(super) not_before: Option<DateTime<Utc>>,
    pub(super) expires_at: DateTime<Utc>,
    /// Of the authority's keys; `None` for a credential that no authority signed.
    pub(super) key_id: Option<String>,
    pub(super) subjects: Box<[Subject]>,
    /// Up to when nothing that it depends on is known to have changed.
    pub(super) mark: AtomicU64,
}

impl CachedPrincipal {
    /// Its size in memory, in bytes, near enough to bound a cache by.
    pub fn weight(&self) -> u32 {
        let principal = &self.principal;
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let list = |list: &[String]| list.iter().map(|text| text.len() + size_of::<String>()).sum::<usize>();
        let own = match &principal.permissions {
            Cow::Borrowed(_) => 0,
            Cow::Owned(permissions) => size_of_val(permissions.as_slice()),
        };
        let bytes = size_of::<Self>()
            + size_of::<Principal>()
            // Others may share it; then this is too much.
            + size_of::<User>()
            + size_of::<OrganizationSummary>()
            + self.key_id.as_ref().map_or(0, String::len)
            + size_of_val(self.subjects.as_ref())
            + principal.organization.name.len()
            + text(&principal.user.profile.email)
            + text(&principal.user.profile.display_name)
            + list(&principal.scopes)
            + list(&principal.app_roles)
            + own
            + principal.api_key.as_deref().map_or(0, super::api_key::weight);
        u32::try_from(bytes).unwrap_or(u32::MAX)
    }
}

/// What a token is remembered by, since the token itself is not kept: the SHA-256 of the whole of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TokenDigest(pub [u8; 32]);

/// Remembers principals by the whole token.
#[async_trait]
pub trait PrincipalCache: Send + Sync {
    fn digest(&self, token: &str) -> TokenDigest;

    async fn get(&self, token: &TokenDigest) -> Option<Arc<CachedPrincipal>>;

    /// Runs `load` unless another task is already loading for the same token, and then gives its result. Only a
    /// success is kept.
    async fn load(
        &self,
        token: &TokenDigest,
        load: Loading<'_>,
    ) -> Result<Arc<CachedPrincipal>, Arc<AuthenticationError>>;

    async fn forget(&self, token: &TokenDigest);
}

/// The work that a [`PrincipalCache`] does at most once at a time for a token.
pub type Loading<'a> =
    std::pin::Pin<Box<dyn Future<Output = Result<Arc<CachedPrincipal>, AuthenticationError>> + Send + 'a>>;

/// What [`Authentication`] needs from outside.
pub struct AuthenticationPorts {
    pub verifier: Arc<dyn TokenVerifier>,
    pub allowed_tenants: Arc<dyn AllowedTenants>,
    pub directory: Arc<dyn Directory>,
    pub store: Arc<dyn Store>,
    pub epochs: Arc<dyn Epochs>,
    pub cache: Arc<dyn PrincipalCache>,
    pub accounts: Arc<dyn AccountDirectory>,
    pub tokens: Arc<dyn SessionTokens>,
    pub identities: Arc<dyn IdentityCache>,
    pub api_keys: ApiKeyPorts,
    pub ids: Ids,
}

/// Makes principals. There is one in the process, built where the process is put together.
pub struct Authentication {
    pub(super) verifier: Arc<dyn TokenVerifier>,
    allowed_tenants: Arc<dyn AllowedTenants>,
    pub(super) epochs: Arc<dyn Epochs>,
    cache: Arc<dyn PrincipalCache>,
    pub(super) accounts: Arc<dyn AccountDirectory>,
    pub(super) tokens: Arc<dyn SessionTokens>,
    identities: Arc<dyn IdentityCache>,
    pub(super) api_keys: ApiKeyPorts,
    pub(super) provisioning: Provisioning,
    pub(super) policy: AdmissionPolicy,
}

impl Authentication {
    pub fn new(ports: AuthenticationPorts, policy: AdmissionPolicy) -> Self {
        let AuthenticationPorts {
            verifier,
            allowed_tenants,
            directory,
            store,
            epochs,
            cache,
            accounts,
            tokens,
            identities,
            api_keys,
            ids,
        } = ports;
        let provisioning = Provisioning { store, directory, ids };
        Self {
            verifier,
            allowed_tenants,
            epochs,
            cache,
            accounts,
            tokens,
            identities,
            api_keys,
            provisioning,
            policy,
        }
    }

    /// The principal of an Entra ID access token.
    pub async fn bearer(&self, token: BearerToken) -> Result<Authenticated, Arc<AuthenticationError>> {
        let text = token.expose_secret();
        let entry = self.remembered(text, || Box::pin(self.load_bearer(text))).await?;
        Ok(Authenticated::with_assertion(Arc::clone(&entry.principal), token))
    }

    /// What is remembered of a token while it holds, else what `load` makes of it.
    pub(super) async fn remembered<'a>(
        &self,
        token: &str,
        load: impl Fn() -> Loading<'a>,
    ) -> Result<Arc<CachedPrincipal>, Arc<AuthenticationError>> {
        let token = self.cache.digest(token);
        if let Some(entry) = self.cache.get(&token).await {
            if self.is_valid(&entry).await.map_err(Arc::new)? {
                return Ok(entry);
            }
            self.cache.forget(&token).await;
        }
        let entry = self.cache.load(&token, load()).await?;
        if self.is_unchanged(&entry.mark, &entry.subjects).await.map_err(Arc::new)? {
            return Ok(entry);
        }
        // The load overlapped a change, perhaps while it was another request's. This one begins after that change.
        self.cache.forget(&token).await;
        load().await.map_err(Arc::new)
    }

    /// The present moment, to be taken before the first read of what is remembered.
    pub(super) fn mark(&self) -> Mark {
        self.epochs.mark()
    }

    async fn is_valid(&self, entry: &CachedPrincipal) -> Result<bool, AuthenticationError> {
        let now = self.provisioning.ids.clock().now();
        let in_time = now < entry.expires_at && entry.not_before.is_none_or(|not_before| not_before <= now);
        let is_trusted = entry.key_id.as_ref().is_none_or(|key_id| self.verifier.trusts(key_id));
        Ok(in_time && is_trusted && self.is_unchanged(&entry.mark, &entry.subjects).await?)
    }

    /// Whether nothing that something remembered depends on has changed since its mark, which moves up then.
    async fn is_unchanged(
        &self,
        mark: &AtomicU64,
        subjects: &[Subject],
    ) -> Result<bool, AuthenticationError> {
        let now = self.epochs.mark();
        let since = Mark(mark.load(Ordering::Relaxed));
        let unchanged = self.epochs.unchanged_since(since, subjects).await?;
        if unchanged {
            mark.fetch_max(now.0, Ordering::Relaxed);
        }
        Ok(unchanged)
    }

    async fn load_bearer(&self, token: &str) -> Result<Arc<CachedPrincipal>, AuthenticationError> {
        let mark = self.epochs.mark();
        let token = self.verifier.verify(token).await?;
        let kind = self.admit(&token).await?;
        let newcomer = Newcomer::of_token(&token, kind, &self.policy, &self.provisioning.ids);
        let identity = self.identity(&newcomer, token.object_id).await?;
        if identity.user.kind != newcomer.user.kind {
            // One object id is a person or an application; a token that says otherwise gets neither's role.
            return Err(Rejection::PermissionClaims.into());
        }
        let entry = CachedPrincipal {
            not_before: token.not_before,
            expires_at: token.expires_at,
            key_id: Some(token.key_id.clone()),
            subjects: Box::new(identity.subjects),
            mark: AtomicU64::new(mark.0),
            principal: Arc::new(self.principal(token, kind, &identity)),
        };
        Ok(Arc::new(entry))
    }

    /// Organization and user of a newcomer: from memory if they are as they were, else from the database.
    async fn identity(
        &self,
        newcomer: &Newcomer,
        object_id: Uuid,
    ) -> Result<Arc<Identity>, AuthenticationError> {
        let key = (newcomer.origin.clone(), object_id);
        let mark = self.epochs.mark();
        if let Some(identity) = self.identities.get(&key).await
            && identity.knows_all_of(newcomer)
            && self.is_unchanged(&identity.mark, &identity.subjects).await?
        {
            return Ok(identity);
        }
        let known = self.known_organization(&newcomer.origin).await?;
        let remembered = known.as_ref().map(|known| Arc::clone(&known.organization));
        let (organization, user) = self.provisioning.find_or_create(newcomer, remembered).await?;
        check_standing(&organization, &user)?;
        let known = match known {
            Some(known) if Arc::ptr_eq(&known.organization, &organization) => known,
            Some(_) | None => {
                let known = Arc::new(KnownOrganization::new(organization, mark));
                self.identities.keep_organization(newcomer.origin.clone(), Arc::clone(&known)).await;
                known
            }
        };
        let identity = Arc::new(Identity::new(&known, user, mark));
        self.identities.keep(key, Arc::clone(&identity)).await;
        Ok(identity)
    }

    /// The organization as it is in memory, if nothing of it has changed.
    async fn known_organization(
        &self,
        origin: &OrganizationOrigin,
    ) -> Result<Option<Arc<KnownOrganization>>, AuthenticationError> {
        let Some(known) = self.identities.organization(origin).await else { return Ok(None) };
        Ok(self.is_unchanged(&known.mark, &known.subjects).await?.then_some(known))
    }

    /// What is decided of the claims alone: tenant, what the token says it may do, client.
    pub(super) async fn admit(&self, token: &VerifiedToken) -> Result<IdentityKind, AuthenticationError> {
        self.admit_tenant(token).await?;
        let kind = AdmissionPolicy::check_permission_claims(token)?;
        self.policy.check_client(token)?;
        Ok(kind)
    }

    /// The tenant may come at all.
    pub(super) async fn admit_tenant(&self, token: &VerifiedToken) -> Result<(), AuthenticationError> {
        self.policy.check_personal(token)?;
        let listed = self.policy.tenants != TenantPolicy::AllowList
            || self.allowed_tenants.contains(token.tenant).await?;
        if listed { Ok(()) } else { Err(Rejection::TenantNotAllowed.into()) }
    }

    fn principal(&self, token: VerifiedToken, kind: IdentityKind, identity: &Identity) -> Principal {
        let user = &identity.user;
        let role = user.role.max(self.policy.role_by_token(&token, kind));
        let mut permissions = permissions_of(role);
        if kind == IdentityKind::App {
            // An application may also be granted single permissions, by app roles of the same name.
            permissions.to_mut().extend(
                ALL_PERMISSIONS
                    .iter()
                    .map(|(word, _)| *word)
                    .filter(|word| token.app_roles.iter().any(|role| role == word)),
            );
        }
        if let Cow::Owned(permissions) = &mut permissions {
            permissions.sort_unstable();
            permissions.dedup();
        }
        let delegable = (kind == IdentityKind::Delegated).then_some(Delegable {
            tenant: token.tenant,
            object_id: token.object_id,
            handles_claims: token.handles_claims,
            expires_at: token.expires_at,
        });
        Principal {
            delegable,
            organization: Arc::clone(&identity.organization),
            user: Arc::clone(user),
            role,
            permissions,
            scopes: token.scopes,
            app_roles: token.app_roles,
            client_id: token.client_id,
            authenticated_by: match kind {
                IdentityKind::Delegated => AuthenticatedBy::EntraDelegated,
                IdentityKind::App => AuthenticatedBy::EntraApp,
            },
            api_key: None,
            is_operator: false,
            session: None,
            authenticated_at: token.authenticated_at,
        }
    }
}

/// What an operator or an administrator of the organization decided about it.
pub(super) fn check_status(status: OrganizationStatus) -> Result<(), AuthenticationError> {
    match status {
        OrganizationStatus::Active => Ok(()),
        OrganizationStatus::Suspended => Err(AuthenticationError::OrganizationSuspended),
        OrganizationStatus::Deleted => Err(AuthenticationError::OrganizationDeleted),
    }
}

/// Neither the organization nor the membership is shut.
pub(super) fn check_standing(organization: &Organization, user: &User) -> Result<(), AuthenticationError> {
    check_status(organization.status)?;
    match user.status {
        UserStatus::Active => Ok(()),
        UserStatus::Disabled => Err(AuthenticationError::UserDisabled),
    }
}

/// What a role may do, sorted.
pub(super) fn permissions_of(role: Option<Role>) -> Cow<'static, [&'static str]> {
    static MEMBER: LazyLock<Vec<&str>> = LazyLock::new(|| sorted(Role::Member));
    static ADMIN: LazyLock<Vec<&str>> = LazyLock::new(|| sorted(Role::Admin));
    match role {
        None => Cow::Borrowed(&[]),
        Some(Role::Member) => Cow::Borrowed(&MEMBER),
        Some(Role::Admin) => Cow::Borrowed(&ADMIN),
    }
}

fn sorted(role: Role) -> Vec<&'static str> {
    let mut permissions: Vec<_> = role.permissions().collect();
    permissions.sort_unstable();
    permissions
}
