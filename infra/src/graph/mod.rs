//! Microsoft Graph and SharePoint, asked on behalf of a caller.
//!
//! What a reader would get wrong: a bearer goes to addresses that [`address`] made and to nothing else. Redirects are
//! not followed by the HTTP client; the one that leads to the bytes of a file is followed by hand, without the bearer.

mod address;
mod batch;
mod client;
mod files;
mod lanes;
mod patience;
mod people;
mod permissions;
mod proxy;
mod refusal;
mod rest;
mod sharepoint;
mod wire;

pub use client::{GraphClient, GraphPorts, GraphSettings};
pub use people::GraphPeople;
pub use proxy::GraphProxy;
pub use rest::SharePointHosts;
pub use sharepoint::GraphSharePoint;
