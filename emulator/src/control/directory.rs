//! Users, service principals, assignments.

use std::sync::Arc;

use poem::{
    Body, handler,
    web::{Data, Json, Path},
};
use serde_json::{Value, json};

use super::reply::{Problem, read};
use crate::{
    directory::{AppPatch, Consent, UserPatch},
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
        .update_user(&who, patch, world.clock.now())
        .map_err(|error| Problem::bad_request(error.to_string()))?;
    Ok(Json(json!(user)))
}

#[handler]
pub(super) async fn consent(Data(world): Data<&Arc<World>>, body: Body) -> Result<Json<Value>, Problem> {
    let consent: Consent = read(body).await?;
    let since = world.consent_counts_from();
    lock(&world.directory)
        .consent(&consent, since)
        .map_err(|error| Problem::bad_request(error.to_string()))?;
    Ok(Json(json!(consent)))
}

/// Certificates and federated credentials of an app.
#[handler]
pub(super) async fn update_app(
    Data(world): Data<&Arc<World>>,
    Path(who): Path<String>,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let patch: AppPatch = read(body).await?;
    lock(&world.directory)
        .update_app(&who, &patch)
        .map_err(|error| Problem::bad_request(error.to_string()))?;
    Ok(Json(json!(patch)))
}
