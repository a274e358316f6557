//! A permission is proved by checking it.

use std::marker::PhantomData;

use domain::{
    access::{Authenticated, Authorized, Origin},
    annotations::Write,
};

fn forge(holder: Authenticated) -> Authorized<Write> {
    Authorized { holder, origin: Origin::default(), permission: PhantomData }
}

fn main() {}
