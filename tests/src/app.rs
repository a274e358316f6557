//! The service, its database and its authority, for one test.

use std::{collections::BTreeMap, sync::Arc};

use api::{
    app::{App, Parts},
    config::{self, Config, Sources},
};
use chrono::TimeDelta;
use domain::id::TypedId;
use emulator::{Emulator, TokenRequest, ids};

use crate::{
    actor::Actor,
    browser::Browser,
    database::TestDatabase,
    parts::{SeededEntropy, TestClock, TestPauses},
    reason,
};

/// The service in process, on a database of its own, with its own emulator.
pub struct TestApp {
    pub app: App,
    pub emulator: Arc<Emulator>,
    pub clock: TestClock,
    pub pauses: TestPauses,
    pub database: Arc<TestDatabase>,
    pub config: Config,
    /// By their names in the environment.
    pub settings: BTreeMap<String, String>,
}

/// What a test changes about the service before it starts.
pub struct Builder {
    settings: BTreeMap<String, String>,
    emulator: Option<Arc<Emulator>>,
    clock: TestClock,
    fetch_keys: bool,
}

impl Builder {
    /// A setting, by its name in the environment.
    #[must_use]
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.settings.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Takes an emulator that is there already, such as one with a fault.
    #[must_use]
    pub fn emulator(mut self, emulator: Arc<Emulator>) -> Self {
        self.emulator = Some(emulator);
        self
    }

    /// Does not let the background fetch the authority's keys before the test begins.
    #[must_use]
    pub fn without_keys(mut self) -> Self {
        self.fetch_keys = false;
        self
    }

    /// Starts it.
    pub async fn start(self) -> TestApp {
        let emulator = match self.emulator {
            Some(emulator) => emulator,
            None => Arc::new(start_emulator(&self.clock).await),
        };
        let database = Arc::new(TestDatabase::create().await);
        let mut settings = self.settings;
        let defaults = [
            ("APP_ENV", "test"),
            ("DATABASE_URL", database.url.as_str()),
            ("AZURE_AUTHORITY_HOST", emulator.http_url()),
            ("AZURE_CLIENT_ID", ids::TENANTRY_APP),
            ("AZURE_CLIENT_SECRET", ids::TENANTRY_SECRET),
            ("GRAPH_URL", emulator.http_url()),
            // Most annotations of tests are of items that nobody has.
            ("ANNOTATIONS_CHECK_ITEMS", "false"),
            ("TOKEN_KEY", "a key for tests, which is long enough to be one"),
            // They read the clock, whose readings tests count on; and time stands still.
            ("RATE_LIMIT_ADDRESS", "off"),
            ("RATE_LIMIT_PRINCIPAL", "off"),
            ("RATE_LIMIT_ORGANIZATION", "off"),
            ("RATE_LIMIT_AUTH", "off"),
        ];
        for (name, value) in defaults {
            settings.entry(name.to_owned()).or_insert_with(|| value.to_owned());
        }
        let config = config::load(Sources::new(settings.clone(), None))
            .unwrap_or_else(|problems| panic!("{problems}"));
        let pauses = TestPauses::new(&self.clock);
        let app = build(&config, &self.clock, &pauses, 1).await;
        if self.fetch_keys {
            app.turn_background().await.expect("the background turns");
        }
        TestApp { app, emulator, clock: self.clock, pauses, database, config, settings }
    }
}

/// An emulator that follows the test's clock.
pub(crate) async fn start_emulator(clock: &TestClock) -> Emulator {
    let clock = clock.clone();
    let options = emulator::Options { clock: Arc::new(move || clock.peek()), ..Default::default() };
    Emulator::start(options).await.expect("the emulator starts")
}

async fn build(config: &Config, clock: &TestClock, pauses: &TestPauses, seed: u64) -> App {
    let parts = Parts {
        clock: Arc::new(clock.clone()),
        entropy: Arc::new(SeededEntropy::new(seed)),
        pauses: Arc::new(pauses.clone()),
    };
    Box::pin(App::build(config, parts)).await.unwrap_or_else(|error| panic!("{error:#}"))
}

impl TestApp {
    /// The service as `make run` has it: any tenant of the emulator may come.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    pub fn builder() -> Builder {
        let settings = BTreeMap::from([("TENANT_POLICY".to_owned(), "open".to_owned())]);
        Builder { settings, emulator: None, clock: TestClock::new(), fetch_keys: true }
    }

    /// An emulator on a clock, for a service that is to be started on it.
    pub async fn emulator_on(clock: &TestClock) -> Arc<Emulator> {
        Arc::new(start_emulator(clock).await)
    }

    /// Another process on the same database, with a memory of its own. Its background does not run by itself.
    pub async fn replica(&self) -> Self {
        self.replica_at(&self.database.url).await
    }

    /// Another process that reaches the same database by another address.
    pub async fn replica_at(&self, database_url: &str) -> Self {
        let mut config = self.config.clone();
        config.database.url = database_url.into();
        let app = build(&config, &self.clock, &self.pauses, 2).await;
        app.turn_background().await.expect("the background turns");
        Self {
            app,
            emulator: Arc::clone(&self.emulator),
            clock: self.clock.clone(),
            pauses: self.pauses.clone(),
            database: Arc::clone(&self.database),
            config,
            settings: self.settings.clone(),
        }
    }

    /// Nobody in particular.
    pub fn anonymous(&self) -> Actor {
        Actor::new(Arc::clone(&self.app.endpoint), None)
    }

    /// A browser in which nobody is signed in yet.
    pub fn browser(&self) -> Browser {
        Browser::new(Arc::clone(&self.app.endpoint), &self.emulator)
    }

    /// A browser in which somebody has signed in.
    pub async fn signed_in(&self, who: &str) -> Browser {
        let browser = self.browser();
        browser.sign_in(who).await.expect(303);
        browser
    }

    /// A person of the emulator's directory, with a good token.
    pub fn user(&self, name: &str) -> Actor {
        self.bearer(&TokenRequest::user(name))
    }

    /// A person as a guest of, or in, a tenant.
    pub fn user_in(&self, name: &str, tenant: &str) -> Actor {
        self.bearer(&TokenRequest::user(name).tenant(tenant))
    }

    /// An application that calls for itself, with app roles.
    pub fn application(&self, name: &str, tenant: &str, roles: &[&str]) -> Actor {
        self.bearer(&TokenRequest::app(name).tenant(tenant).roles(roles.iter().copied()))
    }

    /// Whoever a token speaks for.
    pub fn bearer(&self, request: &TokenRequest) -> Actor {
        let token = self.emulator.mint(request).unwrap_or_else(|error| panic!("{error}"));
        self.token(&token)
    }

    /// Whoever holds a token, good or bad.
    pub fn token(&self, token: &str) -> Actor {
        Actor::new(Arc::clone(&self.app.endpoint), Some(token.to_owned()))
    }

    /// Moves time on to what the real clock shows, or to so long before or after: for processes, which have that one.
    pub fn keep_time(&self, off: TimeDelta) {
        use domain::clock::Clock;
        self.clock.advance(infra::clock::SystemClock.now() + off - self.clock.peek());
    }

    /// Suspends an organization, as one of the service's own staff.
    pub async fn suspend(&self, organization: &str) {
        let id = TypedId::from_uuid(organization.parse().expect("an organization's id"));
        let suspended = self.app.operator.suspend(id, &reason("a test")).await;
        suspended.expect("the database").expect("it is there");
    }

    /// Moves time on, for the service and for the authority.
    pub fn advance(&self, by: TimeDelta) {
        self.clock.advance(by);
    }
}
