//! A scope has no constructor outside of `domain::access`.

use domain::{
    access::{Actor, OrgScope, Origin},
    id::OrgId,
};

fn forge(org_id: OrgId) -> OrgScope {
    OrgScope::new(org_id, Actor::System, Origin::default())
}

fn main() {}
