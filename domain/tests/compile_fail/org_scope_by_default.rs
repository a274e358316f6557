//! There is no scope of no organization.

use domain::access::OrgScope;

fn forge() -> OrgScope {
    Default::default()
}

fn main() {}
