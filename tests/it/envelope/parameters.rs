//! Parameters in the path and in the query.

use serde_json::json;
use tests::TestApp;

use super::{invalid, refused, rows};
use crate::annotations::taxonomy;

const ID: &str = "01890000-0000-7000-8000-000000000000";

#[tokio::test]
async fn an_id_in_the_path_that_is_no_uuid_is_refused_by_its_name() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    admin.get("/api/auth/me").await.expect(200);
    let before = rows(&app).await;
    let long = "a".repeat(10_000);
    let almost = format!("{ID}0");
    for wrong in ["x", "1", "%00", "%zz", "a%2Fb", "..%2F", "%20", "'--", &almost, &long] {
        for (path, parameter) in [
            (format!("/api/taxonomies/{wrong}"), "taxonomyId"),
            (format!("/api/taxonomies/{wrong}/terms"), "taxonomyId"),
            (format!("/api/taxonomies/{wrong}/terms/{ID}"), "taxonomyId"),
            (format!("/api/taxonomies/{ID}/terms/{wrong}"), "termId"),
            (format!("/api/annotations/{wrong}"), "annotationId"),
            (format!("/api/members/{wrong}"), "userId"),
        ] {
            let response = admin.get(&path).await;
            invalid(&response, &json!({ parameter: ["is not a UUID"] }));
        }
        for path in [format!("/api/taxonomies/{wrong}"), format!("/api/annotations/{wrong}")] {
            refused(&admin.delete(&path).await, 400, "VALIDATION_FAILED");
        }
    }
    assert_eq!(rows(&app).await, before);
}

#[tokio::test]
async fn a_path_that_is_no_text_leads_nowhere() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    for wrong in ["%FF", "%C3%28", "%ED%A0%80"] {
        for path in [
            format!("/api/taxonomies/{wrong}"),
            format!("/api/taxonomies/{ID}/terms/{wrong}"),
            format!("/api/members/{wrong}"),
        ] {
            refused(&admin.get(&path).await, 404, "NOT_FOUND");
        }
    }
}

#[tokio::test]
async fn an_id_in_the_query_that_is_no_uuid_is_refused_by_its_name() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    let long = "a".repeat(10_000);
    for parameter in ["termId", "authorId"] {
        for wrong in ["", "x", "%20", "null", &long] {
            let response = admin.get(&format!("/api/annotations?{parameter}={wrong}")).await;
            invalid(&response, &json!({ parameter: ["is not a UUID"] }));
        }
    }
}

#[tokio::test]
async fn a_limit_that_is_none_is_refused_with_the_bound_it_breaks() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    let topics = taxonomy(&admin, "Topics").await;
    let terms = format!("/api/taxonomies/{topics}/terms");
    for list in ["/api/taxonomies", "/api/annotations", "/api/members", &terms] {
        for (limit, reason) in [
            ("0", "is less than 1"),
            ("201", "is more than 200"),
            ("65535", "is more than 200"),
            ("65536", "is too large"),
            ("99999999999999999999", "is too large"),
            ("-1", "is not a whole number"),
            ("1.5", "is not a whole number"),
            ("abc", "is not a whole number"),
            ("", "is not a whole number"),
            ("%20", "is not a whole number"),
        ] {
            let response = admin.get(&format!("{list}?limit={limit}")).await;
            invalid(&response, &json!({ "limit": [reason] }));
        }
        for limit in ["1", "200"] {
            admin.get(&format!("{list}?limit={limit}")).await.expect(200);
        }
    }
}

#[tokio::test]
async fn a_cursor_that_this_list_did_not_give_is_refused() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    let topics = taxonomy(&admin, "Topics").await;
    taxonomy(&admin, "Places").await;
    let good = admin.get("/api/taxonomies?limit=1").await.expect(200).text_at("/nextCursor");
    let mut bent = good.clone();
    let last = if bent.pop() == Some('A') { 'B' } else { 'A' };
    bent.push(last);
    let terms = format!("/api/taxonomies/{topics}/terms");
    let (long, cut) = ("A".repeat(10_000), &good[1..]);
    for list in ["/api/taxonomies", "/api/annotations", "/api/members", &terms] {
        for cursor in ["", "x", "%20", "A", ID, bent.as_str(), cut, &long] {
            let response = admin.get(&format!("{list}?cursor={cursor}")).await;
            invalid(&response, &json!({ "cursor": ["is not one that this list gave"] }));
        }
    }
}

#[tokio::test]
async fn a_query_that_is_no_text_is_refused_by_the_parameters_name() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    for parameter in ["siteId", "driveId", "itemId", "cursor", "unknown"] {
        for wrong in ["%00", "a%00b", "%FF", "%C3%28", "%ED%A0%80"] {
            let response = admin.get(&format!("/api/annotations?{parameter}={wrong}")).await;
            invalid(&response, &json!({ parameter: ["is not text"] }));
        }
    }
    for wrong in ["%00=a", "%FF", "itemId=a&a%00b"] {
        let response = admin.get(&format!("/api/annotations?{wrong}")).await;
        invalid(&response, &json!({ "query": ["is not text"] }));
    }
    // What looks broken and has a meaning all the same.
    for odd in ["itemId=%zz", "itemId=%", "&&&", "=", "itemId", "itemId=%F0%9F%92%A5", "a[]=1&a[]=2"] {
        admin.get(&format!("/api/annotations?{odd}")).await.expect(200);
    }
}

#[tokio::test]
async fn a_very_long_query_is_only_a_filter_that_nothing_fits() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    let long = "a".repeat(60_000);
    let response = admin.get(&format!("/api/annotations?itemId={long}")).await.expect(200);
    assert_eq!(response.at("/data"), json!([]));
}
