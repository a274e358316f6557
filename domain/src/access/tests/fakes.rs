//! Ports made by hand: one organization with one user, and places where a load can be held while something else
//! happens.

mod ports;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::oneshot;
use uuid::{Uuid, uuid};

use self::ports::{Cache, Identities, NoIdentities, Ports};
use crate::{
    access::{
        AdmissionPolicy, ApiKeyPorts, Authenticated, Authentication, AuthenticationError,
        AuthenticationPorts, IdentityCache, Principal, Role, SessionCheck, Subject, TenantPolicy,
        VerificationError, VerifiedToken,
    },
    id::{Ids, OrgId, TypedId, UserId},
    identity::{Profile, User, UserKind, UserStatus},
    organizations::{NameSource, Organization, OrganizationStatus, onboarding::Consent},
};

pub(super) const TENANT: Uuid = uuid!("c0000000-0000-4000-8000-000000000001");
pub(super) const ADA: Uuid = uuid!("c0000000-0000-4000-8000-000000000101");

/// Where a request can be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The load has begun and has read nothing.
    Verifying,
    /// The load has read organization and user and has told nobody yet.
    HasRead,
    /// The epochs have been compared and the answer has not been given.
    HasCompared,
}

/// A request that is or will be held.
pub(super) struct Held {
    reached: oneshot::Receiver<()>,
    go_on: oneshot::Sender<()>,
}

struct Hold {
    place: Place,
    reached: oneshot::Sender<()>,
    go_on: oneshot::Receiver<()>,
}

impl Held {
    pub(super) async fn reached(&mut self) {
        (&mut self.reached).await.unwrap();
    }

    pub(super) fn go_on(self) {
        self.go_on.send(()).unwrap();
    }
}

/// One organization with one user, and a service in front of them.
#[derive(Clone)]
pub(super) struct World {
    pub authentication: Arc<Authentication>,
    pub state: Arc<State>,
}

pub(super) struct State {
    /// How often a key that nothing is known of was compared all the same.
    pub compared_with_nothing: AtomicUsize,
    now: Mutex<DateTime<Utc>>,
    pub token: Mutex<Result<VerifiedToken, VerificationError>>,
    pub organization: Mutex<Organization>,
    pub user: Mutex<User>,
    pub trusts: AtomicBool,
    /// How often a token was verified, which is how often something was loaded.
    loads: AtomicUsize,
    sequence: AtomicU64,
    changes: Mutex<HashMap<Subject, u64>>,
    pub epochs_unavailable: AtomicBool,
    /// The marks that were asked about.
    marks: Mutex<Vec<u64>>,
    hold: Mutex<Option<Hold>>,
}

impl World {
    /// Remembers tokens but no identities, so that each load reads.
    pub(super) fn new() -> Self {
        Self::with(Arc::new(NoIdentities))
    }

    /// Remembers identities, too.
    pub(super) fn with_identities() -> Self {
        Self::with(Arc::new(Identities::default()))
    }

    fn with(identities: Arc<dyn IdentityCache>) -> Self {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let state = Arc::new(State {
            compared_with_nothing: AtomicUsize::new(0),
            now: Mutex::new(now),
            token: Mutex::new(Ok(token(now))),
            organization: Mutex::new(organization(now)),
            user: Mutex::new(user(now)),
            trusts: AtomicBool::new(true),
            loads: AtomicUsize::new(0),
            sequence: AtomicU64::new(0),
            changes: Mutex::default(),
            epochs_unavailable: AtomicBool::new(false),
            marks: Mutex::default(),
            hold: Mutex::default(),
        });
        let ports = Arc::new(Ports(Arc::clone(&state)));
        let ports = AuthenticationPorts {
            verifier: Arc::clone(&ports) as _,
            allowed_tenants: Arc::clone(&ports) as _,
            directory: Arc::clone(&ports) as _,
            store: Arc::clone(&ports) as _,
            epochs: Arc::clone(&ports) as _,
            cache: Arc::new(Cache::default()),
            accounts: Arc::clone(&ports) as _,
            tokens: Arc::clone(&ports) as _,
            identities,
            api_keys: ApiKeyPorts {
                directory: Arc::clone(&ports) as _,
                digests: Arc::clone(&ports) as _,
                check_addresses: true,
            },
            ids: Ids::new(Arc::clone(&ports) as _, ports as _),
        };
        Self { authentication: Arc::new(Authentication::new(ports, policy())), state }
    }

