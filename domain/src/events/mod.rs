//! Events: what happened in an organization, told in the transaction that made it happen.
//!
//! An event is named `domain.resource.action` or `noun.action`. Who did it, from where and in which request is not
//! written by the use-case: the unit of work takes it from the scope it was opened for.

use serde::Serialize;

/// Something that happened.
#[derive(Debug)]
pub struct Event {
    name: &'static str,
    data: serde_json::Value,
}

impl Event {
    /// An event with its data. The data holds ids and what changed, never a secret or a token.
    pub fn new(name: &'static str, data: impl Serialize) -> Self {
        // Ids, times and strings always become JSON; a map with keys that are not strings would be a mistake here.
        let data = serde_json::to_value(data).unwrap_or(serde_json::Value::Null);
        Self { name, data }
    }

    pub fn name(&self) -> &'static str {
        self.name
    }

    pub fn data(&self) -> &serde_json::Value {
        &self.data
    }
}

/// At least one event.
#[derive(Debug)]
pub struct Events {
    first: Event,
    more: Vec<Event>,
}

impl Events {
    #[must_use]
    pub fn and(mut self, event: Event) -> Self {
        self.more.push(event);
        self
    }

    pub fn iter(&self) -> impl Iterator<Item = &Event> {
        std::iter::once(&self.first).chain(&self.more)
    }
}

impl From<Event> for Events {
    fn from(first: Event) -> Self {
        Self { first, more: Vec::new() }
    }
}
