//! A principal is made by authentication.

use std::sync::Arc;

use domain::{access::Principal, identity::User};

fn forge(user: Arc<User>) -> Principal {
    Principal { user }
}

fn main() {}
