//! Revoked, expired, rotated, deleted; and by whose suspension a key ends.

use chrono::TimeDelta;
use serde_json::json;
use tests::TestApp;

use super::{KEYS, ME, key, refused};
use crate::annotations::user_id;

#[tokio::test]
async fn a_revoked_key_is_refused_with_the_next_request_and_stays_in_the_list() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    let (actor, id) = key(&app, &adele, &[], json!({})).await;
    actor.get(ME).await.expect(200);
    let revoked = adele.delete(&format!("{KEYS}/{id}/revoke")).await.expect(200);
    assert_eq!(revoked.at("/data/isActive"), json!(false));
    for _ in 0..2 {
        refused(&actor.get(ME).await, 401, "API_KEY_REVOKED");
    }
    assert_eq!(adele.get(KEYS).await.expect(200).at("/data/0/id"), json!(id));
    adele.post(&format!("{KEYS}/{id}/rotate"), json!(null)).await.expect(409);
}

#[tokio::test]
async fn a_replica_refuses_it_as_soon_as_it_has_heard_and_within_a_second_without() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    let (_, id) = key(&app, &adele, &[], json!({})).await;
    let replica = app.replica().await;
    let (actor, other) = (key(&app, &adele, &[], json!({})).await, id);
    let there = replica.token(actor.0.token.as_deref().unwrap());
    there.get(ME).await.expect(200);
    adele.delete(&format!("{KEYS}/{}/revoke", actor.1)).await.expect(200);
    replica.app.turn_background().await.unwrap();
    refused(&there.get(ME).await, 401, "API_KEY_REVOKED");

    let silent = key(&app, &adele, &[], json!({})).await;
    let there = replica.token(silent.0.token.as_deref().unwrap());
    there.get(ME).await.expect(200);
    adele.delete(&format!("{KEYS}/{}", silent.1)).await.expect(204);
    app.advance(TimeDelta::milliseconds(1_100));
    refused(&there.get(ME).await, 401, "API_KEY_INVALID");
    assert_eq!(app.database.count("SELECT count(*) FROM lookups").await, 2);
    adele.get(&format!("{KEYS}/{other}")).await.expect(200);
}

#[tokio::test]
async fn an_expired_key_is_refused_from_its_end_on() {
    let app = TestApp::start().await;
    let (actor, id) =
        key(&app, &app.user("adele"), &[], json!({ "expiresAt": "2026-01-01T13:00:00Z" })).await;
    actor.get(ME).await.expect(200);
    app.advance(TimeDelta::minutes(59));
    actor.get(ME).await.expect(200);
    app.advance(TimeDelta::minutes(1));
    refused(&actor.get(ME).await, 401, "API_KEY_EXPIRED");
    app.user("adele").post(&format!("{KEYS}/{id}/rotate"), json!(null)).await.expect(409);
}

#[tokio::test]
async fn a_rotated_key_answers_to_both_secrets_until_the_overlap_ends() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    let (old, id) = key(&app, &adele, &["taxonomies:read"], json!({})).await;
    old.get(ME).await.expect(200);
    let path = format!("{KEYS}/{id}/rotate?overlapSeconds=600");
    let rotated = adele.post(&path, json!(null)).await.expect(200);
    let new = app.token(&rotated.text_at("/data/rawKey"));
    for actor in [&old, &new] {
        assert_eq!(actor.get(ME).await.expect(200).at("/data/keyId"), json!(id));
    }
    assert!(new.token.as_deref().unwrap().starts_with(&rotated.text_at("/data/keyPrefix")));
    app.advance(TimeDelta::seconds(601));
    refused(&old.get(ME).await, 401, "API_KEY_EXPIRED");
    new.get(ME).await.expect(200);

    // Without an overlap the present secret ends at once, and an earlier end is not put off.
    let path = format!("{KEYS}/{id}/rotate?overlapSeconds=0");
    let newest = app.token(&adele.post(&path, json!(null)).await.expect(200).text_at("/data/rawKey"));
    refused(&new.get(ME).await, 401, "API_KEY_EXPIRED");
    adele.post(&format!("{KEYS}/{id}/rotate"), json!(null)).await.expect(200);
    refused(&new.get(ME).await, 401, "API_KEY_EXPIRED");
    newest.get(ME).await.expect(200);
    adele.delete(&format!("{KEYS}/{id}/revoke")).await.expect(200);
    refused(&newest.get(ME).await, 401, "API_KEY_REVOKED");
}

#[tokio::test]
async fn a_deleted_key_is_gone_with_everything_that_was_known_of_it() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    let (actor, id) = key(&app, &adele, &[], json!({})).await;
    actor.get(ME).await.expect(200);
    app.app.turn_background().await.unwrap();
    actor.get(ME).await.expect(200);
    adele.delete(&format!("{KEYS}/{id}")).await.expect(204);
    refused(&actor.get(ME).await, 401, "API_KEY_INVALID");
    // A use that was noted before and is written after it finds no key any more.
    app.app.turn_background().await.unwrap();
    for table in ["api_keys", "api_key_secrets", "api_key_uses", "lookups"] {
        assert_eq!(app.database.count(&format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
}

#[tokio::test]
async fn a_key_ends_with_its_owners_membership_and_its_organization() {
    let app = TestApp::start().await;
    let (admin, alex) = (app.user("adele"), app.user("alex"));
    admin.get(ME).await.expect(200);
    let (actor, _) = key(&app, &alex, &[], json!({})).await;
    let (admins, _) = key(&app, &admin, &[], json!({})).await;
    let me = actor.get(ME).await.expect(200);
    let alex_id = user_id(&alex).await;
    admin.post(&format!("/api/members/{alex_id}/suspend"), json!(null)).await.expect(200);
    refused(&actor.get(ME).await, 403, "USER_DISABLED");
    admin.post(&format!("/api/members/{alex_id}/reactivate"), json!(null)).await.expect(200);
    actor.get(ME).await.expect(200);
    admins.get(ME).await.expect(200);
    app.suspend(&me.text_at("/data/organization/id")).await;
    refused(&admins.get(ME).await, 403, "ORGANIZATION_SUSPENDED");
}
