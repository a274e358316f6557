//! The ports themselves.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, atomic::Ordering},
};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::{Place, State};
use crate::{
    access::{
        AccountScope, AllowedTenants, ApiKeyDirectory, AuthenticationError, CachedPrincipal, Directory,
        Epochs, EpochsUnavailable, Identity, IdentityCache, IdentityKey, KnownOrganization, Loading, Mark,
        OrgScope, PrincipalCache, Rejection, Subject, TokenDigest, TokenVerifier, VerificationError,
        VerifiedToken,
    },
    annotations::{AnnotationReader, TaxonomyReader},
    api_keys::{ApiKeyDigests, ApiKeyReader, Peppered, RawKey},
    clock::Clock,
    connections::{ConnectionReader, DeviceReader},
    entropy::Entropy,
    id::{AccountId, ApiKeySecretId, OrgId, SessionId, UserId},
    idempotency::IdempotencyReader,
    identity::{
        AccessClaims, AccountDirectory, CannotSign, OutsideIdentity, RefreshClaims, Session, SessionTokens,
        User, UserReader,
    },
    organizations::{
        ExportReader, ImportReader, Organization, OrganizationCounts, OrganizationOrigin, OrganizationReader,
        onboarding::OnboardingReader,
    },
    page::{Page, PageRequest},
    store::{AccountReader, AccountTx, OrgReader, OrgTx, Store, StoreError},
};

#[derive(Clone)]
pub(super) struct Ports(pub Arc<State>);

impl Clock for Ports {
    fn now(&self) -> DateTime<Utc> {
        *self.0.now.lock().unwrap()
    }
}

impl Entropy for Ports {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

#[async_trait]
impl TokenVerifier for Ports {
    async fn verify(&self, _token: &str) -> Result<VerifiedToken, VerificationError> {
        self.0.loads.fetch_add(1, Ordering::SeqCst);
        self.0.pass(Place::Verifying).await;
        self.0.token.lock().unwrap().clone()
    }

