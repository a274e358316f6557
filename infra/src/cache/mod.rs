//! What is remembered in this process.

mod principals;

pub use principals::Principals;
