//! Rows. Private to `infra::db` and the repositories beside it: no other crate can name a table.

pub(crate) mod accounts;
#[expect(clippy::struct_field_names, reason = "a table of links has nothing but ids")]
pub(crate) mod annotation_terms;
pub(crate) mod annotations;
pub(crate) mod api_key_secrets;
pub(crate) mod api_key_uses;
pub(crate) mod api_keys;
pub(crate) mod connection_tokens;
pub(crate) mod connections;
pub(crate) mod data_keys;
pub(crate) mod device_sign_ins;
pub(crate) mod epochs;
pub(crate) mod events;
pub(crate) mod idempotency_keys;
pub(crate) mod identities;
pub(crate) mod jobs;
pub(crate) mod lookups;
pub(crate) mod memberships;
pub(crate) mod onboarding_attempts;
pub(crate) mod onboarding_invitations;
pub(crate) mod onboardings;
pub(crate) mod organizations;
pub(crate) mod outbox;
pub(crate) mod ring_keys;
pub(crate) mod sessions;
pub(crate) mod spent_secrets;
pub(crate) mod taxonomies;
pub(crate) mod terms;
pub(crate) mod user_imports;
pub(crate) mod users;
