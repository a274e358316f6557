//! `tenantry serve`.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use poem::{Server, listener::TcpListener};
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    app::{App, Parts},
    config::Config,
    metrics,
};

/// How long requests may go on after the process was asked to end.
const DRAIN: Duration = Duration::from_secs(20);

/// Answers requests until the process is asked to end.
pub(super) async fn run(config: &Config) -> anyhow::Result<()> {
    // Before anything is there to be counted.
    let counted = config.metrics.port.map(|_| metrics::install()).transpose()?;
    let app = App::build(config, Parts::system()).await?;
    let mut background = app.start_background();
    let (host, port) = (config.process.host, config.process.port);
    if let (Some(port), Some(handle)) = (config.metrics.port, counted) {
        background.spawn(metrics::listen(host, port, handle, Arc::clone(&app.gauges)).await?);
    }
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
