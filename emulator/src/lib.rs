//! An emulator of Microsoft Entra ID for development and tests.
//!
//! It is an implementation of its own, written from what is known of the service: it shares no code with
//! what it tests, so that one does not hide the other's mistakes. Its keys and secrets are public and it
//! listens on loopback only.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use emulator::{Emulator, Options, TokenRequest};
//!
//! let entra = Emulator::start(Options::default()).await?;
//! let token = entra.mint(&TokenRequest::user("adele"))?;
//! let wrong = entra.mint(&TokenRequest::user("adele").expires_in(-600))?;
//! # Ok(())
//! # }
//! ```

mod aadsts;
mod caller;
mod claims_request;
mod clock;
mod control;
mod control_page;
mod directory;
mod elsewhere;
mod emulator;
mod faults;
mod files;
mod graph;
mod html;
pub mod ids;
mod instance_discovery;
mod issued;
mod journal;
mod jwt;
mod keys;
mod links;
mod listening;
mod metadata;
mod random;
mod requests;
mod scope;
mod server;
mod sharepoint;
mod sign_in;
mod start_page;
mod tls;
mod token_endpoint;
mod tokens;
mod world;

pub use crate::{
    clock::{TimeSource, system_time},
    directory::{
        AccessPolicy, AppPatch, Consent, Demand, DirectoryError, FederatedCredential, Revocation, UserPatch,
        Version,
    },
    emulator::{Emulator, Error, Options},
    faults::{Fault, FaultKind, Rate, RetryAfter},
    files::{FileChange, FileError},
    journal::Seen,
    keys::Rotation,
    links::{ASTRAY, Links},
    requests::Endpoint,
    start_page::Person,
    tokens::{MintError, SignWith, TokenKind, TokenRequest},
};
