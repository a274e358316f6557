//! The words of Tenantry, its decisions, its use-cases and the ports they need.
//!
//! Nothing here touches a socket, a database, the environment, the wall clock or the machine's randomness: those
//! are traits that `infra` implements. The one thing a reader would get wrong: the types that carry an
//! organization ([`access::Principal`], [`access::Authorized`], [`access::OrgScope`]) have no public constructor.
//! They are made in [`access`] only, which is what makes "every query is scoped by organization" a matter of types.

pub mod access;
pub mod annotations;
pub mod api_keys;
pub mod clock;
pub mod connections;
pub mod delegation;
pub mod entropy;
pub mod events;
pub mod graph;
pub mod id;
pub mod idempotency;
pub mod identity;
pub mod jobs;
pub mod once;
pub mod organizations;
pub mod page;
pub mod proxy;
pub mod rate;
pub mod sealed_text;
pub mod secret;
pub mod sharepoint;
pub mod store;
pub mod text;
