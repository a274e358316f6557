//! Two organizations that are full of data, and what of the first one the second must never learn.

use std::collections::BTreeSet;

use domain::{access::Role, api_keys::NOT_FOR_KEYS};
use serde_json::{Value, json};
use tests::{Actor, Response, Rows, TestApp, emulator::ids};

use super::fill::{Noun, Place};
use crate::{
    annotations::{id, taxonomy, term, user_id},
    connections::{self, connect},
    identity::handle as session_handle,
    schema::catalog::tables,
    sharepoint::item,
};

/// In every text that the first organization gives; the second one gives none that has it.
pub(crate) const MARKER: &str = "contoso";

/// A service with two organizations.
pub(crate) struct World {
    pub app: TestApp,
    /// Whose things are to stay unknown.
    pub a: Organization,
    /// Who tries.
    pub b: Organization,
    /// Ids and texts that are only in rows of the first organization.
    pub secrets: BTreeSet<String>,
}

/// An organization, its callers, and the ids of some of its things.
pub(crate) struct Organization {
    pub id: String,
    pub tenant: &'static str,
    pub admin: Actor,
    pub member: Actor,
    pub application: Actor,
    /// The member again, by a session in cookies.
    pub session: Actor,
    pub api_key: Actor,
    api_key_id: String,
    member_id: String,
    /// One of two that the administrator has.
    admin_session: String,
    /// Its default, and in use.
    topics: String,
    /// Of `topics`, and in use.
    used_terms: [String; 2],
    /// Not in use, so that it can be deleted.
    places: String,
    /// Of `places`, with `leaf` below it.
    branch: String,
    leaf: String,
    /// Made by the member, with `used_terms`.
    annotation: String,
    /// At Microsoft: a site with more than one drive in the first organization, and one of its drives.
    site: String,
    drive: String,
    /// One of two that the member has.
    connection: String,
    /// The administrator's, on which nobody has signed in yet.
    device: String,
}

impl World {
    pub(crate) fn filled() -> std::pin::Pin<Box<dyn Future<Output = Self> + Send>> {
        Box::pin(Self::fill())
    }

    async fn fill() -> Self {
        let app = connections::builder().set("ANNOTATIONS_CHECK_ITEMS", "true").start().await;
        let a = Organization::filled(&app, "contoso", ids::CONTOSO, "adele", "alex").await;
        let b = Organization::filled(&app, "fabrikam", ids::FABRIKAM, "megan", "nestor").await;
        let mut world = Self { app, a, b, secrets: BTreeSet::new() };
        let of_b = texts(&world.rows_with(&[&world.b.id]).await);
        let of_a = texts(&world.rows_with(&[&world.a.id]).await);
        world.secrets = of_a.difference(&of_b).cloned().collect();
        for expected in
            [&world.a.id, &world.a.leaf, &world.a.annotation, ids::ALEX, "contoso topics", "alex@contoso.com"]
        {
            assert!(world.secrets.contains(expected), "{expected} is not in {:?}", world.secrets);
        }
        world
    }

    /// Every row, whatever its table, that names one of these ids, in an order that is always the same.
    async fn rows_with(&self, ids: &[&str]) -> Vec<(String, Rows)> {
        let mut found = Vec::new();
        for table in tables(&self.app.database).await {
            let mut rows = self.app.database.query(&format!("SELECT * FROM {}", table.name)).await;
            rows.retain(|row| {
                let text = json!(row).to_string();
                ids.iter().any(|id| text.contains(id))
            });
            rows.sort_by_cached_key(|row| json!(row).to_string());
            found.push((table.name, rows));
        }
        found
    }

    /// Every row that names anything of the first organization's: its own, and any that others might have made.
    pub(crate) async fn rows_of_a(&self) -> Vec<(String, Rows)> {
        let ids: Vec<&str> = self.ids_of_a().collect();
        let rows = self.rows_with(&ids).await;
        assert!(
            rows.iter().filter(|(_, rows)| !rows.is_empty()).count() > 5,
            "the organization is not filled"
        );
        rows
    }

    fn ids_of_a(&self) -> impl Iterator<Item = &str> {
        self.secrets.iter().map(String::as_str).filter(|secret| is_id(secret))
    }

    /// Whether a text names something that the first organization owns.
    pub(crate) fn names_something_of_a(&self, text: &str) -> bool {
        self.ids_of_a().any(|id| text.contains(id))
    }

    /// A response tells nothing of the first organization. What the caller sent of names from outside (of a site, an
    /// item) may come back, once it was taken.
    #[track_caller]
    pub(crate) fn assert_silent(&self, response: &Response, sent: &Value, what: &str) {
        let mut told = response.text.to_lowercase();
        for (name, value) in &response.headers {
            told.push_str(&format!("\n{name}: {}", String::from_utf8_lossy(value.as_bytes())).to_lowercase());
        }
        if response.status.is_success() {
            for sent in strings(sent).into_iter().filter(|text| !is_id(text)) {
                told = told.replace(&sent.to_lowercase(), "");
            }
        }
        assert!(!told.contains(MARKER), "{what}: {told}");
        for secret in &self.secrets {
            assert!(!told.contains(&secret.to_lowercase()), "{what} tells {secret}: {told}");
        }
    }
}

