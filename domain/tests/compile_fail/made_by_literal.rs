//! Nothing is made but by what claimed its idempotency key, or saw that there is none.

use domain::idempotency::Made;

fn made_without_a_claim(id: u64) -> Made<u64> {
    Made { thing: id, replayed: false }
}

fn main() {}
