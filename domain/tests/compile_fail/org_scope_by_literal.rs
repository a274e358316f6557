//! A scope is made by authentication and not written down.

use domain::{
    access::{Actor, OrgScope, Origin},
    id::OrgId,
};

fn forge(org_id: OrgId) -> OrgScope {
    OrgScope { org_id, actor: Actor::System, origin: Origin::default() }
}

fn main() {}
