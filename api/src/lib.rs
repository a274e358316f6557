//! The HTTP API, the configuration and the life of the process.

mod annotations;
pub mod app;
mod auth;
pub mod cli;
pub mod config;
mod docs;
mod error;
mod health;
mod http;
mod id;
mod metrics;
mod openapi;
mod organizations;
mod server;