/// A key that may do all that keys may, with more than one kind of use in its log, beside another one; and its id.
async fn api_key(app: &TestApp, admin: &Actor, word: &str) -> (Actor, String) {
    let scopes: Vec<&str> = Role::Admin.permissions().filter(|scope| !NOT_FOR_KEYS.contains(scope)).collect();
    let key = |name: &str| json!({ "name": format!("{word} {name}"), "role": "admin", "scopes": scopes });
    let made = admin.post("/api/api-keys", key("workflow")).await.expect(201);
    admin.post("/api/api-keys", key("other workflow")).await.expect(201);
    let actor = app.token(&made.text_at("/data/rawKey"));
    actor.get("/api/taxonomies").await.expect(200);
    actor.get("/api/auth/me").await.expect(200);
    app.app.turn_background().await.expect("uses are written");
    (actor, id(&made))
}

/// Somebody who is signed in, with two accounts connected; the second one is their own, and has been used: the first time
/// a token is had it is written down, whatever was asked with it.
async fn connected(app: &TestApp, who: &str, other: &str) -> (Actor, String) {
    let browser = app.signed_in(who).await;
    connect(&browser, other).await;
    let connection = connect(&browser, who).await;
    browser.get("/api/sharepoint/lists?resource=sharepoint").await.expect(200);
    (browser.actor(), connection)
}

/// A device on which nobody signs in.
async fn device(beginner: &Actor) -> String {
    id(&beginner.post("/api/connections/device", json!({})).await.expect(200))
}

impl Organization {
    async fn filled(
        app: &TestApp,
        word: &'static str,
        tenant: &'static str,
        admin: &str,
        member: &str,
    ) -> Self {
        let address = |name: &str| format!("{name}@{word}.com");
        let admin_session = session_handle(&app.signed_in(&address(admin)).await).await;
        app.signed_in(&address(admin)).await;
        let (session, connection) = connected(app, &address(member), &address(admin)).await;
        let (admin, member) = (app.user(admin), app.user(member));
        let application = app.application("Tenantry", tenant, &[ids::TENANTRY_ADMIN]);
        let id_of = |response: Response| response.text_at("/data/organization/id");
        let organization = id_of(admin.get("/api/auth/me").await.expect(200));
        let member_id = user_id(&member).await;
        application.get("/api/auth/me").await.expect(200);
        let suspended = user_id(&app.application("Stranger", tenant, &["Other.Role"])).await;
        admin.post(&format!("/api/members/{suspended}/suspend"), json!({})).await.expect(200);
        admin.post("/api/organization/import-users", json!({})).await.expect(200);
        let confirm = "/api/onboarding/confirm";
        admin.post(confirm, json!({})).await.expect(200);

        let topics = taxonomy(&admin, &format!("{word} topics")).await;
        let places = taxonomy(&admin, &format!("{word} places")).await;
        let used_terms = [
            term(&admin, &topics, &format!("{word} law")).await,
            term(&admin, &topics, &format!("{word} tax")).await,
        ];
        let branch = term(&admin, &places, &format!("{word} north")).await;
        let below = json!({ "label": format!("{word} hill"), "parentId": branch });
        let leaf = id(&admin.post(&format!("/api/taxonomies/{places}/terms"), below).await.expect(201));
        let described = json!({ "description": format!("{word} description") });
        admin.patch(&format!("/api/taxonomies/{places}"), described).await.expect(200);
        let found = admin.get("/api/sharepoint/sites?search=marketing").await.expect(200);
        let site = found.text_at("/data/0/id");
        let drives = admin.get(&format!("/api/sharepoint/sites/{site}/drives")).await.expect(200);
        let drive = drives.text_at("/data/0/id");
        let on_item = json!({
            "siteId": site, "driveId": drive, "itemId": item("WELCOME"),
            "note": format!("{word} note"), "termIds": used_terms,
        });
        admin.post("/api/annotations", on_item.clone()).await.expect(201);
        // The same key in both organizations.
        let keyed = member.with("Idempotency-Key", "everybodys");
        let annotation = id(&keyed.post("/api/annotations", on_item).await.expect(201));
        let settings = json!({
            "name": format!("{word} organization"),
            "settings": { "defaultTaxonomyId": topics, "config": { format!("{word} key"): format!("{word} value") } },
        });
        admin.patch("/api/auth/organization", settings).await.expect(200);
        let (api_key, api_key_id) = api_key(app, &admin, word).await;
        // Known again after that change, so that requests cost what they cost and not what the first one costs.
        for actor in [&admin, &member, &application, &session, &api_key] {
            actor.get("/api/auth/me").await.expect(200);
        }
        Self {
            id: organization,
            device: device(&admin).await,
            tenant,
            admin,
            member,
            application,
            api_key,
            api_key_id,
            session,
            member_id,
            admin_session,
            topics,
            used_terms,
            places,
            branch,
            leaf,
            annotation,
            site,
            drive,
            connection,
        }
    }

