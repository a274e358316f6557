//! Events are at least one.

use domain::events::Events;

fn nothing() -> Events {
    Events::default()
}

fn main() {}
