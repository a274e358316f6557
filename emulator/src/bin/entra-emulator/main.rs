//! The emulator as a process, alone or around the command it serves.

mod child;
mod greeting;

use std::{ffi::OsString, path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::Parser;
use emulator::{Emulator, Options, system_time};
use tracing_subscriber::EnvFilter;
use url::Url;

/// Entra ID for development and tests, on this machine only.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Port of the http listener.
    #[arg(long, env = "EMULATOR_HTTP_PORT", default_value_t = 4100)]
    http_port: u16,
    /// Port of the https listener; tokens are issued in its name.
    #[arg(long, env = "EMULATOR_HTTPS_PORT", default_value_t = 4143)]
    https_port: u16,
    /// Port of the listener for downloads, which stands for another host. Default: the one after that of http.
    #[arg(long, env = "EMULATOR_CONTENT_PORT")]
    content_port: Option<u16>,
    /// Where the certificate authority is kept.
    #[arg(long, env = "EMULATOR_DATA_DIR", default_value = "data/emulator")]
    data_dir: PathBuf,
    /// Greet once this URL of the command answers.
    #[arg(long, value_name = "URL", requires = "command")]
    wait: Option<Url>,
    /// A command to run beside the emulator, which ends with it.
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// The next port; of any free one any other free one.
fn after(port: u16) -> u16 {
    if port == 0 { 0 } else { port.checked_add(1).unwrap_or_default() }
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("warn,emulator=info,entra_emulator=info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let Arguments { http_port, https_port, content_port, data_dir, wait, command } = Arguments::parse();

    let entra = Emulator::start(Options {
        http_port,
        https_port: Some(https_port),
        content_port: content_port.unwrap_or_else(|| after(http_port)),
        issuer_base: None,
        data_dir: Some(data_dir),
        clock: system_time(),
    })
    .await
    .context("the emulator does not start")?;

    let code = match command.split_first() {
        None => {
            greeting::print(&greeting::alone(&entra))?;
            child::stop_signal()?.await;
            ExitCode::SUCCESS
        }
        Some((program, arguments)) => child::run(&entra, program, arguments, wait.as_ref()).await?,
    };
    entra.shutdown().await;
    Ok(code)
}
