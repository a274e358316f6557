//! Only a principal checks its own permissions.

use std::sync::Arc;

use domain::{
    access::{Authorized, Origin, Principal},
    annotations::Write,
};

fn forge(principal: Arc<Principal>) -> Authorized<Write> {
    domain::access::scope::authorize(principal, Origin::default())
}

fn main() {}
