//! `tenantry keys rotate|status|retire`: replacing the keys that seal what is stored, while the service runs.

use std::time::{Duration, Instant};

use anyhow::bail;
use clap::Subcommand;
use domain::access::{KeyStatus, RotationProgress};

use super::print;
use crate::{
    app::{self, App, Parts},
    config::Config,
};

/// How often a long rotation tells how far it is.
const TELL_EVERY: Duration = Duration::from_secs(1);

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Bring everything under the first key of the ring. Where the service keeps its keys itself, a new one is made
    /// first. It may be stopped and run again at any time.
    Rotate,
    /// Show the keys of the ring and what hangs on each.
    Status,
    /// End the use of a key that nothing hangs on any more.
    Retire {
        /// The key's id, as `TOKEN_KEYS` has it.
        id: String,
        /// Revoke the API keys that have not been used since the key was replaced.
        #[arg(long)]
        revoke_api_keys: bool,
    },
}

pub(super) async fn run(config: &Config, command: Command) -> anyhow::Result<()> {
    let app = App::build(config, Parts::system()).await?;
    match command {
        Command::Rotate => rotate(config, app).await,
        Command::Status => {
            let status = app.rotation.status().await?;
            for line in lines(&status) {
                print(&line)?;
            }
            app.close().await
        }
        Command::Retire { id, revoke_api_keys } => {
            app.rotation.retire(&id, revoke_api_keys).await?;
            if let Some(file) = app.key_file() {
                app::remove_kept_key(&file, &id)?;
            }
            print(&format!("The key {id} is retired: it opens nothing any more."))?;
            app.close().await
        }
    }
}

async fn rotate(config: &Config, mut app: App) -> anyhow::Result<()> {
    let is_behind = is_behind(&app.rotation.status().await?);
    match app.key_file() {
        // One that was made before and not finished is finished first.
        Some(file) if !is_behind => {
            app.close().await?;
            let id = app::add_kept_key(&file, &Parts::system())?;
            print(&format!("Made the key {id} in {}.", file.display()))?;
            app = App::build(config, Parts::system()).await?;
        }
        None if !is_behind => {
            print(
                "Nothing to do: everything is under the first key. To replace it, add a key at the end of \
                 TOKEN_KEYS (or of the secret in the vault) and start every replica again, then move it to the front \
                 and do the same, then run this again.",
            )?;
            return app.close().await;
        }
        Some(_) | None => {}
    }
    let mut told = Instant::now();
    let progress = app
        .rotation
        .rotate(&mut |progress| {
            if told.elapsed() >= TELL_EVERY {
                told = Instant::now();
                // Whoever started it may have gone; the work goes on.
                let _ = print(&line(progress));
            }
        })
        .await?;
    print(&line(progress))?;
    app.close().await?;
    if progress.failed > 0 {
        bail!("{} rows did not open and were left as they are; the log names them", progress.failed);
    }
    print("Done. `tenantry keys status` shows which keys can be retired.")
}

/// Whether something is not under the first key, or not under its organization's newest data key.
fn is_behind(status: &KeyStatus) -> bool {
    status.rows_to_seal_again > 0
        || status.keys.iter().any(|used| used.key.id != status.first && used.data_keys > 0)
}

fn line(progress: RotationProgress) -> String {
    let RotationProgress { organizations, of, rewrapped, made, rows, failed } = progress;
    format!(
        "{organizations} of {of} organizations: {rewrapped} data keys wrapped anew, {made} made, {rows} rows sealed \
         again, {failed} failed"
    )
}

fn lines(status: &KeyStatus) -> Vec<String> {
    let mut lines: Vec<String> = status
        .keys
        .iter()
        .map(|used| {
            let key = &used.key;
            let role = if key.id == status.first { "seals" } else { key.state.as_str() };
            let since = key.first_used_at.format("%Y-%m-%d");
            format!("{}  {role}  since {since}  wraps {} data keys", key.id, used.data_keys)
        })
        .collect();
    lines.push(format!("{} rows are to be sealed again", status.rows_to_seal_again));
    lines
}
