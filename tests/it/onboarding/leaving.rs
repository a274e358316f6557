//! Taking everything along, deleting, restoring, and what is left in the end: nothing.

use chrono::TimeDelta;
use domain::id::{OrgId, TypedId};
use futures_util::StreamExt;
use serde_json::{Value, json};
use tests::{TestApp, is_postgres};

use super::{ME, STATUS, events, work};
use crate::{annotations, connections, schema::catalog::tables};

const ORGANIZATION: &str = "/api/organization";

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
}

async fn org_id(app: &TestApp, user: &str) -> String {
    app.user(user).get(ME).await.expect(200).text_at("/data/organization/id")
}

/// Contoso and Fabrikam, both with things in every table that has any.
async fn filled() -> TestApp {
    let app = connections::builder().start().await;
    for (admin, member, domain) in [("adele", "alex", "contoso.com"), ("megan", "nestor", "fabrikam.com")] {
        let address = format!("{member}@{domain}");
        connections::connect(&app.signed_in(&address).await, &address).await;
        let admin = app.user(admin);
        app.user(member).get(ME).await.expect(200);
        let taxonomy = annotations::taxonomy(&admin, "Topics").await;
        let parent = annotations::term(&admin, &taxonomy, "Law").await;
        let child = json!({ "label": "Tax", "parentId": parent });
        admin.post(&format!("/api/taxonomies/{taxonomy}/terms"), child).await.expect(201);
        let note =
            json!({ "siteId": "s", "driveId": "d", "itemId": "i", "note": "mine", "termIds": [parent] });
        admin.with("Idempotency-Key", "k").post("/api/annotations", note).await.expect(201);
        let settings = json!({ "settings": { "defaultTaxonomyId": taxonomy } });
        admin.patch("/api/auth/organization", settings).await.expect(200);
        admin.post("/api/onboarding/confirm", json!({})).await.expect(200);
        admin.post("/api/organization/import-users", json!({})).await.expect(200);
        let key = admin.post("/api/api-keys", json!({ "name": "workflow" })).await.expect(201);
        app.token(&key.text_at("/data/rawKey")).get(ME).await.expect(200);
    }
    app.app.turn_background().await.expect("uses of keys are written");
    work(&app).await;
    app
}

#[tokio::test]
async fn an_export_has_every_row_of_the_organization_and_none_of_anybody_else() {
    let app = filled().await;
    let admin = app.user("adele");
    app.user("alex").get("/api/organization/export").await.expect(403);
    let export = admin.get("/api/organization/export").await.expect(200);
    assert_eq!(export.header("content-type"), Some("application/x-ndjson"));
    let lines = lines(&export.text);
    assert_eq!(lines.last(), Some(&json!({ "end": true })));
    let id = org_id(&app, "adele").await;
    assert_eq!(lines[0]["export"]["organization"]["id"], json!(id));
    for (table, kept_back) in infra::leaving::owned_tables() {
        let rows: Vec<&Value> =
            lines.iter().filter(|line| line["table"] == json!(table)).map(|line| &line["row"]).collect();
        let all = format!("SELECT * FROM {table}");
        let own = app.database.query(&all).await.into_iter().filter(|row| row["org_id"] == json!(id)).count();
        if kept_back.is_some() {
            assert!(rows.is_empty(), "{table}");
            continue;
        }
        assert!(own > 0, "{table}: fill it, or this proves nothing");
        assert_eq!(rows.len(), own, "{table}");
        assert!(rows.iter().all(|row| row["org_id"] == json!(id)), "{table}: {rows:?}");
    }
    assert!(lines.iter().any(|line| line["progress"]["table"] == json!("users")));
    assert!(!export.text.contains("fabrikam.com"));
    assert_eq!(events(&app, "organization.exported").await.len(), 1);
}

