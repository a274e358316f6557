//! The list of permissions is closed: the seal that each must have cannot be named.

use domain::access::Permission;

struct Anything;

impl domain::access::permission_seal::Sealed for Anything {}

impl Permission for Anything {
    const NAME: Option<&'static str> = None;
    const MARKER: &'static str = "permission:";
}

fn main() {}
