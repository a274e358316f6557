//! Organization and user as they were last read, remembered by who they are, so that the next token of somebody known
//! asks the database nothing.
//!
//! The rules are those of [`super::CachedPrincipal`]: the mark is taken before the first read, and each use asks
//! whether anything has changed since. What a reader would get wrong: a token may say something new of its bearer (a
//! newer profile, a better name for the organization); then what is remembered is passed over, and the database asked.

use std::sync::{Arc, atomic::AtomicU64};

use async_trait::async_trait;
use serde_json::Value;
use uuid::Uuid;

use super::{Mark, Subject, provisioning::Newcomer};
use crate::{
    identity::User,
    organizations::{NameSource, Organization, OrganizationOrigin, OrganizationSummary},
};

/// Who somebody is: where their organization comes from, and their object id in it.
pub type IdentityKey = (OrganizationOrigin, Uuid);

/// An organization that may use the service, as it was last read: of its next person, only they are asked for.
#[derive(Debug)]
pub struct KnownOrganization {
    /// Without its settings.
    pub(super) organization: Arc<Organization>,
    summary: Arc<OrganizationSummary>,
    pub(super) subjects: [Subject; 1],
    /// Up to when it is not known to have changed.
    pub(super) mark: AtomicU64,
}

impl KnownOrganization {
    pub(super) fn new(organization: Arc<Organization>, mark: Mark) -> Self {
        let mut organization = Arc::unwrap_or_clone(organization);
        // As large as its owner likes, and of no use here.
        organization.config = Value::Null;
        Self {
            summary: Arc::new((&organization).into()),
            subjects: [Subject::Organization(organization.id)],
            mark: AtomicU64::new(mark.0),
            organization: Arc::new(organization),
        }
    }

    /// Its size in memory, in bytes, near enough to bound a cache by.
    pub fn weight(&self) -> u32 {
        let texts = 2 * self.organization.name.len();
        let bytes = size_of::<Self>() + size_of::<Organization>() + size_of::<OrganizationSummary>() + texts;
        u32::try_from(bytes).unwrap_or(u32::MAX)
    }
}

/// An organization and a user of it, both of whom may use the service.
#[derive(Debug)]
pub struct Identity {
    pub(super) organization: Arc<OrganizationSummary>,
    pub(super) user: Arc<User>,
    pub(super) subjects: [Subject; 2],
    /// Up to when neither is known to have changed.
    pub(super) mark: AtomicU64,
    name_source: NameSource,
}

impl Identity {
    pub(super) fn new(known: &KnownOrganization, user: User, mark: Mark) -> Self {
        Self {
            subjects: [Subject::Organization(known.organization.id), Subject::User(user.id)],
            name_source: known.organization.name_source,
            organization: Arc::clone(&known.summary),
            user: Arc::new(user),
            mark: AtomicU64::new(mark.0),
        }
    }

    /// Whether the newcomer's token says nothing of them that is not known.
    pub(super) fn knows_all_of(&self, newcomer: &Newcomer) -> bool {
        !newcomer.has_better_name(self.name_source) && !newcomer.has_newer_profile(&self.user)
    }

    /// Its size in memory, in bytes, near enough to bound a cache by.
    pub fn weight(&self) -> u32 {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let profile = &self.user.profile;
        let texts = self.organization.name.len() + text(&profile.email) + text(&profile.display_name);
        // The organization may be shared with others; then this is too much.
        u32::try_from(size_of::<Self>() + size_of::<OrganizationSummary>() + size_of::<User>() + texts)
            .unwrap_or(u32::MAX)
    }
}

/// Remembers identities. Only successes are kept.
#[async_trait]
pub trait IdentityCache: Send + Sync {
    async fn get(&self, key: &IdentityKey) -> Option<Arc<Identity>>;

    /// Replaces what was there.
    async fn keep(&self, key: IdentityKey, identity: Arc<Identity>);

    async fn organization(&self, origin: &OrganizationOrigin) -> Option<Arc<KnownOrganization>>;

    /// Replaces what was there.
    async fn keep_organization(&self, origin: OrganizationOrigin, organization: Arc<KnownOrganization>);
}
