//! The sample business module in the database.

mod annotation;
mod taxonomy;
