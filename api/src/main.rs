//! `tenantry`.

use std::{io::Write, process::ExitCode};

use api::cli::Cli;
use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    match Cli::parse().run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Whoever started it reads this; that standard error is closed is no reason to fail twice.
            let _ = writeln!(std::io::stderr(), "tenantry: {error:#}");
            ExitCode::FAILURE
        }
    }
}
