//! Who the caller is, and what he looks like.

use serde_json::{Map, Value, json};

use super::{call::Call, error::Problem, page::selected, reply::Reply};
use crate::{caller::Caller, directory::User, tokens::claims::pairwise};

static PHOTO: &[u8] = include_bytes!("../../data/photo.png");

pub(super) fn me(call: &Call<'_>, caller: &Caller) -> Result<Reply, Problem> {
    let user = user_with(caller, &["User.Read", "User.Read.All"])?;
    let mut shown = selected(call, profile(user));
    shown.insert("@odata.context".to_owned(), json!(call.context("users/$entity")));
    Ok(Reply::members(shown))
}

pub(super) fn own_photo(caller: &Caller) -> Result<Reply, Problem> {
    photo_of(user_with(caller, &["User.Read", "User.Read.All"])?)
}

pub(super) fn photo_of(user: &User) -> Result<Reply, Problem> {
    if user.photo {
        Ok(Reply::Bytes { mime: "image/png", etag: "\"1\"".to_owned(), bytes: PHOTO.to_vec() })
    } else {
        Err(Problem::no_photo())
    }
}

/// The members that Graph gives unasked.
pub(super) fn profile(user: &User) -> Map<String, Value> {
    object(json!({
        "businessPhones": [],
        "displayName": user.name(),
        "givenName": user.given_name,
        "id": user.id,
        "jobTitle": null,
        "mail": user.mail,
        "mobilePhone": null,
        "officeLocation": null,
        "preferredLanguage": "en-US",
        "surname": user.family_name,
        "userPrincipalName": user.upn,
    }))
}

pub(super) fn userinfo(call: &Call<'_>, caller: &Caller) -> Result<Reply, Problem> {
    let user = user_with(caller, &["openid"])?;
    let mut claims = object(json!({
        "sub": pairwise(user.id, caller.client()),
        "name": user.name(),
        "given_name": user.given_name,
        "family_name": user.family_name,
        "picture": format!("{}/v1.0/me/photo/$value", call.base),
    }));
    claims.extend(user.mail.iter().map(|mail| ("email".to_owned(), json!(mail))));
    Ok(Reply::members(claims))
}

/// The user, if the client may see him by one of the permissions.
pub(super) fn user_with<'a>(caller: &'a Caller, permissions: &[&str]) -> Result<&'a User, Problem> {
    if !caller.is_delegated() {
        return Err(Problem::needs_user());
    }
    if !caller.may(permissions) {
        return Err(Problem::denied());
    }
    caller.user().ok_or_else(|| Problem::no_resource(caller.object()))
}

pub(super) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
    }
}
