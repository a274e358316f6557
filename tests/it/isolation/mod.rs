//! The proof that organizations are kept apart: a walk over every operation of the document, as it is generated from
//! the handlers.
//!
//! A new operation is walked without anybody writing a test for it. Parameters and bodies are filled by name from the
//! first organization's things; a name that the walk does not know fails it, and says where to add it.

mod authorization;
mod cursors;
mod fill;
mod filling;
mod foreign_ids;
pub(crate) mod world;
