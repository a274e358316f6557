//! `tenantry`.

use std::{io::Write, process::ExitCode};

use api::cli::Cli;
use clap::Parser;
use mimalloc::MiMalloc;

/// A request makes dozens of things that live as long as it does; the C library's allocator took a tenth of its time.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

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
