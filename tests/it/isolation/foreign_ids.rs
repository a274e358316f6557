//! Every operation, called by everybody of one organization with the ids of another one.

use serde_json::{Value, json};
use tests::{Actor, Response};

use super::{
    fill::{Filled, Noun, Place, fill, unknown},
    world::World,
};
use crate::openapi::operation::{Operation, walked};

/// Every operation with a world of its own, since what it succeeds in changes the world.
#[tokio::test]
async fn nothing_of_an_organization_is_seen_or_changed_by_another_one() {
    let document = api::app::document().unwrap();
    for operation in walked(&document) {
        let world = World::filled().await;
        let all_of_a = |place: Place, name: &str| world.a.noun(place, name);
        let all_unknown = |place: Place, name: &str| world.a.noun(place, name).map(unknown);
        let known = fill(&document, &operation, &all_of_a).unwrap_or_else(|problem| panic!("{problem}"));
        let stranger =
            fill(&document, &operation, &all_unknown).unwrap_or_else(|problem| panic!("{problem}"));
        let own = on_own_path(&world, &document, &operation);
        let tag = tag(&world, &known).await;
        // After that look: reading all of it at once is recorded.
        let before = world.rows_of_a().await;
        for (who, actor) in world.b.callers() {
            for (how, name, value) in claims(&world, &tag) {
                let what = format!("{} by {who} {how}", operation.id);
                let with = |filled: &Filled| filled.with(name, value);
                alike(&world, actor, &with(&known), &with(&stranger), &what).await;
                if let Some((known, stranger)) = &own {
                    let what = format!("{what}, on a path of their own");
                    alike(&world, actor, &with(known), &with(stranger), &what).await;
                }
            }
        }
        assert_eq!(world.rows_of_a().await, before, "{} changed another organization's rows", operation.id);

        // The request was a good one: what refused it was that it came from another organization.
        let known = if operation.takes("If-Match") { known.with("If-Match", &tag) } else { known };
        let own = if operation.is_key_only() { &world.a.api_key } else { &world.a.admin };
        let answer = known.send(own).await;
        if operation.passes_on() {
            // It reached Microsoft, which has an opinion of its own about writing there.
            let reached = answer.header("request-id").or(answer.header("sprequestguid"));
            assert!(reached.is_some(), "{}: {} {}", operation.id, answer.status, answer.text);
            continue;
        }
        assert!(answer.status.is_success(), "{} by its own administrator: {}", operation.id, answer.text);
        if let Some(list) = answer.at("/data").as_array() {
            assert!(!list.is_empty(), "{}: fill World so that the list has something to hide", operation.id);
        }
    }
}

/// Path ids of the caller's own organization, with the other's, or unknown ones, in query and body.
fn on_own_path(world: &World, document: &Value, operation: &Operation) -> Option<(Filled, Filled)> {
    let of_a = |place: Place, name: &str| match place {
        Place::Path => world.b.noun(place, name),
        Place::Query | Place::Header | Place::Body => world.a.noun(place, name),
    };
    let of_nobody = |place: Place, name: &str| -> Option<Noun> {
        let noun = of_a(place, name);
        if place == Place::Path { noun } else { noun.map(unknown) }
    };
    let known = fill(document, operation, &of_a).ok()?;
    let stranger = fill(document, operation, &of_nobody).ok()?;
    // Otherwise there is nothing of the other organization in it.
    (known != stranger && operation.path.contains('{')).then_some((known, stranger))
}

/// The version of what a path names, as its own organization sees it.
async fn tag(world: &World, filled: &Filled) -> String {
    let seen = world.a.admin.get(&filled.path).await;
    seen.header("etag").unwrap_or("\"1\"").to_owned()
}

/// What a caller may claim beside the ids.
fn claims<'a>(world: &'a World, tag: &'a str) -> [(&'static str, &'static str, &'a str); 5] {
    [
        ("plainly", "Accept", "application/json"),
        ("with the organization's id", "X-Tenant-ID", world.a.id.as_str()),
        ("with the tenant's id", "X-Tenant-ID", world.a.tenant),
        ("with the present version", "If-Match", tag),
        ("with the version as known", "If-None-Match", tag),
    ]
}

/// A request with another organization's ids and one with ids that nobody has are answered alike, at the same cost,
/// and in silence about the other organization.
async fn alike(world: &World, actor: &Actor, known: &Filled, stranger: &Filled, what: &str) {
    let (answer, cost) = measured(world, actor, known).await;
    let sent = known.body.clone().unwrap_or_default();
    world.assert_silent(&answer, &sent, what);
    assert!(!answer.status.is_server_error(), "{what}: {}", answer.text);
    // A filter may find nothing; a thing that is named must not be there.
    let body = known.body.as_ref().map(Value::to_string).unwrap_or_default();
    if world.names_something_of_a(&known.path) || world.names_something_of_a(&body) {
        assert!(answer.status.is_client_error(), "{what}: {} {}", answer.status, answer.text);
    }
    if known == stranger {
        return;
    }
    let (other, other_cost) = measured(world, actor, stranger).await;
    assert_eq!(shape(&answer), shape(&other), "{what}: unlike the answer to unknown ids");
    assert_eq!(cost, other_cost, "{what}: not as many statements as for unknown ids");
}

async fn measured(world: &World, actor: &Actor, filled: &Filled) -> (Response, u64) {
    let before = world.app.app.statements();
    let answer = filled.send(actor).await;
    (answer, world.app.app.statements() - before)
}

/// All of a response but the request's id.
fn shape(response: &Response) -> Value {
    let id = response.header("x-request-id").expect("every response has it").to_owned();
    let mut headers: Vec<(String, String)> = response
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).replace(&id, "…")))
        .collect();
    headers.sort();
    json!({
        "status": response.status.as_u16(),
        "headers": headers,
        "body": response.text.replace(&id, "…"),
    })
}
