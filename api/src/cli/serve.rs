//! `tenantry serve`.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use poem::{Server, listener::TcpListener};
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    app::{App, Parts},
    config::Config,
};

/// How long requests may go on after the process was asked to end.
const DRAIN: Duration = Duration::from_secs(20);

/// Answers requests until the process is asked to end.
pub(super) async fn run(config: &Config) -> anyhow::Result<()> {
    let app = App::build(config, Parts::system()).await?;
    let background = app.start_background();
    let (host, port) = (config.process.host, config.process.port);
    let endpoint = Arc::clone(&app.endpoint);
    tracing::info!(%host, port, public_url = %config.process.public_url, "serving");
    Server::new(TcpListener::bind((host, port)))
        .run_with_graceful_shutdown(endpoint, asked_to_end(), Some(DRAIN))
        .await
        .with_context(|| {
            format!("cannot listen on {host}:{port}; is another process there? Change PORT or HOST")
        })?;
    drop(background);
    app.close().await?;
    tracing::info!("ended");
    Ok(())
}

async fn asked_to_end() {
    let terminate = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminate => {}
    }
}
