//! Connections: their rows, what is remembered of them, and what goes on beside the requests.

mod devices;
mod flights;
mod hosts;
mod memory;
mod refresh_log;
mod store;

pub(crate) use devices::forget_ended as forget_ended_devices;
pub use flights::SpawnedFlights;
pub use hosts::GraphHosts;
pub use memory::{ConnectionMemory, SeenMemory};