/// Pages of 500: more rows than one page has.
#[tokio::test]
async fn a_long_table_is_exported_page_by_page_without_losing_or_repeating_a_row() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    let taxonomy = annotations::taxonomy(&admin, "Topics").await;
    for number in 0..501 {
        annotations::term(&admin, &taxonomy, &format!("Term {number}")).await;
    }
    let export = admin.get("/api/organization/export").await.expect(200);
    let lines = lines(&export.text);
    let mut ids: Vec<&str> = lines
        .iter()
        .filter(|line| line["table"] == json!("terms"))
        .filter_map(|line| line["row"]["id"].as_str())
        .collect();
    let progress = lines.iter().filter(|line| line["progress"]["table"] == json!("terms")).count();
    assert_eq!((ids.len(), progress), (501, 2));
    ids.dedup();
    assert_eq!(ids.len(), 501);
}

#[tokio::test]
async fn deleting_wants_the_name_and_shuts_everybody_out_at_once() {
    let app = filled().await;
    let admin = app.user("adele");
    let alex = app.user("alex");
    alex.delete(&format!("{ORGANIZATION}?confirm=Contoso")).await.expect(403);
    let wrong = admin.delete(&format!("{ORGANIZATION}?confirm=contoso")).await.expect(409);
    assert_eq!(wrong.code(), "CONFLICT");
    admin.delete(ORGANIZATION).await.expect(400);
    alex.get(ME).await.expect(200);
    let deleted = admin.delete(&format!("{ORGANIZATION}?confirm=Contoso")).await.expect(200);
    assert!(deleted.text_at("/data/purgeAt") > deleted.text_at("/data/deletedAt"));
    for user in [&admin, &alex] {
        assert_eq!(user.get(STATUS).await.expect(403).code(), "ORGANIZATION_DELETED");
    }
    assert_eq!(app.user("lee").get(ME).await.expect(403).code(), "ORGANIZATION_DELETED");
    assert_eq!(
        admin.post("/api/onboarding/confirm", json!({})).await.expect(403).code(),
        "ORGANIZATION_DELETED"
    );
    app.user("megan").get(ME).await.expect(200);
    assert_eq!(events(&app, "organization.deleted").await.len(), 1);
}

#[tokio::test]
async fn within_thirty_days_it_comes_back_as_it_was() {
    let app = filled().await;
    let id = OrgId::from_uuid(org_id(&app, "adele").await.parse().unwrap());
    let before = app.user("alex").get("/api/annotations").await.expect(200).text;
    app.user("adele").delete(&format!("{ORGANIZATION}?confirm=Contoso")).await.expect(200);
    assert!(
        app.app.operator.reactivate(id, &tests::reason("no")).await.unwrap().is_none(),
        "it is restored, not reactivated"
    );
    // The staff can still hand it over.
    let export: Vec<_> = app.app.export(id).await.unwrap().unwrap().collect().await;
    assert!(export.len() > 5);
    app.advance(TimeDelta::days(29));
    work(&app).await;
    let restored =
        app.app.operator.restore(id, &tests::reason("asked for")).await.unwrap().expect("it is there");
    assert_eq!((restored.status.as_str(), restored.deleted_at), ("active", None));
    assert_eq!(app.user("alex").get("/api/annotations").await.expect(200).text, before);
    app.advance(TimeDelta::days(2));
    work(&app).await;
    app.user("alex").get(ME).await.expect(200);
    assert!(app.app.operator.restore(id, &tests::reason("again")).await.unwrap().is_none());
}

#[tokio::test]
async fn after_thirty_days_nothing_of_it_is_left_and_everybody_else_is_untouched() {
    let app = filled().await;
    let id = org_id(&app, "adele").await;
    let people: Vec<String> = app
        .database
        .query("SELECT org_id, id FROM users")
        .await
        .iter()
        .filter(|row| row["org_id"] == json!(id))
        .filter_map(|row| row["id"].as_str().map(str::to_owned))
        .collect();
    let others = export(&app, "megan").await;
    app.user("adele").delete(&format!("{ORGANIZATION}?confirm=Contoso")).await.expect(200);
    app.advance(TimeDelta::days(30) - TimeDelta::hours(1));
    work(&app).await;
    assert_eq!(app.database.count("SELECT count(*) AS n FROM organizations").await, 2);
    app.advance(TimeDelta::hours(2));
    work(&app).await;
    for table in tables(&app.database).await {
        let rows = app.database.query(&format!("SELECT * FROM {}", table.name)).await;
        for row in rows {
            let text = json!(row).to_string();
            assert!(!text.contains(&id), "{} still has {text}", table.name);
            for person in &people {
                assert!(!text.contains(person), "{} still has {text}", table.name);
            }
        }
    }
    let rows = |text: &str| -> Vec<String> {
        let rows = lines(text).into_iter().filter(|line| line["table"].is_string());
        // What happened to it since is told by events, its tenant was looked at again, and its connections were kept alive.
        let of_now = ["events", "onboardings", "connections"];
        rows.filter(|line| !of_now.contains(&line["table"].as_str().unwrap()))
            .map(|line| line.to_string())
            .collect()
    };
    assert_eq!(rows(&export(&app, "megan").await), rows(&others));
    // Who comes again begins anew.
    let anew = org_id(&app, "adele").await;
    assert_ne!(anew, id);
}

