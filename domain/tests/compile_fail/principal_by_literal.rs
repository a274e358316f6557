//! A principal is made by authentication.

use domain::{access::Principal, identity::User};

fn forge(user: User) -> Principal {
    Principal { user }
}

fn main() {}
