//! `tenantry serve`.

use std::sync::Arc;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    app::{App, Parts},
    config::Config,
    listener::{Limits, Listener, raise_open_files},
};

/// Answers requests until the process is asked to end.
pub(super) async fn run(config: &Config) -> anyhow::Result<()> {
    let app = App::build(config, Parts::system()).await?;
    let background = app.start_background();
    let (host, port) = (config.process.host, config.process.port);
    let listener =
        Listener::bind((host, port).into(), raise_open_files(Limits::default())).await.with_context(
            || format!("cannot listen on {host}:{port}; is another process there? Change PORT or HOST"),
        )?;
    let address = listener.local_address()?;
    tracing::info!(%address, public_url = %config.process.public_url, "serving");
    listener.run(Arc::clone(&app.endpoint), asked_to_end()).await;
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
