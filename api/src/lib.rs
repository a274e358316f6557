//! The HTTP API, the configuration and the life of the process.

mod annotations;
pub mod app;
mod auth;
pub mod cli;
pub mod config;
mod error;
mod health;
mod http;
mod id;
pub mod listener;
mod openapi;
mod organizations;
mod server;
