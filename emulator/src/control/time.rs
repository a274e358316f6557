//! The emulator's clock.

use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use poem::{
    Body, handler,
    web::{Data, Json},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::reply::{Problem, read};
use crate::world::{World, lock};

/// First to `now`, then on by `advance` seconds, or back when they are negative.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Move {
    now: Option<DateTime<Utc>>,
    advance: Option<i64>,
}

#[handler]
pub(super) fn show(Data(world): Data<&Arc<World>>) -> Json<Value> {
    Json(state(world))
}

#[handler]
pub(super) async fn set(Data(world): Data<&Arc<World>>, body: Body) -> Result<Json<Value>, Problem> {
    let Move { now, advance } = read(body).await?;
    if let Some(now) = now {
        world.clock.set(now);
    }
    let by = TimeDelta::try_seconds(advance.unwrap_or(0));
    if !by.is_some_and(|by| world.clock.advance(by)) {
        return Err(Problem::bad_request("\"advance\" is further than a date can be"));
    }
    Ok(Json(state(world)))
}

#[handler]
pub(super) fn reset(Data(world): Data<&Arc<World>>) -> Json<Value> {
    world.clock.reset();
    Json(state(world))
}

fn state(world: &World) -> Value {
    json!({ "now": world.clock.now().to_rfc3339_opts(SecondsFormat::Micros, true) })
}

/// How long a consent takes to be known everywhere.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Propagation {
    seconds: u32,
}

#[handler]
pub(super) fn show_propagation(Data(world): Data<&Arc<World>>) -> Json<Value> {
    Json(json!({ "seconds": lock(&world.propagation).num_seconds() }))
}

#[handler]
pub(super) async fn set_propagation(
    Data(world): Data<&Arc<World>>,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let Propagation { seconds } = read(body).await?;
    *lock(&world.propagation) = TimeDelta::seconds(i64::from(seconds));
    Ok(Json(json!({ "seconds": seconds })))
}
