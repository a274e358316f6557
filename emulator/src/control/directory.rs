//! Users, service principals, assignments.

use std::sync::Arc;

use poem::{
    Body, handler,
    web::{Data, Json, Path},
};
use serde_json::{Value, json};

use super::reply::{Problem, read};
use crate::{
    directory::{Consent, UserPatch},
    world::{World, lock},
};

/// Answers with the user as he is then.
#[handler]
pub(super) async fn update_user(
    Data(world): Data<&Arc<World>>,
    Path(who): Path<String>,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let patch: UserPatch = read(body).await?;
    let user = lock(&world.directory)
        .update_user(&who, patch)
        .map_err(|error| Problem::bad_request(error.to_string()))?;
    Ok(Json(json!(user)))
}

#[handler]
pub(super) async fn consent(Data(world): Data<&Arc<World>>, body: Body) -> Result<Json<Value>, Problem> {
    let consent: Consent = read(body).await?;
    lock(&world.directory).consent(&consent).map_err(|error| Problem::bad_request(error.to_string()))?;
    Ok(Json(json!(consent)))
}
