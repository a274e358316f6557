//! The composition root: the one place where the ports of `domain` meet their implementations, and the only one that
//! may build what makes principals and scopes.

mod administration;
mod connections;
mod credential_ends;
mod delegation;
mod dependencies;
mod inspect;
mod key_vault;
mod onboarding;
mod sharepoint;
mod sign_in;
mod token_hub;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use domain::{
    access::{
        ApiKeyPorts, ApiKeyUses, Authentication, AuthenticationPorts, Jobs, KeyRotation, Operator, Operators,
        PrincipalCache, Sessions,
    },
    annotations::Taxonomies,
    api_keys::{ApiKeyDigests, ApiKeys},
    clock::{Clock, Pauses},
    connections::{CallersTokens, HandOuts},
    delegation::DelegatedTokens,
    entropy::Entropy,
    id::{Ids, OrgId},
    identity::SessionTokens,
    jobs::Tidy,
    organizations::{Memberships, Settings, onboarding::Onboarding},
    page::CursorSeal,
    rate::SharedRates,
    store::Store,
};
use futures_util::Stream;
use infra::{
    cache::{Identities, NoPrincipals, Principals, RedisRates, SharedRedis},
    crypto::{JweEncryption, KeyRing, KeyRingError, PepperedDigests, SealedCursors, key_file},
    db::{Database, DatabaseSettings, DatabaseUrl, RingSource},
    entra::{Authority, AuthorityKeys, BearerSettings, BearerVerifier, EntraAllowedTenants},
    entropy::InAdvance,
    epochs::EpochWatch,
};
use poem::{EndpointExt, Response, endpoint::BoxEndpoint, get};
use poem_openapi::OpenApiService;
use serde_json::Value;

use crate::{
    annotations::{AnnotationsApi, TaxonomiesApi, TermsApi},
    api_keys::ApiKeysApi,
    auth::{Gate, origins},
    config::{self, Config, DatabaseConfig, DatabaseKind, KeysConfig},
    connections::{ConnectionsApi, DevicesApi},
    console::Console,
    context::Services,
    delegation::DelegationApi,
    docs,
    edge::{self, Edge},
    health::{Draining, Readyz, healthz},
    http::{BodySchemas, PageQuery, PathMethods},
    identity::{Delivery, RefreshApi, SessionsApi},
    metrics::Gauges,
    onboarding as steps,
    openapi::{self, Published},
    organizations::{MeApi, MembersApi, OrganizationApi, export_lines},
    rate_limit::RateLimits,
    routes::{Beside, Routes},
    worker::{Work, Worker},
};

pub use self::inspect::{Finding, Severity, findings};
use self::{
    connections::Hub,
    credential_ends::CredentialEnds,
    delegation::TokenSources,
    dependencies::Dependencies,
    onboarding::{Customers, Needed, Watched},
    sharepoint::Microsoft365,
};

/// How much memory organizations and users may take that are remembered beyond one token.
const IDENTITY_CACHE_BYTES: u64 = 8 * 1024 * 1024;

/// What a process has and a test replaces.
#[derive(Clone)]
pub struct Parts {
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub pauses: Arc<dyn Pauses>,
}

impl Parts {
    /// The real clock and the operating system's randomness.
    pub fn system() -> Self {
        let clock = Arc::new(infra::clock::SystemClock);
        let entropy = Arc::new(infra::entropy::SystemEntropy);
        Self { pauses: Arc::clone(&clock) as _, clock, entropy }
    }

    fn ids(&self) -> Ids {
        Ids::new(Arc::clone(&self.clock), Arc::clone(&self.entropy))
    }
}

/// The service, put together.
pub struct App {
    pub endpoint: Arc<BoxEndpoint<'static, Response>>,
    pub operator: Operator,
    pub rotation: KeyRotation,
    pub onboarding: Onboarding,
    pub(crate) gauges: Arc<dyn Gauges>,
    database: Database,
    keys: Arc<AuthorityKeys>,
    epochs: EpochWatch,
    limits: Arc<RateLimits>,
    draining: Draining,
    worker: Worker,
    uses: Arc<ApiKeyUses>,
    hand_outs: HandOuts,
    credential_ends: Arc<CredentialEnds>,
}

