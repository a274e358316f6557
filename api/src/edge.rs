//! What stands at the edge of the service: who may call from where, how often, and in which form it is answered.
//!
//! [`Edge::inside`] goes where errors are still errors and the request's origin is known; [`Edge::outside`] where
//! every answer is a response, so that refusals have its headers too.

use std::sync::Arc;

use poem::{Endpoint, Response};

use crate::{
    compression::Compression,
    config::HttpConfig,
    cors::{Cors, Origins, Preflight},
    listener::Deadline,
    rate_limit::{AddressLimited, Metered, RateLimits},
};

/// The edge of one service.
pub(crate) struct Edge {
    origins: Origins,
    limits: Arc<RateLimits>,
}

impl Edge {
    pub(crate) fn new(config: &HttpConfig, limits: Arc<RateLimits>) -> Self {
        Self { origins: Origins::new(&config.cors_origins), limits }
    }

    /// Around the routes.
    pub(crate) fn inside<E>(&self, routes: E) -> impl Endpoint<Output = Response> + use<E>
    where
        E: Endpoint<Output = Response>,
    {
        let routes = Preflight { inner: Deadline { inner: routes }, origins: self.origins.clone() };
        AddressLimited { inner: routes }
    }

    /// Around everything.
    pub(crate) fn outside<E>(&self, all: E) -> impl Endpoint<Output = Response> + use<E>
    where
        E: Endpoint<Output = Response>,
    {
        let all = Metered { inner: all, limits: Arc::clone(&self.limits) };
        Cors { inner: Compression { inner: all }, origins: self.origins.clone() }
    }
}
