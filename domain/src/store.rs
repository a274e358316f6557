//! The door to what organizations own. A unit of work is had for a scope, and a scope only from `access`.

use async_trait::async_trait;

use crate::{
    access::{AccountScope, OrgScope},
    annotations::{AnnotationReader, AnnotationRepository, TaxonomyReader, TaxonomyRepository},
    api_keys::{ApiKeyReader, ApiKeyRepository},
    connections::{ConnectionReader, ConnectionRepository, DeviceReader, DeviceRepository},
    events::Events,
    idempotency::{IdempotencyReader, IdempotencyRepository},
    identity::{AccountRepository, SessionReader, SessionRepository, UserReader, UserRepository},
    jobs::JobRepository,
    organizations::{
        ExportReader, ImportReader, ImportRepository, OrganizationReader, OrganizationRepository,
        onboarding::{OnboardingReader, OnboardingRepository},
    },
    secret::DataKeyRepository,
};

type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why the store could not answer. What a caller could act upon is never here: known constraints become the
/// capability's own error where the query is.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached or did not answer in time; the same call may succeed later.
    #[error("the database cannot be reached")]
    Unavailable(#[source] Source),
    /// The database refused in a way nobody foresaw.
    #[error("the database gave an unexpected answer")]
    Unexpected(#[source] Source),
}

/// Opens units of work inside one organization.
#[async_trait]
pub trait Store: Send + Sync {
    /// Begins a transaction that sees and writes this organization's rows only. Dropping it rolls back.
    async fn begin(&self, scope: &OrgScope) -> Result<Box<dyn OrgTx>, StoreError>;

    /// Opens this organization's rows for reading.
    async fn read(&self, scope: &OrgScope) -> Result<Box<dyn OrgReader>, StoreError>;

    /// Begins a transaction that sees and writes what is this account's, beside the organization in which it acts:
    /// that is where its events are told.
    async fn begin_account(&self, scope: &AccountScope) -> Result<Box<dyn AccountTx>, StoreError>;

    /// Opens what is this account's for reading.
    async fn read_account(&self, scope: &AccountScope) -> Result<Box<dyn AccountReader>, StoreError>;
}

/// What an organization owns, for reading. No method takes an organization's id: the reader has it.
pub trait OrgReader: Send + Sync {
    fn organization(&self) -> &dyn OrganizationReader;
    fn onboarding(&self) -> &dyn OnboardingReader;
    fn imports(&self) -> &dyn ImportReader;
    /// All that the organization owns, table by table.
    fn export(&self) -> &dyn ExportReader;
    fn users(&self) -> &dyn UserReader;
    fn taxonomies(&self) -> &dyn TaxonomyReader;
    fn annotations(&self) -> &dyn AnnotationReader;
    fn api_keys(&self) -> &dyn ApiKeyReader;
    fn connections(&self) -> &dyn ConnectionReader;
    fn devices(&self) -> &dyn DeviceReader;
    fn idempotency(&self) -> &dyn IdempotencyReader;
}

/// A transaction inside one organization.
#[async_trait]
pub trait OrgTx: Send + Sync {
    fn organization(&self) -> &dyn OrganizationRepository;
    fn onboarding(&self) -> &dyn OnboardingRepository;
    fn imports(&self) -> &dyn ImportRepository;
    fn users(&self) -> &dyn UserRepository;
    fn taxonomies(&self) -> &dyn TaxonomyRepository;
    fn annotations(&self) -> &dyn AnnotationRepository;
    fn api_keys(&self) -> &dyn ApiKeyRepository;
    fn connections(&self) -> &dyn ConnectionRepository;
    fn devices(&self) -> &dyn DeviceRepository;
    fn idempotency(&self) -> &dyn IdempotencyRepository;
    fn jobs(&self) -> &dyn JobRepository;
    fn data_keys(&self) -> &dyn DataKeyRepository;

    /// Writes the events with the changes they tell of, in one transaction, and makes both lasting. There is no
    /// other way to commit: a write that leaves no trace does not compile.
    async fn commit(self: Box<Self>, events: Events) -> Result<(), StoreError>;
}

/// What an account owns, for reading. No method takes an account's id: the reader has it.
pub trait AccountReader: Send + Sync {
    fn sessions(&self) -> &dyn SessionReader;
}

/// A transaction over what an account owns.
#[async_trait]
pub trait AccountTx: Send + Sync {
    fn account(&self) -> &dyn AccountRepository;
    fn sessions(&self) -> &dyn SessionRepository;

    /// As [`OrgTx::commit`]; the events are told in the organization in which the account acts.
    async fn commit(self: Box<Self>, events: Events) -> Result<(), StoreError>;
}
