//! Customers' tenants, and what organizations keep of their consent and of imports of people.

mod record;
mod tenants;
mod user_import;

pub use tenants::GraphTenants;
