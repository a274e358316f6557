//! The commands.

mod admin;
mod doctor;
mod keys;
mod organization;
mod serve;
mod worker;

use std::{io, panic, path::PathBuf};

use clap::{Parser, Subcommand};
use tracing_subscriber::{filter::Targets, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{
    app,
    config::{self, LogFormat, ProcessConfig, Sources},
    log::{JsonLine, JsonMembers, Sink},
};

/// Identity and Microsoft 365 access for products that are sold to organizations.
#[derive(Debug, Parser)]
#[command(name = "tenantry", version)]
pub struct Cli {
    /// A TOML file with settings; the environment wins over it.
    #[arg(long, global = true, env = "TENANTRY_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer requests and work in the background. A new or older SQLite file is migrated first.
    Serve {
        /// Answer requests only; `tenantry worker` works elsewhere.
        #[arg(long)]
        no_workers: bool,
    },
    /// Work in the background only.
    Worker,
    /// Bring the database's schema up to date, as the role of `DATABASE_ADMIN_URL`.
    Migrate,
    /// Check the configuration, and show where each setting comes from.
    CheckConfig,
    /// Check the configuration, and everything that it names: database, authority, clock, keys.
    Doctor,
    /// Print the OpenAPI document.
    Openapi {
        /// As a custom connector of Power Automate instead, in OpenAPI 2.0.
        #[arg(long)]
        connector: bool,
    },
    /// Suspend an organization, or let it in again.
    #[command(subcommand)]
    Organization(organization::Command),
    /// Say who the service's own staff are.
    #[command(subcommand)]
    Admin(admin::Command),
    /// Replace the keys that seal what is stored, while the service runs.
    #[command(subcommand)]
    Keys(keys::Command),
}

impl Cli {
    /// Carries the command out.
    pub async fn run(self) -> anyhow::Result<()> {
        if let Command::Openapi { connector } = self.command {
            let document = if connector { app::connector()? } else { app::document()? };
            return print(&serde_json::to_string_pretty(&document)?);
        }
        match self.command {
            Command::CheckConfig => {
                return doctor::check_config(config::report(Sources::from_process(self.config))).map(drop);
            }
            Command::Doctor => {
                return doctor::doctor(config::report(Sources::from_process(self.config))).await;
            }
            Command::Migrate => return migrate(Sources::from_process(self.config)).await,
            Command::Serve { .. }
            | Command::Worker
            | Command::Openapi { .. }
            | Command::Organization(_)
            | Command::Admin(_)
            | Command::Keys(_) => {}
        }
        let config = config::load(Sources::from_process(self.config))?;
        let _log = start_log(&config.process, &config.warnings)?;
        match self.command {
            Command::Serve { no_workers } => serve::run(&config, !no_workers).await,
            Command::Worker => worker::run(&config).await,
            Command::Organization(command) => organization::run(&config, command).await,
            Command::Admin(command) => admin::run(&config, command).await,
            Command::Keys(command) => keys::run(&config, command).await,
            Command::Migrate | Command::Openapi { .. } | Command::CheckConfig | Command::Doctor => Ok(()),
        }
    }
}

async fn migrate(sources: Sources) -> anyhow::Result<()> {
    let config = config::load_for_schema(sources)?;
    let _log = start_log(&config.process, &config.warnings)?;
    let report = app::migrate(&config.database).await?;
    let applied =
        if report.applied.is_empty() { "nothing to do".to_owned() } else { report.applied.join(", ") };
    print(&format!("The schema is current: {applied}."))?;
    report.granted_to.map_or(Ok(()), |role| print(&format!("The role {role} may use it.")))
}

/// Writes a line to standard output.
fn print(text: &str) -> anyhow::Result<()> {
    use std::io::Write;
    Ok(writeln!(std::io::stdout(), "{text}")?)
}

/// Begins to log, with what the operator should know of the configuration. Lines are written for as long as what is
/// returned is kept, and when it is dropped.
fn start_log(process: &ProcessConfig, warnings: &[String]) -> anyhow::Result<Log> {
    // The filter was checked with the rest of the configuration. It is put around the lines, where it is asked once for each
    // place in the code; an `EnvFilter`, which can do more, looks at every span that is entered.
    let filter: Targets = process.log_filter.parse()?;
    let lines = tracing_subscriber::fmt::layer().with_ansi(io::IsTerminal::is_terminal(&io::stderr()));
    // A second log in one process (tests) is no reason to stop.
    let log = match process.log_format {
        LogFormat::Json => {
            let sink = Sink::start(io::stderr())?;
            let lines = lines.event_format(JsonLine).fmt_fields(JsonMembers).with_writer(sink.clone());
            let _ = tracing_subscriber::registry().with(lines).with(filter).try_init();
            write_out_before_panics(sink.clone());
            Log(Some(sink))
        }
        LogFormat::Pretty => {
            let _ =
                tracing_subscriber::registry().with(lines.with_writer(io::stderr)).with(filter).try_init();
            Log(None)
        }
    };
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    Ok(log)
}

/// A panic tells of itself on standard error, after what was logged before it.
fn write_out_before_panics(sink: Sink<io::Stderr>) {
    let tell = panic::take_hook();
    panic::set_hook(Box::new(move |panicked| {
        sink.write_out();
        tell(panicked);
    }));
}

/// The log, while it is kept.
struct Log(Option<Sink<io::Stderr>>);

impl Drop for Log {
    fn drop(&mut self) {
        if let Some(sink) = &self.0 {
            sink.end();
        }
    }
}