impl App {
    /// Opens the database and builds everything on it. Nothing is fetched from the authority yet: the service
    /// starts while the authority is down, unless its keys are in a vault, for which it must have a token first.
    #[expect(
        clippy::too_many_lines,
        reason = "what is put together here has as many parts, and decides nothing"
    )]
    pub async fn build(config: &Config, parts: Parts) -> anyhow::Result<Self> {
        // An error means that another one is installed already, which serves as well.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let config = Box::pin(key_vault::with_keys(config, &parts)).await?;
        let config = config.as_ref();
        let database = open_database(config, &parts).await?;
        let ring = database.ring();
        let epochs = database.epochs();
        let store: Arc<dyn Store> = Arc::new(database.clone());
        let policy = config.identity.session;
        let signer = Arc::new(sign_in::signer(&config.process.public_url, policy, &parts, &ring)?);
        let sessions =
            sign_in::sessions((policy, config.tenants.policy), &parts, &database, Arc::clone(&signer) as _);
        let delivery = Arc::new(sign_in::delivery(&config.browser, origins(config), policy, &parts, &ring));
        let (gate, keys) = gate(config, &parts, &database, Arc::clone(&signer) as _, &delivery)?;
        let uses = Arc::clone(&gate.uses);
        let redis = config.redis.url.as_ref().map(SharedRedis::new).transpose()?.map(Arc::new);
        let shared = redis.clone().map(|redis| (redis, ring.as_ref()));
        let sources = TokenSources::new(config, &parts)?;
        let needed = Needed { database: &database, parts: &parts, tokens: sources.app_only() };
        let customers = Customers::new(config, &needed)?;
        let hub = Hub::new(config, &parts, &database, sources.grants(), &keys)?;
        let exchange = sources.delegated(config, &parts, Arc::new(epochs.clone()), shared);
        let tokens = Arc::new(CallersTokens::new(exchange, hub.tokens.clone()));
        let tokens = Arc::new(Watched { tokens, onboarding: customers.onboarding.clone() });
        let cursors = Arc::new(SealedCursors::new(&ring, Arc::clone(&parts.entropy)));
        let has_credential = !sources.credentials().is_empty();
        let microsoft_365 = Microsoft365::new(config, &parts, Arc::clone(&tokens) as _, has_credential)?;
        let shared = sign_in::Shared {
            database: &database,
            keys: &keys,
            ring: &ring,
            gate: &gate,
            sessions: &sessions,
            delivery: &delivery,
            connecting: &hub.connecting,
            sources: &sources,
        };
        let microsoft = sign_in::microsoft(config, &parts, &shared)?;
        let clock = Arc::clone(&parts.clock);
        let credential_ends = CredentialEnds::new(sources.ends().to_vec(), Arc::clone(&clock));
        let credential_ends = Arc::new(credential_ends);
        let dependencies = Dependencies {
            database: database.clone(),
            keys: Arc::clone(&keys),
            epochs: epochs.clone(),
            clock: Arc::clone(&clock),
            credential_ends: Arc::clone(&credential_ends),
        };
        let dependencies = Arc::new(dependencies);
        let operators = Operators::new(Arc::clone(&store), Arc::new(database.clone()), clock);
        let admin = administration::gate(config, &gate, &operators);
        let behind = Behind {
            ids: parts.ids(),
            cursors,
            tokens,
            microsoft_365,
            sessions,
            delivery,
            customers: &customers,
            api_keys: api_keys(&store, &ring, &parts)?,
            hub: &hub,
            handing: token_hub::Handing::new(config, &parts, &database, &hub.tokens)?,
            administration: administration::api(config, &parts, &dependencies, &customers.onboarding),
            parts: &parts,
        };
        let service = api(Arc::clone(&store), behind);
        let draining = Draining::default();
        let ready = Readyz::new(Arc::clone(&dependencies) as _, draining.clone());
        let mut beside = sign_in::mount(Beside::default(), microsoft, signer);
        beside = token_hub::mount(beside, &parts, &gate, &database, &hub.tokens);
        beside = beside.at("/healthz", get(healthz)).at("/readyz", get(ready));
        if config.docs.enabled {
            beside = docs::mount(beside, config, openapi::document::<Api>);
        }
        beside = steps::mount(beside, customers.browser(config, &parts, &ring));
        let limits = rate_limits(config, &parts, redis);
        let behind = edge::Behind {
            routes: Routes::new(beside, service),
            console: Console::new(Arc::clone(&parts.entropy)),
            services: Services { gate, administration: admin, schemas: BodySchemas::of_service() },
            limits: Arc::clone(&limits),
            ids: request_ids(&parts),
            methods: path_methods,
        };
        let endpoint = Edge::new(config, behind).boxed();
        let worker = worker(&database, &parts, &customers, &hub);
        Ok(Self {
            endpoint: Arc::new(endpoint),
            operator: operators.at_command_line(),
            rotation: KeyRotation::new(
                store,
                Arc::new(database.clone()),
                Arc::new(database.clone()),
                Arc::clone(&parts.pauses),
            ),
            onboarding: customers.onboarding,
            gauges: dependencies,
            database,
            keys,
            epochs,
            limits,
            draining,
            worker,
            uses,
            hand_outs: hub.hand_outs,
            credential_ends,
        })
    }

    /// Starts what goes on beside the requests: the authority's keys are kept fresh, and revocations of other
    /// replicas are listened for. It ends when the set is dropped.
    pub fn start_background(&self) -> tokio::task::JoinSet<()> {
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(Arc::clone(&self.keys).run_background());
        tasks.spawn(self.epochs.clone().listen());
        tasks.spawn(Arc::clone(&self.limits).forget_idle());
        tasks.spawn(write_uses(Arc::clone(&self.uses)));
        tasks.spawn(write_hand_outs(self.hand_outs.clone()));
        tasks.spawn(watch_credentials(Arc::clone(&self.credential_ends)));
        tasks
    }

    /// Those who work in the background, for as long as they are run.
    pub fn worker(&self) -> Worker {
        self.worker.clone()
    }

    /// One turn of what goes on beside the requests, for a test whose clock stands still.
    pub async fn turn_background(&self) -> anyhow::Result<()> {
        self.keys.refresh_if_due().await;
        self.epochs.catch_up().await?;
        self.uses.flush().await?;
        self.hand_outs.flush().await?;
        Ok(())
    }

    /// From now on the service is not ready, whatever it can do: the process is about to end.
    pub fn begin_to_end(&self) {
        self.draining.begin();
    }

    /// How many statements were run inside organizations.
    pub fn statements(&self) -> u64 {
        self.database.statements()
    }

    /// The file in which the service keeps its own keys; `None` when they are configured.
    pub fn key_file(&self) -> Option<PathBuf> {
        self.database.ring().file().map(Path::to_owned)
    }

    /// All that an organization owns, as lines of JSON; `None` when there is no such organization.
    pub async fn export(
        &self,
        org_id: OrgId,
    ) -> anyhow::Result<Option<impl Stream<Item = std::io::Result<Bytes>> + use<>>> {
        let Some(scope) = self.operator.export(org_id).await? else { return Ok(None) };
        Ok(Some(export_lines(Arc::new(self.database.clone()), scope).await?))
    }

    /// Closes the database.
    pub async fn close(self) -> anyhow::Result<()> {
        drop(self.endpoint);
        if let Err(error) = self.uses.flush().await {
            tracing::warn!(%error, "the last uses of API keys could not be written");
        }
        if let Err(error) = self.hand_outs.flush().await {
            tracing::warn!(%error, "the last repeated hand-outs of tokens could not be written");
        }
        Ok(self.database.close().await?)
    }
}

