//! The sample business module: taxonomies, terms and annotations.

mod annotation;
mod filters;
mod paging;
mod place;
mod taxonomy;
mod term;
mod versions;

use serde_json::{Value, json};
use tests::{Actor, Response, TestApp};

/// The id of what a response shows.
pub(crate) fn id(response: &Response) -> String {
    response.text_at("/data/id")
}

/// Makes a taxonomy.
pub(crate) async fn taxonomy(admin: &Actor, name: &str) -> String {
    id(&admin.post("/api/taxonomies", json!({ "name": name })).await.expect(201))
}

/// Makes a term at the root of a taxonomy.
pub(crate) async fn term(admin: &Actor, taxonomy: &str, label: &str) -> String {
    let path = format!("/api/taxonomies/{taxonomy}/terms");
    id(&admin.post(&path, json!({ "label": label })).await.expect(201))
}

/// The body of an annotation of some item, with these members besides.
fn on_item(item: &str, more: Value) -> Value {
    let mut body = json!({ "siteId": "site", "driveId": "drive", "itemId": item });
    let Value::Object(more) = more else { unreachable!("an object is given") };
    body.as_object_mut().expect("an object").extend(more);
    body
}

/// Makes an annotation of some item.
pub(crate) async fn annotation(author: &Actor, item: &str) -> String {
    id(&author.post("/api/annotations", on_item(item, json!({}))).await.expect(201))
}

/// How many events there were, to see what a request added.
pub(crate) struct Recorded(i64);

impl Recorded {
    pub(crate) async fn so_far(app: &TestApp) -> Self {
        Self(app.database.count("SELECT count(*) FROM events").await)
    }

    /// The request left one event of this name, with its actor and its own id, and a pointer to it in the outbox.
    pub(crate) async fn gained(self, app: &TestApp, response: &Response, name: &str, actor: &str) {
        let database = &app.database;
        assert_eq!(database.count("SELECT count(*) FROM events").await, self.0 + 1, "{name}");
        let request = response.header("x-request-id").expect("a request has an id");
        let pointed = format!(
            "SELECT events.name, actor_kind, actor_id FROM events \
             JOIN outbox ON outbox.event_id = events.id AND outbox.org_id = events.org_id \
             WHERE request_id = '{request}'"
        );
        let rows = database.query(&pointed).await;
        assert_eq!(json!(rows), json!([{ "name": name, "actor_kind": "user", "actor_id": actor }]));
    }

    /// The requests left no event and no pointer.
    pub(crate) async fn gained_nothing(self, app: &TestApp) {
        assert_eq!(app.database.count("SELECT count(*) FROM events").await, self.0);
        assert_eq!(app.database.count("SELECT count(*) FROM outbox").await, self.0);
    }
}

/// The membership's id of an actor.
pub(crate) async fn user_id(actor: &Actor) -> String {
    id(&actor.get("/api/auth/me").await.expect(200))
}

/// The members of a page, by a text member of each.
pub(crate) fn listed(response: &Response, member: &str) -> Vec<String> {
    let items = response.at("/data");
    let items = items.as_array().expect("a list");
    items.iter().map(|item| item[member].as_str().expect("a text").to_owned()).collect()
}