async fn export(app: &TestApp, admin: &str) -> String {
    app.user(admin).get("/api/organization/export").await.expect(200).text
}

#[tokio::test]
async fn a_purge_that_was_interrupted_goes_on() {
    let app = filled().await;
    app.user("adele").delete(&format!("{ORGANIZATION}?confirm=Contoso")).await.expect(200);
    app.advance(TimeDelta::days(31));
    app.database.execute("ALTER TABLE users RENAME TO elsewhere").await;
    work(&app).await;
    app.database.execute("ALTER TABLE elsewhere RENAME TO users").await;
    assert_eq!(app.database.count("SELECT count(*) AS n FROM organizations").await, 2);
    assert_eq!(app.database.count("SELECT count(*) AS n FROM annotations").await, 1, "it had begun");
    app.advance(TimeDelta::hours(1));
    work(&app).await;
    assert_eq!(app.database.count("SELECT count(*) AS n FROM organizations").await, 1);
}

/// Lets the organization be restored at the moment when its annotations are deleted: between that batch and the next.
async fn restore_amid_the_purge(app: &TestApp) {
    const RESTORED: &str =
        "UPDATE organizations SET status = 'active', deleted_at = NULL WHERE id = OLD.org_id;";
    const TRIGGER: &str = "CREATE TRIGGER restored AFTER DELETE ON annotations FOR EACH ROW";
    if is_postgres() {
        let body = format!("BEGIN {RESTORED} RETURN OLD; END");
        let function = format!("CREATE FUNCTION restored() RETURNS trigger LANGUAGE plpgsql AS $${body}$$");
        app.database.execute(&function).await;
        app.database.execute(&format!("{TRIGGER} EXECUTE FUNCTION restored()")).await;
    } else {
        app.database.execute(&format!("{TRIGGER} BEGIN {RESTORED} END")).await;
    }
}

#[tokio::test]
async fn a_purge_stops_where_the_organization_is_restored_between_two_batches() {
    let app = filled().await;
    let id = org_id(&app, "adele").await;
    app.user("adele").delete(&format!("{ORGANIZATION}?confirm=Contoso")).await.expect(200);
    let count = async |table: &str| {
        // SQLite keeps ids as bytes, so the number of both organizations' rows is told.
        app.database.count(&format!("SELECT count(*) AS n FROM {table}")).await
    };
    let kept = ["users", "memberships", "taxonomies", "terms", "user_imports", "onboardings", "events"];
    let mut before = Vec::new();
    for table in kept {
        before.push(count(table).await);
    }
    restore_amid_the_purge(&app).await;
    app.advance(TimeDelta::days(31));
    work(&app).await;
    assert_eq!(count("annotations").await, 1, "it had begun");
    for hours in [0, 1, 24 * 40] {
        app.advance(TimeDelta::hours(hours));
        work(&app).await;
        for (table, before) in kept.into_iter().zip(&before) {
            assert!(count(table).await >= *before, "rows of {table} are gone after {hours} hours");
        }
        assert_eq!(count("organizations").await, 2);
    }
    // Its people are let in again, to what was not purged yet.
    let me = app.user("adele").get(ME).await.expect(200);
    assert_eq!(me.text_at("/data/organization/id"), id);
    assert!(!app.user("alex").get("/api/taxonomies").await.expect(200).text.is_empty());
}
