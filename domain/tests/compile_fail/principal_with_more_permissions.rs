//! A principal has the permissions that it was made with.

use domain::access::Principal;

fn promote(principal: &mut Principal) {
    principal.permissions.push("organization:manage");
}

fn main() {}
