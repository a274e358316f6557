//! A permission is proved by checking it.

use std::{marker::PhantomData, sync::Arc};

use domain::{
    access::{Authorized, Origin, Principal},
    annotations::Write,
};

fn forge(principal: Arc<Principal>) -> Authorized<Write> {
    Authorized { principal, origin: Origin::default(), permission: PhantomData }
}

fn main() {}
