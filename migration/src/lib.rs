//! The schema, as a list of steps. A step never changes after a release: its meaning must not depend on today's
//! code, which is why this crate knows none of the others.

mod m20261121_10_sign_in_time;
mod m20261121_11_connections;
mod m20261121_12_device_sign_ins;
mod m20261121_13_folded_addresses;
mod m20261121_14_operators;
mod m20261121_1_foundation;
mod m20261121_2_idempotency;
mod m20261121_3_jobs;
mod m20261121_4_onboarding;
mod m20261121_5_data_keys;
mod m20261121_6_api_keys;
mod m20261121_7_accounts;
mod m20261121_8_sessions;
mod m20261121_9_api_key_handouts;
pub mod row_level_security;
mod shape;

pub use sea_orm_migration::prelude::MigratorTrait;
use sea_orm_migration::prelude::{MigrationTrait, async_trait};

/// All steps, oldest first.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261121_1_foundation::Migration),
            Box::new(m20261121_2_idempotency::Migration),
            Box::new(m20261121_3_jobs::Migration),
            Box::new(m20261121_4_onboarding::Migration),
            Box::new(m20261121_5_data_keys::Migration),
            Box::new(m20261121_6_api_keys::Migration),
            Box::new(m20261121_7_accounts::Migration),
            Box::new(m20261121_8_sessions::Migration),
            Box::new(m20261121_9_api_key_handouts::Migration),
            Box::new(m20261121_10_sign_in_time::Migration),
            Box::new(m20261121_11_connections::Migration),
            Box::new(m20261121_12_device_sign_ins::Migration),
            Box::new(m20261121_13_folded_addresses::Migration),
            Box::new(m20261121_14_operators::Migration),
        ]
    }
}
