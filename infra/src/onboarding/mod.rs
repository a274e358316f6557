//! What organizations keep of their consent and of imports of people.

mod record;
mod user_import;
