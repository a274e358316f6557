//! Only authentication says who is acted for, and by which token.

use domain::access::OnBehalfOf;
use secrecy::SecretString;

fn forge(caller: OnBehalfOf, assertion: SecretString) -> OnBehalfOf {
    OnBehalfOf { assertion, ..caller }
}

fn main() {}
