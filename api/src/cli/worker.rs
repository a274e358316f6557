//! `tenantry worker`.

use std::sync::Arc;

use super::serve::asked_to_end;
use crate::{
    app::{App, Parts},
    config::Config,
    metrics,
};

/// Works in the background until the process is asked to end. It opens no port but that of the metrics.
pub(super) async fn run(config: &Config) -> anyhow::Result<()> {
    let counted = config.metrics.port.map(|_| metrics::install()).transpose()?;
    let app = App::build(config, Parts::system()).await?;
    let mut background = app.start_background();
    if let (Some(port), Some(handle)) = (config.metrics.port, counted) {
        let served = metrics::listen(config.process.host, port, handle, Arc::clone(&app.gauges)).await?;
        background.spawn(served);
    }
    tracing::info!("working");
    app.worker().run(asked_to_end()).await;
    drop(background);
    app.close().await?;
    tracing::info!("ended");
    Ok(())
}
