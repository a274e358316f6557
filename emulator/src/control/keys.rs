//! Rotation of the signing keys.

use std::sync::Arc;

use poem::{
    Body, handler,
    web::{Data, Json},
};
use serde_json::{Value, json};

use super::reply::{Problem, read};
use crate::{
    keys::{KeyRing, Rotation},
    world::{World, lock},
};

#[handler]
pub(super) fn show(Data(world): Data<&Arc<World>>) -> Json<Value> {
    Json(state(&lock(&world.keys)))
}

#[handler]
pub(super) async fn rotate(Data(world): Data<&Arc<World>>, body: Body) -> Result<Json<Value>, Problem> {
    let rotation: Rotation = read(body).await?;
    let mut keys = lock(&world.keys);
    keys.rotate(rotation);
    Ok(Json(state(&keys)))
}

/// Lists the signing key in the JWKS, after a rotation that did not.
#[handler]
pub(super) fn announce(Data(world): Data<&Arc<World>>) -> Json<Value> {
    let mut keys = lock(&world.keys);
    keys.announce();
    Json(state(&keys))
}

fn state(keys: &KeyRing) -> Value {
    let published: Vec<&str> = keys.published().iter().map(|key| key.kid.as_str()).collect();
    json!({
        "current": keys.current().kid,
        "previous": keys.previous().kid,
        "personal": keys.personal().kid,
        "published": published,
    })
}
