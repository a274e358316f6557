//! Drives and their items, the addresses that Graph gives out, and what was asked for.

use std::sync::Arc;

use poem::{
    Body, handler,
    web::{Data, Json, Path},
};
use serde_json::{Value, json};

use super::reply::{Problem, read};
use crate::{
    files::FileChange,
    journal::Seen,
    links::Links,
    requests::Endpoint,
    world::{World, lock},
};

/// All drives of all tenants.
#[handler]
pub(super) fn drives(Data(world): Data<&Arc<World>>) -> Json<Vec<Value>> {
    let files = lock(&world.files);
    let drives = files.drives.iter().map(|drive| {
        let site = files.site_of(drive).map(crate::files::Site::id);
        let items = drive.present().count();
        json!({
            "id": drive.id, "tenant": drive.tenant, "site": site, "owner": drive.owner, "name": drive.name,
            "url": drive.url, "items": items,
        })
    });
    Json(drives.collect())
}

/// Answers with the item's id.
#[handler]
pub(super) async fn change(Data(world): Data<&Arc<World>>, body: Body) -> Result<Json<Value>, Problem> {
    let change: FileChange = read(body).await?;
    let id = lock(&world.files)
        .change(&change, world.clock.now())
        .map_err(|error| Problem::bad_request(error.to_string()))?;
    Ok(Json(json!({ "id": id })))
}

#[handler]
pub(super) fn links(Data(world): Data<&Arc<World>>) -> Json<Links> {
    Json(world.links.get())
}

#[handler]
pub(super) async fn set_links(Data(world): Data<&Arc<World>>, body: Body) -> Result<Json<Links>, Problem> {
    world.links.set(read(body).await?);
    Ok(Json(world.links.get()))
}

#[handler]
pub(super) fn clear_links(Data(world): Data<&Arc<World>>) -> Json<Links> {
    world.links.set(Links::default());
    Json(world.links.get())
}

/// The last requests, with all headers.
#[handler]
pub(super) fn seen(
    Data(world): Data<&Arc<World>>,
    Path(endpoint): Path<String>,
) -> Result<Json<Vec<Seen>>, Problem> {
    let endpoint: Endpoint = serde_json::from_value(json!(endpoint))
        .map_err(|error| Problem::bad_request(format!("cannot understand the endpoint: {error}")))?;
    Ok(Json(world.journal.of(endpoint)))
}
