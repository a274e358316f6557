//! How the service behaves, through its router, on SQLite or PostgreSQL.

mod access;
mod annotations;
mod architecture;
mod edge;
mod envelope;
mod health;
mod isolation;
mod listener;
mod openapi;
mod organizations;
mod policy;
mod schema;
mod startup;
