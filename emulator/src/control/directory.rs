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

/// All user objects, each with its tenant.
#[handler]
pub(super) fn users(Data(world): Data<&Arc<World>>) -> Json<Vec<Value>> {
    let directory = lock(&world.directory);
    let users = directory.tenants.iter().flat_map(|tenant| {
        tenant.users.iter().map(|user| {
            let mut shown = json!(user);
            if let Some(shown) = shown.as_object_mut() {
                shown.insert("tenant".to_owned(), json!(tenant.id));
                shown.insert("tenantName".to_owned(), json!(tenant.name));
            }
            shown
        })
    });
    Json(users.collect())
}

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
