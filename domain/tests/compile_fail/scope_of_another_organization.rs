//! A scope stays in its organization.

use domain::{access::OrgScope, id::OrgId};

fn escape(mut scope: OrgScope, elsewhere: OrgId) -> OrgScope {
    scope.org_id = elsewhere;
    scope
}

fn main() {}
