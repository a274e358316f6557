//! The caller's organization and its settings.

use serde_json::{Value, json};
use tests::{TestApp, emulator::ids};

use crate::annotations::{Recorded, taxonomy, user_id};

const PATH: &str = "/api/auth/organization";
/// The most that an organization's own configuration may have, as JSON text.
const MOST: usize = 16 * 1024;

fn config_of(bytes: usize) -> Value {
    let envelope = json!({ "text": "" }).to_string().len();
    json!({ "text": "x".repeat(bytes - envelope) })
}

#[tokio::test]
async fn a_member_reads_the_organization_that_the_token_is_of() {
    let app = TestApp::start().await;
    let (alex, nestor) = (app.user("alex"), app.user("nestor"));
    let contoso = alex.get(PATH).await.expect(200);
    assert_eq!(contoso.at("/data/name"), json!("contoso.com"));
    assert_eq!(contoso.at("/data/azureTenantId"), json!(ids::CONTOSO));
    assert_eq!(contoso.at("/data/settings"), json!({ "defaultTaxonomyId": null, "config": {} }));
    assert_eq!(contoso.at("/data/consentedAt"), json!(null));
    assert_eq!(contoso.header("etag"), Some("\"1\""));
    let me = alex.get("/api/auth/me").await.expect(200);
    assert_eq!(me.at("/data/organization/id"), contoso.at("/data/id"));
    let fabrikam = nestor.get(PATH).await.expect(200);
    assert_eq!(fabrikam.at("/data/azureTenantId"), json!(ids::FABRIKAM));
    assert_ne!(fabrikam.at("/data/id"), contoso.at("/data/id"));
}

#[tokio::test]
async fn only_an_administrator_changes_the_organization() {
    let app = TestApp::start().await;
    let member = app.user("alex");
    let before = member.get(PATH).await.expect(200);
    let recorded = Recorded::so_far(&app).await;
    assert_eq!(member.patch(PATH, json!({ "name": "Mine" })).await.expect(403).code(), "FORBIDDEN");
    recorded.gained_nothing(&app).await;
    assert_eq!(member.get(PATH).await.json(), before.json());
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_leaves_one_event() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    let actor = user_id(&admin).await;
    let topics = taxonomy(&admin, "Topics").await;
    for (patch, name, taxonomy, config) in [
        (json!({ "name": "Contoso" }), "Contoso", Value::Null, json!({})),
        (
            json!({ "settings": { "config": { "a": [1, null] } } }),
            "Contoso",
            Value::Null,
            json!({ "a": [1, null] }),
        ),
        (
            json!({ "settings": { "defaultTaxonomyId": topics } }),
            "Contoso",
            json!(topics),
            json!({ "a": [1, null] }),
        ),
        (json!({}), "Contoso", json!(topics), json!({ "a": [1, null] })),
        (json!({ "settings": { "config": null } }), "Contoso", json!(topics), json!({})),
        (
            json!({ "settings": { "config": { "a": [1, null] } } }),
            "Contoso",
            json!(topics),
            json!({ "a": [1, null] }),
        ),
        (json!({ "settings": {} }), "Contoso", json!(topics), json!({ "a": [1, null] })),
        (
            json!({ "name": "C", "settings": { "defaultTaxonomyId": null, "config": {} } }),
            "C",
            Value::Null,
            json!({}),
        ),
    ] {
        let recorded = Recorded::so_far(&app).await;
        let patched = admin.patch(PATH, patch.clone()).await.expect(200);
        assert_eq!(patched.at("/data/name"), json!(name), "{patch}");
        assert_eq!(patched.at("/data/settings"), json!({ "defaultTaxonomyId": taxonomy, "config": config }));
        assert_eq!(admin.get(PATH).await.json(), patched.json());
        recorded.gained(&app, &patched, "organization.updated", &actor).await;
    }
}

#[tokio::test]
async fn a_name_that_an_administrator_gave_stays_and_is_seen_by_everybody() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    let me = app.user("alex");
    assert_eq!(me.get("/api/auth/me").await.at("/data/organization/name"), json!("contoso.com"));
    admin.patch(PATH, json!({ "name": "Contoso Ltd" })).await.expect(200);
    for person in [me, app.user("isaiah")] {
        let seen = person.get("/api/auth/me").await.expect(200);
        assert_eq!(seen.at("/data/organization/name"), json!("Contoso Ltd"));
    }
}

#[tokio::test]
async fn the_default_taxonomy_is_one_of_the_organization() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    let foreign = taxonomy(&app.user("megan"), "Topics").await;
    admin.get(PATH).await.expect(200);
    let recorded = Recorded::so_far(&app).await;
    for unknown in [foreign.as_str(), "01890000-0000-7000-8000-000000000000"] {
        let patch = json!({ "settings": { "defaultTaxonomyId": unknown } });
        let refused = admin.patch(PATH, patch).await.expect(400);
        let reason = json!({ "settings.defaultTaxonomyId": ["is not a taxonomy"] });
        assert_eq!(refused.at("/error/details"), reason);
    }
    let refused = admin.patch(PATH, json!({ "settings": { "defaultTaxonomyId": "x" } })).await.expect(400);
    let reason = json!({ "settings.defaultTaxonomyId": ["is not of the format uuid"] });
    assert_eq!(refused.at("/error/details"), reason);
    recorded.gained_nothing(&app).await;
}

#[tokio::test]
async fn the_configuration_has_a_size_limit() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    let fits = config_of(MOST);
    let patched = admin.patch(PATH, json!({ "settings": { "config": fits } })).await.expect(200);
    assert_eq!(patched.at("/data/settings/config"), fits);

    let recorded = Recorded::so_far(&app).await;
    let refused = admin
        .patch(PATH, json!({ "name": "Half done", "settings": { "config": config_of(MOST + 1) } }))
        .await
        .expect(413);
    assert_eq!(refused.code(), "PAYLOAD_TOO_LARGE");
    recorded.gained_nothing(&app).await;
    assert_eq!(admin.get(PATH).await.json(), patched.json());
}

#[tokio::test]
async fn the_configuration_is_any_json_and_comes_back_as_it_was() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    for config in [
        json!([1, -1.5, 1e300, u64::MAX, "ä💥\"\\", true, { "": { "b": [], "a": {} } }]),
        json!("text"),
        json!(0),
        json!(false),
    ] {
        let patched = admin.patch(PATH, json!({ "settings": { "config": config } })).await.expect(200);
        assert_eq!(patched.at("/data/settings/config"), config);
        assert_eq!(admin.get(PATH).await.at("/data/settings/config"), config);
    }
    let nul = admin.patch(PATH, json!({ "settings": { "config": { "a": ["\0"] } } })).await.expect(400);
    let reason = json!({ "settings.config.a.0": ["has the character U+0000, which cannot be kept"] });
    assert_eq!(nul.at("/error/details"), reason);
}
