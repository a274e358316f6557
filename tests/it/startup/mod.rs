//! On what the service starts, and what it refuses to start on, and why.

mod configuration;
mod key_file;
mod key_vault;
mod keys;
mod migrate;
mod postgres;
mod sqlite;

use std::collections::BTreeMap;

use api::{
    app::{App, Parts},
    config::{self, Config, Sources},
};
use url::Url;

/// A configuration with a database, for another application of the same authority.
fn config(database: &str, more: &[(&str, &str)]) -> Config {
    let settings = [
        ("APP_ENV", "test"),
        ("DATABASE_URL", database),
        ("AZURE_CLIENT_ID", tests::emulator::ids::TENANTRY_APP),
        ("TENANT_POLICY", "open"),
    ];
    // Only beside a file does the service keep a key of its own.
    let key = ("TOKEN_KEY", "a key for tests, which is long enough to be one");
    let is_given = more.iter().any(|(name, _)| name.starts_with("TOKEN_KEY"));
    let key = (database.starts_with("postgres") && !is_given).then_some(key);
    let settings: BTreeMap<String, String> = settings
        .iter()
        .chain(more)
        .chain(&key)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    config::load(Sources::new(settings, None)).expect("the configuration is one")
}

fn parse(url: &str) -> Url {
    Url::parse(url).expect("the test's databases have URLs")
}

/// Starts on a database; the reason when it does not.
async fn start(database: &str) -> Result<App, String> {
    App::build(&config(database, &[]), Parts::system()).await.map_err(|error| format!("{error:#}"))
}

/// Why it does not start on a database.
async fn refusal(database: &str) -> String {
    start(database).await.err().expect("it does not start")
}
