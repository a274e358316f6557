//! Conditional Access: an object adds a policy, an array replaces them all.

use std::sync::Arc;

use poem::{
    Body, handler,
    web::{Data, Json},
};
use serde_json::Value;

use super::reply::{Problem, read};
use crate::{
    directory::AccessPolicy,
    world::{World, lock},
};

#[handler]
pub(super) fn show(Data(world): Data<&Arc<World>>) -> Json<Vec<AccessPolicy>> {
    Json(lock(&world.directory).policies.clone())
}

#[handler]
pub(super) async fn set(
    Data(world): Data<&Arc<World>>,
    body: Body,
) -> Result<Json<Vec<AccessPolicy>>, Problem> {
    let body: Value = read(body).await?;
    let understood = |value| {
        serde_json::from_value::<AccessPolicy>(value)
            .map_err(|error| Problem::bad_request(format!("cannot understand the policy: {error}")))
    };
    if let Value::Array(policies) = body {
        let policies = policies.into_iter().map(understood).collect::<Result<Vec<_>, _>>()?;
        lock(&world.directory).policies = policies;
    } else {
        let policy = understood(body)?;
        lock(&world.directory).policies.push(policy);
    }
    Ok(Json(lock(&world.directory).policies.clone()))
}

#[handler]
pub(super) fn clear(Data(world): Data<&Arc<World>>) -> Json<Vec<AccessPolicy>> {
    lock(&world.directory).policies.clear();
    Json(Vec::new())
}
