//! How the service behaves, through its router, on SQLite or PostgreSQL.

mod access;
mod annotations;
mod api_keys;
mod architecture;
mod connections;
mod delegation;
mod docs;
mod doctor;
mod edge;
mod envelope;
mod health;
mod idempotency;
mod identity;
mod isolation;
mod jobs;
mod listener;
mod onboarding;
mod openapi;
mod operators;
mod organizations;
mod policy;
mod schema;
mod sharepoint;
mod startup;
mod token_hub;
