//! `/emulator/control/…`: what tests and developers do to the emulator. For this machine only.

mod directory;
mod faults;
mod files;
mod guard;
mod keys;
mod policies;
mod reply;
mod time;
mod tokens;

use std::sync::Arc;

use poem::{
    EndpointExt as _, IntoEndpoint, Route, delete, get, handler, post,
    web::{Data, Json},
};
use serde_json::{Value, json};

use crate::world::World;

pub(crate) fn routes() -> impl IntoEndpoint<Endpoint: 'static> {
    Route::new()
        .at("/tokens", post(tokens::mint))
        .at("/keys", get(keys::show))
        .at("/keys/rotate", post(keys::rotate))
        .at("/keys/announce", post(keys::announce))
        .at("/faults", get(faults::show).post(faults::set).delete(faults::clear))
        .at("/clock", get(time::show).post(time::set).delete(time::reset))
        .at("/users", get(directory::users))
        .at("/users/:who", post(directory::update_user))
        .at("/consent", post(directory::consent))
        .at("/apps/:who", post(directory::update_app))
        .at("/policies", get(policies::show).post(policies::set).delete(policies::clear))
        .at("/propagation", get(time::show_propagation).post(time::set_propagation))
        .at("/links", get(files::links).post(files::set_links).delete(files::clear_links))
        .at("/files", get(files::drives).post(files::change))
        .at("/requests", get(requests))
        .at("/requests/:endpoint", get(files::seen))
        .at("/reset", post(reset))
        .at("/*", delete(reply::not_found).get(reply::not_found).post(reply::not_found))
        .around(guard::guard)
}

/// How often each endpoint was asked since the start or the last reset.
#[handler]
fn requests(Data(world): Data<&Arc<World>>) -> Json<Value> {
    Json(json!(world.requests.counts()))
}

/// Everything as at the start.
#[handler]
fn reset(Data(world): Data<&Arc<World>>) -> Json<Value> {
    world.reset();
    Json(json!({ "reset": true }))
}
