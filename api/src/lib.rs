//! The HTTP API, the configuration and the life of the process.

mod admin;
mod annotations;
mod api_keys;
pub mod app;
mod auth;
pub mod cli;
mod compression;
pub mod config;
mod connections;
mod console;
mod context;
mod cors;
mod delegation;
mod docs;
mod edge;
mod error;
mod external_tokens;
mod health;
mod http;
mod id;
mod identity;
pub mod listener;
mod log;
mod metrics;
mod oauth;
mod onboarding;
mod openapi;
mod organizations;
mod proxy;
mod rate_limit;
mod routes;
mod sharepoint;
pub mod worker;

#[doc(hidden)]
pub use crate::http::fuzzing;