/// How often uses of API keys are written.
const WRITE_USES_EVERY: std::time::Duration = std::time::Duration::from_secs(5);

async fn write_uses(uses: Arc<ApiKeyUses>) {
    loop {
        tokio::time::sleep(WRITE_USES_EVERY).await;
        if let Err(error) = uses.flush().await {
            tracing::warn!(%error, "uses of API keys could not be written; they are kept");
        }
    }
}

/// How often repeated hand-outs of tokens are written.
const WRITE_HAND_OUTS_EVERY: std::time::Duration = std::time::Duration::from_mins(1);

async fn write_hand_outs(hand_outs: HandOuts) {
    loop {
        tokio::time::sleep(WRITE_HAND_OUTS_EVERY).await;
        if let Err(error) = hand_outs.flush().await {
            tracing::warn!(%error, "repeated hand-outs of tokens could not be written; they are kept");
        }
    }
}

/// Warns before what proves us to Entra ID ends.
async fn watch_credentials(ends: Arc<CredentialEnds>) {
    loop {
        ends.look();
        tokio::time::sleep(credential_ends::LOOK_EVERY).await;
    }
}

/// Who carries jobs out.
fn worker(database: &Database, parts: &Parts, customers: &Customers, hub: &Hub) -> Worker {
    let clock = || Arc::clone(&parts.clock);
    let jobs = Jobs::new(Arc::new(database.clone()), clock(), Arc::clone(&parts.entropy));
    let work = Work {
        tidy: Tidy::new(Arc::new(database.clone()), clock()),
        onboarding: customers.onboarding.clone(),
        imports: customers.imports.clone(),
        leaving: customers.leaving.clone(),
        refresher: hub.refresher.clone(),
    };
    Worker::new(jobs, work)
}

