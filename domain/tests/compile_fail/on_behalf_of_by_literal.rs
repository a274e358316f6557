//! Only authentication says who is acted for, and by which token.

use domain::{access::OnBehalfOf, id::UserId};

fn forge(caller: OnBehalfOf, user_id: UserId) -> OnBehalfOf {
    OnBehalfOf { user_id, ..caller }
}

fn main() {}
