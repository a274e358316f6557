//! Any token, good or wrong.

use std::sync::Arc;

use poem::{
    Body, handler,
    web::{Data, Json},
};
use serde_json::{Value, json};

use super::reply::{Problem, read};
use crate::{tokens::TokenRequest, world::World};

#[handler]
pub(super) async fn mint(Data(world): Data<&Arc<World>>, body: Body) -> Result<Json<Value>, Problem> {
    let request: TokenRequest = read(body).await?;
    let token = world.mint(&request).map_err(|error| Problem::bad_request(error.to_string()))?;
    Ok(Json(json!({ "access_token": token })))
}
