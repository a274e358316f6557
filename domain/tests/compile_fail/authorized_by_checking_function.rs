//! Only authentication's own result checks its permissions.

use domain::{
    access::{Authenticated, Authorized, Origin},
    annotations::Write,
};

fn forge(caller: Authenticated) -> Authorized<Write> {
    domain::access::scope::authorize(caller, Origin::default())
}

fn main() {}
