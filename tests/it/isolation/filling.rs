//! The walk fills what it knows and says what it does not: otherwise it would pass by what nobody taught it.

use serde_json::{Value, json};

use super::fill::{Filled, Noun, Place, fill};
use crate::openapi::operation::operations;

#[expect(clippy::needless_pass_by_value, reason = "each is made where it is given")]
fn filled(parameter: Value, body: Value) -> Result<Filled, String> {
    let content = json!({ "application/json": { "schema": { "$ref": "#/components/schemas/Body" } } });
    let operation =
        json!({ "operationId": "make", "parameters": [parameter], "requestBody": { "content": content } });
    let document = json!({
        "paths": { "/things/{thingId}": { "post": operation } },
        "components": { "schemas": { "Body": { "type": "object", "properties": body } } },
    });
    let nouns =
        |_: Place, name: &str| (name == "thingId" || name == "ownerIds").then(|| Noun::Value(json!("known")));
    fill(&document, operations(&document).first().expect("one operation"), &nouns)
}

fn path(name: &str) -> Value {
    json!({ "name": name, "in": "path", "schema": { "type": "string" } })
}

#[test]
fn what_has_no_owner_is_made_from_its_schema() {
    let body = json!({
        "short": { "type": "string", "maxLength": 3 },
        "long": { "type": "string", "minLength": 30 },
        "word": { "type": "string", "enum": ["first", "second"] },
        "number": { "type": "integer", "minimum": 2.0, "maximum": 7.0 },
        "flag": { "type": "boolean" },
        "list": { "type": "array", "items": { "type": "string", "maxLength": 1 } },
        "inner": { "type": "object", "properties": { "any": {} } },
        "ownerIds": { "type": "array", "items": { "type": "string", "format": "uuid" } },
    });
    let filled = filled(path("thingId"), body).unwrap();
    assert_eq!(filled.path, "/things/known");
    let body = filled.body.unwrap();
    assert_eq!(body["long"].as_str().unwrap().len(), 30);
    assert_eq!(
        (&body["short"], &body["word"], &body["number"], &body["flag"]),
        (&json!("sho"), &json!("first"), &json!(7), &json!(true))
    );
    assert_eq!(
        (&body["list"], &body["inner"], &body["ownerIds"]),
        (&json!(["l"]), &json!({ "any": { "filled": "by the walk" } }), &json!("known"))
    );
}

#[test]
fn what_is_somebodys_and_not_in_the_table_fails_the_walk_and_says_where_to_add_it() {
    let id = json!({ "type": "string", "format": "uuid" });
    for (parameter, body, unknown) in [
        (path("otherId"), json!({}), "otherId"),
        (path("slug"), json!({}), "slug"),
        (json!({ "name": "groupId", "in": "query", "schema": { "type": "string" } }), json!({}), "groupId"),
        (path("thingId"), json!({ "groupId": { "type": "string" } }), "groupId"),
        (path("thingId"), json!({ "groupIds": { "type": "array", "items": id } }), "groupIds"),
        (path("thingId"), json!({ "group": id }), "group"),
        (path("thingId"), json!({ "groups": { "type": "array", "items": id } }), "groups"),
        (path("thingId"), json!({ "inner": { "type": "object", "properties": { "group": id } } }), "group"),
        (path("thingId"), json!({ "odd": { "type": "string", "format": "unheard-of" } }), "odd"),
    ] {
        let problem = filled(parameter, body).unwrap_err();
        assert!(problem.starts_with(&format!("make: cannot fill \"{unknown}\"")), "{problem}");
        assert!(problem.contains("tests/it/isolation/world.rs"), "{problem}");
    }
    let cookie = json!({ "name": "session", "in": "cookie", "schema": { "type": "string" } });
    assert!(filled(cookie, json!({})).unwrap_err().contains("cookie parameter"));
}
