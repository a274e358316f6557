//! What the repositories beside the entities see, other crates do not.

use infra::db::{annotations, users};

fn main() {}
