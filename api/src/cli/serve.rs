//! `tenantry serve`.

use std::sync::Arc;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    app::{App, Parts},
    config::Config,
    listener::{Limits, Listener, raise_open_files},
    metrics,
};

/// Answers requests until the process is asked to end, and works in the background unless others do.
pub(super) async fn run(config: &Config, with_workers: bool) -> anyhow::Result<()> {
    // Before anything is there to be counted.
    let counted = config.metrics.port.map(|_| metrics::install()).transpose()?;
    let app = App::build(config, Parts::system()).await?;
    let mut background = app.start_background();
    let (host, port) = (config.process.host, config.process.port);
    if let (Some(port), Some(handle)) = (config.metrics.port, counted) {
        background.spawn(metrics::listen(host, port, handle, Arc::clone(&app.gauges)).await?);
    }
    let listener =
        Listener::bind((host, port).into(), raise_open_files(Limits::default())).await.with_context(
            || format!("cannot listen on {host}:{port}; is another process there? Change PORT or HOST"),
        )?;
    let address = listener.local_address()?;
    tracing::info!(%address, public_url = %config.process.public_url, workers = with_workers, "serving");
    let listener = listener.behind(config.process.trusted_proxies.clone().into());
    let ending = async {
        asked_to_end().await;
        app.begin_to_end();
        tracing::info!("asked to end; what runs may finish");
    };
    let workers = with_workers.then(|| tokio::spawn(app.worker().run(asked_to_end())));
    listener.run(Arc::clone(&app.endpoint), ending).await;
    if let Some(workers) = workers {
        workers.await.context("the workers ended too soon")?;
    }
    // Waited for, so that what they were about to write is there for the last time.
    background.shutdown().await;
    app.close().await?;
    tracing::info!("ended");
    Ok(())
}

pub(super) async fn asked_to_end() {
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
