//! What the tests of this module share: a configuration from a few variables.

use super::{Config, Sources, load, reader::Reader};

pub(super) const CLIENT_ID: &str = "11111111-2222-4333-8444-555555555555";
pub(super) const TENANT_ID: &str = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee";

/// The least that production needs; each variable given replaces its own.
fn sources(variables: &[(&str, &str)]) -> Sources {
    let least = [("AZURE_CLIENT_ID", CLIENT_ID), ("AZURE_TENANT_ID", TENANT_ID)];
    let all = least.iter().chain(variables);
    Sources::new(all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())), None)
}

pub(super) fn loaded(variables: &[(&str, &str)]) -> Config {
    load(sources(variables)).unwrap()
}

/// The problems, one on a line.
pub(super) fn refused(variables: &[(&str, &str)]) -> String {
    load(sources(variables)).unwrap_err().to_string()
}

/// The problems of these variables and no others.
pub(super) fn refused_exactly(variables: &[(&str, &str)]) -> String {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    load(Sources::new(variables, None)).unwrap_err().to_string()
}

pub(super) fn reader(variables: &[(&str, &str)]) -> Reader {
    Reader::new(sources(variables))
}
