//! On what the service starts, and what it refuses to start on, and why.

mod configuration;
mod key_file;
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
    let settings: BTreeMap<String, String> =
        settings.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
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