    fn trusts(&self, key_id: &str) -> bool {
        assert_eq!(key_id, "key");
        self.0.trusts.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl AllowedTenants for Ports {
    async fn contains(&self, _tenant: Uuid) -> Result<bool, VerificationError> {
        Ok(true)
    }
}

#[async_trait]
impl Directory for Ports {
    async fn find(&self, _origin: &OrganizationOrigin) -> Result<Option<Organization>, StoreError> {
        Ok(Some(self.0.organization.lock().unwrap().clone()))
    }
}

#[async_trait]
impl Epochs for Ports {
    fn mark(&self) -> Mark {
        Mark(self.0.sequence.load(Ordering::SeqCst))
    }

    fn known(&self, subject: Subject) -> i64 {
        let changes = self.0.changes.lock().unwrap();
        changes.get(&subject).map_or(0, |at| i64::try_from(*at).unwrap())
    }

    async fn unchanged_since(&self, mark: Mark, subjects: &[Subject]) -> Result<bool, EpochsUnavailable> {
        self.0.marks.lock().unwrap().push(mark.0);
        if self.0.epochs_unavailable.load(Ordering::SeqCst) {
            return Err(EpochsUnavailable);
        }
        let unchanged = {
            let changes = self.0.changes.lock().unwrap();
            subjects.iter().all(|subject| changes.get(subject).is_none_or(|at| *at <= mark.0))
        };
        self.0.pass(Place::HasCompared).await;
        Ok(unchanged)
    }
}

#[async_trait]
impl Store for Ports {
    async fn begin(&self, _scope: &OrgScope) -> Result<Box<dyn OrgTx>, StoreError> {
        unreachable!("organization and user are known and have not changed")
    }

    async fn read(&self, _scope: &OrgScope) -> Result<Box<dyn OrgReader>, StoreError> {
        Ok(Box::new(self.clone()))
    }

    async fn begin_account(&self, _scope: &AccountScope) -> Result<Box<dyn AccountTx>, StoreError> {
        unreachable!("nobody has an account here")
    }

    async fn read_account(&self, _scope: &AccountScope) -> Result<Box<dyn AccountReader>, StoreError> {
        unreachable!("nobody has an account here")
    }
}

#[async_trait]
impl AccountDirectory for Ports {
    async fn account_of(&self, _identity: &OutsideIdentity) -> Result<Option<AccountId>, StoreError> {
        unreachable!("nobody has an account here")
    }

    async fn session(&self, _id: SessionId) -> Result<Option<Session>, StoreError> {
        unreachable!("nobody has a session here")
    }

    async fn is_operator(&self, _id: AccountId) -> Result<bool, StoreError> {
        unreachable!("nobody has an account here")
    }
}

impl SessionTokens for Ports {
    fn access(&self, _claims: &AccessClaims) -> Result<SecretString, CannotSign> {
        Err(CannotSign)
    }

    fn refresh(&self, _claims: &RefreshClaims) -> Result<SecretString, CannotSign> {
        Err(CannotSign)
    }

    fn read_access(&self, _token: &str) -> Result<AccessClaims, Rejection> {
        Err(Rejection::Malformed)
    }

    fn read_refresh(&self, _token: &str) -> Result<RefreshClaims, Rejection> {
        Err(Rejection::Malformed)
    }
}

impl OrgReader for Ports {
    fn onboarding(&self) -> &dyn OnboardingReader {
        unreachable!("nobody asks")
    }

    fn imports(&self) -> &dyn ImportReader {
        unreachable!("nobody asks")
    }

    fn export(&self) -> &dyn ExportReader {
        unreachable!("nobody asks")
    }

    fn organization(&self) -> &dyn OrganizationReader {
        self
    }

    fn users(&self) -> &dyn UserReader {
        self
    }

    fn taxonomies(&self) -> &dyn TaxonomyReader {
        unreachable!("authentication has nothing to do with taxonomies")
    }

    fn annotations(&self) -> &dyn AnnotationReader {
        unreachable!("authentication has nothing to do with annotations")
    }

    fn idempotency(&self) -> &dyn IdempotencyReader {
        unreachable!("authentication makes nothing that a key would be for")
    }

    fn api_keys(&self) -> &dyn ApiKeyReader {
        unreachable!("no API key is found here")
    }

    fn connections(&self) -> &dyn ConnectionReader {
        unreachable!("authentication has nothing to do with connections")
    }

    fn devices(&self) -> &dyn DeviceReader {
        unreachable!("authentication has nothing to do with connections")
    }
}

#[async_trait]
impl ApiKeyDirectory for Ports {
    async fn candidates(&self, _prefix: &str) -> Result<Vec<(OrgId, ApiKeySecretId)>, StoreError> {
        Ok(Vec::new())
    }
}

impl ApiKeyDigests for Ports {
    fn digest(&self, _key: &RawKey) -> Peppered {
        Peppered { ring_key: String::new(), digest: Vec::new() }
    }

    fn matches(&self, _key: &RawKey, _stored: &Peppered) -> bool {
        false
    }

    fn matches_nothing(&self, _key: &RawKey) {
        self.0.compared_with_nothing.fetch_add(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl OrganizationReader for Ports {
    async fn get(&self) -> Result<Option<Organization>, StoreError> {
        Ok(Some(self.0.organization.lock().unwrap().clone()))
    }

    async fn counts(&self) -> Result<OrganizationCounts, StoreError> {
        unreachable!("nobody counts")
    }
}

#[async_trait]
impl UserReader for Ports {
    async fn get(&self, _id: UserId) -> Result<Option<User>, StoreError> {
        Ok(Some(self.0.user.lock().unwrap().clone()))
    }

    async fn find_by_object_id(&self, _object_id: Uuid) -> Result<Option<User>, StoreError> {
        let user = self.0.user.lock().unwrap().clone();
        self.0.pass(Place::HasRead).await;
        Ok(Some(user))
    }

    async fn list(&self, _page: PageRequest) -> Result<Page<User>, StoreError> {
        unreachable!("authentication lists nobody")
    }
}

type Load = OnceCell<Result<Arc<CachedPrincipal>, Arc<AuthenticationError>>>;

/// Keeps what the real cache keeps: successes, also of a load during which the token was forgotten.
#[derive(Default)]
pub(super) struct Cache {
    entries: Mutex<HashMap<TokenDigest, Arc<CachedPrincipal>>>,
    loading: Mutex<HashMap<TokenDigest, Arc<Load>>>,
}

#[async_trait]
impl PrincipalCache for Cache {
    fn digest(&self, token: &str) -> TokenDigest {
        let mut digest = [0; 32];
        for (at, byte) in token.bytes().enumerate() {
            digest[at % 32] ^= byte;
        }
        TokenDigest(digest)
    }

    async fn get(&self, token: &TokenDigest) -> Option<Arc<CachedPrincipal>> {
        self.entries.lock().unwrap().get(token).cloned()
    }

    async fn load(
        &self,
        token: &TokenDigest,
        load: Loading<'_>,
    ) -> Result<Arc<CachedPrincipal>, Arc<AuthenticationError>> {
        let cell = Arc::clone(self.loading.lock().unwrap().entry(*token).or_default());
        let load = async {
            let result = load.await.map_err(Arc::new);
            if let Ok(entry) = &result {
                self.entries.lock().unwrap().insert(*token, Arc::clone(entry));
            }
            self.loading.lock().unwrap().remove(token);
            result
        };
        cell.get_or_init(|| load).await.clone()
    }

    async fn forget(&self, token: &TokenDigest) {
        self.entries.lock().unwrap().remove(token);
    }
}

/// Keeps nothing.
pub(super) struct NoIdentities;

#[async_trait]
impl IdentityCache for NoIdentities {
    async fn get(&self, _key: &IdentityKey) -> Option<Arc<Identity>> {
        None
    }

    async fn keep(&self, _key: IdentityKey, _identity: Arc<Identity>) {}

    async fn organization(&self, _origin: &OrganizationOrigin) -> Option<Arc<KnownOrganization>> {
        None
    }

    async fn keep_organization(&self, _: OrganizationOrigin, _: Arc<KnownOrganization>) {}
}

#[derive(Default)]
pub(super) struct Identities {
    identities: Mutex<HashMap<IdentityKey, Arc<Identity>>>,
    organizations: Mutex<HashMap<OrganizationOrigin, Arc<KnownOrganization>>>,
}

#[async_trait]
impl IdentityCache for Identities {
    async fn get(&self, key: &IdentityKey) -> Option<Arc<Identity>> {
        self.identities.lock().unwrap().get(key).cloned()
    }

    async fn keep(&self, key: IdentityKey, identity: Arc<Identity>) {
        self.identities.lock().unwrap().insert(key, identity);
    }

    async fn organization(&self, origin: &OrganizationOrigin) -> Option<Arc<KnownOrganization>> {
        self.organizations.lock().unwrap().get(origin).cloned()
    }

    async fn keep_organization(&self, origin: OrganizationOrigin, organization: Arc<KnownOrganization>) {
        self.organizations.lock().unwrap().insert(origin, organization);
    }
}