    /// Everybody who may try something, by what they are.
    pub(crate) fn callers(&self) -> [(&'static str, &Actor); 5] {
        [
            ("a member", &self.member),
            ("an administrator", &self.admin),
            ("an application", &self.application),
            ("an API key", &self.api_key),
            ("a session", &self.session),
        ]
    }

    /// THE TABLE: what stands for a parameter or a member of a body, by where it is and what it is called. Whatever
    /// is not here is made from its schema, but for ids, of which one must say whose they are.
    pub(crate) fn noun(&self, place: Place, name: &str) -> Option<Noun> {
        if is_left_out(place, name) {
            return Some(Noun::LeaveOut);
        }
        let value = match (place, name) {
            (_, "allowedUserIds") => json!([self.member_id]),
            (Place::Body, "allowedConnections") => json!([self.connection]),
            (Place::Path, "path") => json!("v1.0/me"),
            (Place::Body, "jwePublicKey") => json!({
                "kty": "EC",
                "crv": "P-256",
                "x": "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
                "y": "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck",
            }),
            (Place::Body, "proxyRules") => json!([{ "methods": ["GET"], "path": "/graph/v1.0/me/**" }]),
            (Place::Body, "allowedIps") => json!(["203.0.113.0/24"]),
            (Place::Body, "expiresAt") => json!("2030-01-01T00:00:00Z"),
            (Place::Body, "role") => json!("admin"),
            (Place::Body, "serviceId") => json!("n8n"),
            (Place::Body, "scopes") => json!(["annotations:read"]),
            (Place::Path, "organizationId") => json!(self.id),
            // It is nobody's: an operator's, before there is an organization.
            (Place::Path, "invitationId") => json!("0193f2a8-7c20-7e14-9a35-4d8b0f6e21c7"),
            (Place::Body, "tenantId") => json!(self.tenant),
            (_, "apiKeyId") => json!(self.api_key_id),
            (_, "accountId" | "connectionId") => json!(self.connection),
            (Place::Path, "deviceId") => json!(self.device),
            (Place::Query, "minTtl") => json!(60),
            (Place::Query, "tokenResource") => json!("graph"),
            (Place::Query, "scope") => json!("User.Read"),
            (_, "annotationId") => json!(self.annotation),
            (_, "authorId" | "userId") => json!(self.member_id),
            (Place::Query, "confirm") => {
                let word = if self.tenant == ids::CONTOSO { "contoso" } else { "fabrikam" };
                json!(format!("{word} organization"))
            }
            (_, "defaultTaxonomyId") => json!(self.topics),
            (_, "driveId") => json!(self.drive),
            // The same in both organizations, as ids are that are unique within their drive.
            (_, "folderId") => json!(item("ARCHIVE")),
            (_, "itemId") => json!(item("WELCOME")),
            (_, "parentId") => json!(self.branch),
            (Place::Query, "q") => json!("txt"),
            // Of the second organization's sites none fits.
            (Place::Query, "search") => json!("project"),
            (_, "sessionId") => json!(self.admin_session),
            (_, "siteId") => json!(self.site),
            (_, "taxonomyId") => json!(self.places),
            (Place::Path, "termId") => json!(self.leaf),
            (_, "termId") => json!(self.used_terms.first()),
            (_, "termIds") => json!(self.used_terms),
            // A page or a range, which a schema cannot say.
            (Place::Body, "place") => json!({ "page": 7 }),
            _ => return None,
        };
        Some(Noun::Value(value))
    }
}

/// What is optional and has tests of its own: `idempotency::scope` for the keys, `connections::attacks` for the filters,
/// with which a list has no second page.
fn is_left_out(place: Place, name: &str) -> bool {
    match place {
        Place::Query => matches!(name, "claims" | "connectionId" | "cursor" | "email"),
        Place::Header => matches!(name, "If-Match" | "If-None-Match" | "Idempotency-Key"),
        Place::Body => name == "allowedConnections",
        Place::Path => false,
    }
}

/// Whether a text is an id.
pub(crate) fn is_id(text: &str) -> bool {
    text.len() == 36 && uuid::Uuid::try_parse(text).is_ok()
}

/// All texts of a JSON value, names of members included.
fn strings(value: &Value) -> BTreeSet<String> {
    match value {
        // SQLite keeps JSON as text.
        Value::String(text) => match serde_json::from_str(text) {
            Ok(inner @ (Value::Object(_) | Value::Array(_))) => strings(&inner),
            _ => BTreeSet::from([text.clone()]),
        },
        Value::Array(items) => items.iter().flat_map(strings).collect(),
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, value)| strings(value).into_iter().chain([name.clone()]))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => BTreeSet::new(),
    }
}

fn texts(rows: &[(String, Rows)]) -> BTreeSet<String> {
    rows.iter().flat_map(|(_, rows)| strings(&json!(rows))).filter(|text| text.len() > 3).collect()
}
