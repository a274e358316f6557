//! Who is let in, as whom, and until when.

mod administrators;
mod development;
mod measured;
mod outages;
mod pooler;
mod profiles;
mod provisioning;
mod remembering;
mod replicas;
mod revocation;
mod signing_keys;
mod support;
mod tenant_policy;
mod verification;
