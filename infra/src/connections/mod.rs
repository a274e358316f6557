//! Connections: their rows, what is remembered of them, and what goes on beside the requests.

mod devices;
mod flights;
mod hosts;
mod memory;
mod store;

pub use flights::SpawnedFlights;
pub use hosts::GraphHosts;
pub use memory::{ConnectionMemory, SeenMemory};
