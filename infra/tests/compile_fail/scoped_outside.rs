//! Queries begin in `infra` only.

use infra::db::scoped::Scoped;

fn main() {}
