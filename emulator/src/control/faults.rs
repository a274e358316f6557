//! Faults: an object adds one, an array replaces them all.

use std::sync::Arc;

use poem::{
    Body, handler,
    web::{Data, Json},
};
use serde_json::Value;

use super::reply::{Problem, read};
use crate::{faults::Fault, world::World};

#[handler]
pub(super) fn show(Data(world): Data<&Arc<World>>) -> Json<Vec<Fault>> {
    Json(world.faults.list())
}

#[handler]
pub(super) async fn set(Data(world): Data<&Arc<World>>, body: Body) -> Result<Json<Vec<Fault>>, Problem> {
    let body: Value = read(body).await?;
    if let Value::Array(faults) = body {
        world.faults.replace(faults.into_iter().map(fault).collect::<Result<_, _>>()?);
    } else {
        world.faults.add(fault(body)?);
    }
    Ok(Json(world.faults.list()))
}

#[handler]
pub(super) fn clear(Data(world): Data<&Arc<World>>) -> Json<Vec<Fault>> {
    world.faults.clear();
    Json(world.faults.list())
}

fn fault(value: Value) -> Result<Fault, Problem> {
    let fault: Fault = serde_json::from_value(value)
        .map_err(|error| Problem::bad_request(format!("cannot understand the fault: {error}")))?;
    match fault.problem() {
        None => Ok(fault),
        Some(problem) => Err(Problem::bad_request(problem)),
    }
}