fn rate_limits(config: &Config, parts: &Parts, redis: Option<Arc<SharedRedis>>) -> Arc<RateLimits> {
    let shared = redis.map(|redis| Arc::new(RedisRates::new(redis)) as Arc<dyn SharedRates>);
    Arc::new(RateLimits::new(&config.http, &parts.clock, shared))
}

/// What stands between the routes and the world, and the signing keys behind it, which are kept fresh beside the
/// requests.
fn gate(
    config: &Config,
    parts: &Parts,
    database: &Database,
    tokens: Arc<dyn SessionTokens>,
    delivery: &Delivery,
) -> anyhow::Result<(Arc<Gate>, Arc<AuthorityKeys>)> {
    let client = infra::http::client()?;
    let clock = || Arc::clone(&parts.clock);
    let authority = Authority::new(config.entra.authority_host.clone(), config.entra.tenant.clone());
    let listed = config.tenants.allowed.clone();
    let allowed_tenants = EntraAllowedTenants::new(listed, &authority, client.clone(), clock());
    let settings = BearerSettings {
        authority,
        client_id: config.entra.client_id,
        extra_audiences: config.entra.audiences.clone(),
    };
    let verifier = BearerVerifier::new(settings, client, clock(), Arc::clone(&parts.entropy))?;
    let keys = Arc::clone(verifier.keys());
    let needed = AuthenticationPorts {
        verifier: Arc::new(verifier),
        allowed_tenants: Arc::new(allowed_tenants),
        directory: Arc::new(database.clone()),
        store: Arc::new(database.clone()),
        epochs: Arc::new(database.epochs()),
        cache: remembered(config),
        accounts: Arc::new(database.clone()),
        tokens,
        identities: Arc::new(Identities::new(IDENTITY_CACHE_BYTES)),
        api_keys: ApiKeyPorts {
            directory: Arc::new(database.clone()),
            digests: digests(&database.ring())?,
            check_addresses: config.api_keys.checks_addresses,
        },
        ids: parts.ids(),
    };
    let policy = config.tenants.admission(&config.entra, config.identity.session.check);
    let gate = Gate {
        authentication: Arc::new(Authentication::new(needed, policy)),
        uses: Arc::new(ApiKeyUses::new(Arc::new(database.clone()), parts.ids())),
        cookies: delivery.cookies.clone(),
        csrf: Arc::clone(&delivery.csrf),
        development: config.development.clone(),
        consent_url: consent_url(config),
        recency: sign_in::recency(config, parts),
    };
    Ok((Arc::new(gate), keys))
}

