//! A unit of work is had from the store, for a scope.

use infra::db::{Connection, Unit};

fn main() {}
