//! Tables are named in `infra` only.

use infra::db::entities::annotations::Entity;

fn main() {}