    pub(super) async fn bearer(&self) -> Result<Arc<Principal>, Arc<AuthenticationError>> {
        self.bearer_of("the token").await
    }

    pub(super) async fn bearer_of(&self, token: &str) -> Result<Arc<Principal>, Arc<AuthenticationError>> {
        self.authentication.bearer(token.into()).await.map(|caller| Arc::clone(caller.principal()))
    }

    pub(super) async fn authenticated(&self) -> Result<Authenticated, Arc<AuthenticationError>> {
        self.authentication.bearer("the token".into()).await
    }

    /// The same, on a task of its own that has begun when this returns.
    pub(super) async fn bearer_beside(
        &self,
    ) -> tokio::task::JoinHandle<Result<Arc<Principal>, Arc<AuthenticationError>>> {
        let world = self.clone();
        let task = tokio::spawn(async move { world.bearer().await });
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        task
    }
}

impl State {
    pub(super) fn now(&self) -> DateTime<Utc> {
        *self.now.lock().unwrap()
    }

    pub(super) fn advance(&self, by: TimeDelta) {
        *self.now.lock().unwrap() += by;
    }

    pub(super) fn loads(&self) -> usize {
        self.loads.load(Ordering::SeqCst)
    }

    pub(super) fn marks(&self) -> Vec<u64> {
        self.marks.lock().unwrap().clone()
    }

    /// Holds the next request that comes to the place.
    pub(super) fn hold(&self, place: Place) -> Held {
        let (reached, held) = oneshot::channel();
        let (go_on, released) = oneshot::channel();
        *self.hold.lock().unwrap() = Some(Hold { place, reached, go_on: released });
        Held { reached: held, go_on }
    }

    async fn pass(&self, place: Place) {
        let hold = self.hold.lock().unwrap().take_if(|hold| hold.place == place);
        if let Some(hold) = hold {
            hold.reached.send(()).unwrap();
            hold.go_on.await.unwrap();
        }
    }

    pub(super) fn suspend_user(&self) {
        self.user.lock().unwrap().status = UserStatus::Disabled;
        self.changed(Subject::User(self.user.lock().unwrap().id));
    }

    pub(super) fn rename_organization(&self, name: &str) {
        name.clone_into(&mut self.organization.lock().unwrap().name);
        self.changed(Subject::Organization(self.organization.lock().unwrap().id));
    }

    /// What a committed change of the subject does.
    pub(super) fn changed(&self, subject: Subject) {
        let mut changes = self.changes.lock().unwrap();
        changes.insert(subject, self.sequence.fetch_add(1, Ordering::SeqCst) + 1);
    }
}

pub(super) fn policy() -> AdmissionPolicy {
    AdmissionPolicy {
        tenants: TenantPolicy::Open,
        allow_personal_accounts: false,
        allowed_clients: Vec::new(),
        admin_directory_roles: Vec::new(),
        admin_emails: Vec::new(),
        first_user_is_admin: false,
        session_check: SessionCheck::default(),
    }
}

/// A person's token, good for an hour.
pub(super) fn token(now: DateTime<Utc>) -> VerifiedToken {
    VerifiedToken {
        tenant: TENANT,
        object_id: ADA,
        issued_at: now,
        not_before: Some(now),
        expires_at: now + TimeDelta::hours(1),
        scopes: vec!["access_as_user".to_owned()],
        key_id: "key".to_owned(),
        ..VerifiedToken::default()
    }
}

fn organization(now: DateTime<Utc>) -> Organization {
    Organization {
        id: OrgId::from_uuid(Uuid::from_u128(1)),
        azure_tenant_id: Some(TENANT),
        name: "Contoso".to_owned(),
        name_source: NameSource::Administrator,
        status: OrganizationStatus::Active,
        status_reason: None,
        default_domain: None,
        consent: Consent::Pending,
        consented_at: None,
        deleted_at: None,
        default_taxonomy_id: None,
        config: serde_json::Value::Null,
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

fn user(now: DateTime<Utc>) -> User {
    User {
        id: UserId::from_uuid(Uuid::from_u128(2)),
        kind: UserKind::Person,
        object_id: Some(ADA),
        account_id: None,
        profile: Profile::default(),
        profile_as_of: now,
        role: Some(Role::Member),
        status: UserStatus::Active,
        version: 1,
        created_at: now,
        updated_at: now,
    }
}
