//! What the operator decided: read once, checked as a whole, and handed on as values.
//!
//! The environment wins over the optional TOML file. Whatever is wrong is collected and reported together
//! ([`Problems`]), so that one attempt to start shows all of it; nothing here ever prints a secret. The one thing a
//! reader would get wrong: a section made while there were problems holds stand-ins, which is why [`load`] is the
//! only way to a [`Config`].

mod admin;
mod api_keys;
mod browser;
mod catalog;
mod connections;
mod database;
mod delegation;
mod development;
mod docs;
mod entra;
mod expansion;
mod file;
mod http;
mod identity;
mod key_vault;
mod keys;
mod memory;
mod metrics;
mod onboarding;
mod parse;
mod problems;
mod process;
mod reader;
mod redis;
mod report;
mod revocation;
mod setting;
mod sharepoint;
mod sources;
mod tenants;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use domain::access::DevelopmentIdentity;
use secrecy::SecretString;

pub use self::{
    admin::AdminConfig,
    api_keys::ApiKeysConfig,
    browser::{BrowserConfig, SameSite},
    connections::ConnectionsConfig,
    database::{DatabaseConfig, DatabaseKind},
    delegation::{CertificateText, DelegationConfig, MachineIdentity},
    docs::DocsConfig,
    entra::EntraConfig,
    http::HttpConfig,
    identity::IdentityConfig,
    key_vault::{KeyVaultConfig, VaultCredential, VaultProof},
    keys::{KeyRing, KeysConfig, TokenKey},
    memory::MemoryConfig,
    metrics::MetricsConfig,
    onboarding::OnboardingConfig,
    problems::{Problem, Problems},
    process::{Environment, LogFormat, ProcessConfig},
    redis::RedisConfig,
    report::{GivenSetting, Report, report},
    revocation::RevocationConfig,
    sharepoint::SharePointConfig,
    sources::Sources,
    tenants::TenantsConfig,
};
use self::{keys::TOKEN_KEY, reader::Reader};

/// The configuration of one process.
#[derive(Clone, Debug)]
pub struct Config {
    pub process: ProcessConfig,
    pub database: DatabaseConfig,
    pub entra: EntraConfig,
    pub delegation: DelegationConfig,
    pub tenants: TenantsConfig,
    pub keys: KeysConfig,
    pub admin: AdminConfig,
    pub api_keys: ApiKeysConfig,
    /// Who a request without a credential is; only ever present in a debug build, in development, on loopback.
    pub development: Option<DevelopmentIdentity>,
    pub memory: MemoryConfig,
    pub revocation: RevocationConfig,
    pub http: HttpConfig,
    pub redis: RedisConfig,
    pub docs: DocsConfig,
    pub metrics: MetricsConfig,
    pub onboarding: OnboardingConfig,
    pub browser: BrowserConfig,
    pub identity: IdentityConfig,
    pub sharepoint: SharePointConfig,
    pub connections: ConnectionsConfig,
    /// What the operator should know and may leave as it is; to be logged at start.
    pub warnings: Vec<String>,
}

/// Reads and checks the whole configuration.
pub fn load(sources: Sources) -> Result<Config, Problems> {
    let mut reader = Reader::new(sources);
    Config::read(&mut reader).finish(reader)
}

/// What the commands that only change a schema need to know.
#[derive(Clone, Debug)]
pub struct SchemaConfig {
    pub process: ProcessConfig,
    pub database: DatabaseConfig,
    pub warnings: Vec<String>,
}

/// Reads and checks only where the database is and how to log: who migrates need not know of Entra ID.
pub fn load_for_schema(sources: Sources) -> Result<SchemaConfig, Problems> {
    let mut reader = Reader::new(sources);
    let process = ProcessConfig::read(&mut reader);
    let database = DatabaseConfig::read(&mut reader);
    Ok(SchemaConfig { process, database, warnings: reader.finish()? })
}

impl Config {
    /// Stand-ins where there were problems, so only [`Config::finish`] gives it away.
    fn read(reader: &mut Reader) -> Self {
        let process = ProcessConfig::read(reader);
        let database = DatabaseConfig::read(reader);
        let entra = EntraConfig::read(reader, &process.public_url);
        let delegation = DelegationConfig::read(reader, &entra.authority_host);
        let tenants = TenantsConfig::read(reader, process.environment, &entra.tenant);
        let keys = KeysConfig::read(reader, &entra, &delegation);
        let admin = AdminConfig::read(reader);
        let api_keys = ApiKeysConfig::read(reader, &keys);
        let development = development::read(reader, &process);
        let memory = MemoryConfig::read(reader);
        let revocation = RevocationConfig::read(reader);
        let http = HttpConfig::read(reader);
        let redis = RedisConfig::read(reader);
        let docs = DocsConfig::read(reader, process.environment);
        let metrics = MetricsConfig::read(reader, process.port);
        let onboarding = OnboardingConfig::read(reader, &delegation);
        let browser = BrowserConfig::read(reader, &process);
        let identity = IdentityConfig::read(reader);
        let sharepoint = SharePointConfig::read(reader, &delegation.graph_url);
        let connections = ConnectionsConfig::read(reader);
        let warnings = Vec::new();
        let config = Self {
            process,
            database,
            entra,
            delegation,
            tenants,
            keys,
            admin,
            api_keys,
            development,
            memory,
            revocation,
            http,
            redis,
            docs,
            metrics,
            onboarding,
            browser,
            identity,
            sharepoint,
            connections,
            warnings,
        };
        config.validate(reader);
        config
    }

    fn finish(self, reader: Reader) -> Result<Self, Problems> {
        Ok(Self { warnings: reader.finish()?, ..self })
    }

    /// The wire key of all API keys, where they have none of their own: the key that seals.
    pub fn shared_wire_key(&self) -> Option<SecretString> {
        let ring = self.keys.ring.as_ref().filter(|_| self.api_keys.shares_wire_key);
        ring.map(|ring| ring.sealing.key.clone())
    }

    /// What no section can check alone.
    fn validate(&self, reader: &mut Reader) {
        if self.database.kind == DatabaseKind::Postgres
            && !self.keys.are_given()
            && !keys::SETTINGS.iter().chain(key_vault::SETTINGS).any(|setting| reader.failed(setting))
        {
            reader.problem(
                &TOKEN_KEY,
                "not set, and with PostgreSQL every replica and every later start needs the same one; give 32 bytes or more, such as \
                 the output of `openssl rand -base64 48`",
            );
        }
    }
}