fn remembered(config: &Config) -> Arc<dyn PrincipalCache> {
    match u64::from(config.memory.tokens_mb) * 1024 * 1024 {
        0 => Arc::new(NoPrincipals),
        bytes => Arc::new(Principals::new(bytes)),
    }
}

fn api_keys(store: &Arc<dyn Store>, ring: &KeyRing, parts: &Parts) -> anyhow::Result<ApiKeys> {
    let encryption = Arc::new(JweEncryption::new(Arc::clone(&parts.entropy)));
    let (digests, entropy) = (digests(ring)?, Arc::clone(&parts.entropy));
    Ok(ApiKeys::new(Arc::clone(store), digests, encryption, entropy, parts.ids()))
}

fn digests(ring: &KeyRing) -> anyhow::Result<Arc<dyn ApiKeyDigests>> {
    let digests = PepperedDigests::new(ring).ok_or_else(|| anyhow::anyhow!("no pepper can be derived"))?;
    Ok(Arc::new(digests))
}

/// Where an administrator of a tenant begins to consent; `{tenant}` stands for it. It is a page of ours, since the way
/// to Microsoft's has a state that is bound to the browser.
fn consent_url(config: &Config) -> String {
    let public_url = config.process.public_url.as_str().trim_end_matches('/');
    format!("{public_url}/api/onboarding/start?tenant={{tenant}}")
}

fn database_url(config: &DatabaseConfig) -> DatabaseUrl {
    match &config.kind {
        DatabaseKind::SqliteFile(path) => DatabaseUrl::SqliteFile(path.clone()),
        DatabaseKind::SqliteMemory => DatabaseUrl::SqliteMemory,
        DatabaseKind::Postgres => DatabaseUrl::Postgres(config.url.clone()),
    }
}

async fn open_database(config: &Config, parts: &Parts) -> anyhow::Result<Database> {
    let settings = DatabaseSettings {
        url: database_url(&config.database),
        ids: parts.ids(),
        clock: Arc::clone(&parts.clock),
        entropy: Arc::clone(&parts.entropy),
        ring: ring_source(config, parts),
        revocation_max_stale: config.revocation.max_stale,
    };
    Ok(Database::open(settings).await?)
}

fn ring_source(config: &Config, parts: &Parts) -> RingSource {
    let (keys, kind) = (config.keys.clone(), config.database.kind.clone());
    let entropy = Arc::clone(&parts.entropy);
    Box::new(move || key_ring(&keys, &kind, entropy.as_ref()))
}

/// The configured keys; without any, one that is kept beside the SQLite file, or one for as long as the process and
/// its database live (`config` refuses that for PostgreSQL).
fn key_ring(keys: &KeysConfig, kind: &DatabaseKind, entropy: &dyn Entropy) -> Result<KeyRing, KeyRingError> {
    if let Some(ring) = &keys.ring {
        let pair = |key: &config::TokenKey| (key.id.clone(), key.key.clone());
        return KeyRing::new(pair(&ring.sealing), ring.opening.iter().map(pair).collect());
    }
    if let DatabaseKind::SqliteFile(path) = kind {
        return KeyRing::in_file(&PathBuf::from(format!("{}.key", path.display())), entropy);
    }
    KeyRing::of_process(entropy)
}

type Api = (
    MeApi,
    RefreshApi,
    SessionsApi,
    DelegationApi,
    OrganizationApi,
    MembersApi,
    ApiKeysApi,
    ConnectionsApi,
    DevicesApi,
    token_hub::HandingApi,
    TaxonomiesApi,
    TermsApi,
    AnnotationsApi,
    sharepoint::Microsoft365Api,
    onboarding::CustomersApi,
    administration::AdministrationApi,
);

/// What the operations need besides the store.
struct Behind<'a> {
    ids: Ids,
    cursors: Arc<dyn CursorSeal>,
    tokens: Arc<dyn DelegatedTokens>,
    microsoft_365: Microsoft365,
    sessions: Sessions,
    delivery: Arc<Delivery>,
    customers: &'a Customers,
    api_keys: ApiKeys,
    hub: &'a Hub,
    handing: token_hub::Handing,
    administration: administration::AdministrationApi,
    parts: &'a Parts,
}

fn api(store: Arc<dyn Store>, behind: Behind<'_>) -> OpenApiService<Api, ()> {
    let Behind {
        ids,
        cursors,
        tokens,
        microsoft_365,
        sessions,
        delivery,
        customers,
        api_keys,
        hub,
        handing,
        administration,
        parts,
    } = behind;
    let pages = PageQuery::new(cursors);
    let taxonomies = Taxonomies::new(Arc::clone(&store), ids.clone());
    openapi::service((
        MeApi,
        RefreshApi { sessions: sessions.clone(), delivery: Arc::clone(&delivery) },
        SessionsApi { store: Arc::clone(&store), sessions, delivery, pages: pages.clone() },
        DelegationApi { tokens },
        OrganizationApi { store: Arc::clone(&store), settings: Settings::new(Arc::clone(&store)) },
        MembersApi {
            store: Arc::clone(&store),
            memberships: Memberships::new(Arc::clone(&store)),
            pages: pages.clone(),
        },
        ApiKeysApi { store: Arc::clone(&store), api_keys, pages: pages.clone() },
        hub.api(Arc::clone(&store), parts, pages.clone()),
        hub.devices_api(parts),
        handing.api(),
        TaxonomiesApi { store: Arc::clone(&store), taxonomies: taxonomies.clone(), pages: pages.clone() },
        TermsApi { store: Arc::clone(&store), taxonomies, pages: pages.clone() },
        AnnotationsApi {
            annotations: microsoft_365.annotations(Arc::clone(&store), ids),
            store,
            pages: pages.clone(),
        },
        microsoft_365.api(&pages),
        customers.api(),
        administration,
    ))
}

/// The same as a custom connector of Power Automate.
pub fn connector() -> anyhow::Result<Value> {
    Ok(openapi::connector(&document()?))
}

/// The document, which is the same whatever the configuration.
pub fn document() -> anyhow::Result<Value> {
    openapi::document::<Api>(&Published::nowhere())
}

/// The methods of the document's paths. Without it every path would be read only, which is no reason to answer nothing.
fn path_methods() -> PathMethods {
    let document = document().inspect_err(|error| tracing::error!(%error, "there is no document"));
    PathMethods::of_document(&document.unwrap_or_default())
}

/// Ids of requests: unique, and no secrets, so that the operating system is asked for many at once.
fn request_ids(parts: &Parts) -> Ids {
    Ids::new(Arc::clone(&parts.clock), Arc::new(InAdvance::new(Arc::clone(&parts.entropy))))
}

/// Adds a key to the file in which the service keeps its own, which seals from the next start on; gives its id.
pub fn add_kept_key(file: &Path, parts: &Parts) -> anyhow::Result<String> {
    Ok(key_file::add(file, parts.entropy.as_ref())?)
}

/// Removes a key from the file in which the service keeps its own.
pub fn remove_kept_key(file: &Path, id: &str) -> anyhow::Result<()> {
    Ok(key_file::remove(file, id)?)
}

/// Brings a schema up to date. It needs to know of nothing but the database.
pub async fn migrate(config: &DatabaseConfig) -> anyhow::Result<infra::db::MigrationReport> {
    if config.kind != DatabaseKind::Postgres {
        infra::db::migrate_file(&database_url(config), Parts::system().clock.as_ref()).await?;
        return Ok(infra::db::MigrationReport { applied: Vec::new(), granted_to: None });
    }
    let admin = config.admin_url.as_ref().ok_or_else(|| {
        anyhow::anyhow!("DATABASE_ADMIN_URL is not set; give the URL of the role that owns the tables")
    })?;
    Ok(infra::db::migrate(admin, &config.url).await?)
}
