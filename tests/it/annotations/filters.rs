//! Which annotations a list shows.

use serde_json::json;
use tests::{Actor, TestApp};

use super::{id, listed, taxonomy, term, user_id};

async fn annotate(author: &Actor, note: &str, item: [&str; 3], terms: &[&String]) {
    let [site, drive, item] = item;
    let body = json!({ "siteId": site, "driveId": drive, "itemId": item, "note": note, "termIds": terms });
    author.post("/api/annotations", body).await.expect(201);
}

#[tokio::test]
async fn a_list_has_what_fits_all_of_its_filters() {
    let app = TestApp::start().await;
    let (admin, author) = (app.user("adele"), app.user("alex"));
    let topics = taxonomy(&admin, "Topics").await;
    let (law, tax) = (term(&admin, &topics, "Law").await, term(&admin, &topics, "Tax").await);
    annotate(&admin, "1", ["s1", "d1", "i1"], &[&law]).await;
    annotate(&author, "2", ["s1", "d1", "i2"], &[&law, &tax]).await;
    annotate(&author, "3", ["s1", "d2", "i1"], &[]).await;
    annotate(&author, "4", ["s2", "d1", "i1"], &[&tax]).await;
    let by_admin = format!("authorId={}", user_id(&admin).await);
    let by_author = format!("authorId={}", user_id(&author).await);
    let (with_law, with_tax) = (format!("termId={law}"), format!("termId={tax}"));
    let both = format!("{with_law}&{by_author}");
    for (filters, notes) in [
        ("", &["4", "3", "2", "1"][..]),
        ("siteId=s1", &["3", "2", "1"]),
        ("driveId=d1", &["4", "2", "1"]),
        ("itemId=i1", &["4", "3", "1"]),
        ("siteId=s1&driveId=d1&itemId=i1", &["1"]),
        (&with_law, &["2", "1"]),
        (&with_tax, &["4", "2"]),
        (&by_admin, &["1"]),
        (&by_author, &["4", "3", "2"]),
        (&both, &["2"]),
        ("siteId=S1", &[]),
        ("siteId=s%25", &[]),
        ("termId=01890000-0000-7000-8000-000000000000", &[]),
        ("authorId=01890000-0000-7000-8000-000000000000", &[]),
    ] {
        let list = author.get(&format!("/api/annotations?{filters}")).await.expect(200);
        assert_eq!(listed(&list, "note"), notes, "{filters}");
        assert_eq!(list.at("/nextCursor"), json!(null));
    }
}

#[tokio::test]
async fn a_list_shows_an_annotation_as_it_is_read_alone() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    let topics = taxonomy(&admin, "Topics").await;
    let terms = [term(&admin, &topics, "Law").await, term(&admin, &topics, "Tax").await];
    let body = json!({
        "siteId": "s", "driveId": "d", "itemId": "i", "note": "n", "termIds": terms,
        "place": { "textStart": 1, "textEnd": 2 },
    });
    let made = admin.post("/api/annotations", body).await.expect(201);
    let list = admin.get("/api/annotations").await.expect(200);
    assert_eq!(list.at("/data/0"), made.at("/data"));
    let alone = admin.get(&format!("/api/annotations/{}", id(&made))).await.expect(200);
    assert_eq!(list.at("/data/0"), alone.at("/data"));
    assert_eq!(list.header("etag"), None);
}

#[tokio::test]
async fn an_id_in_a_filter_that_is_none_is_refused_by_the_filters_name() {
    let app = TestApp::start().await;
    let author = app.user("alex");
    for filter in ["termId", "authorId"] {
        let refused = author.get(&format!("/api/annotations?{filter}=x")).await.expect(400);
        assert!(refused.at(&format!("/error/details/{filter}")).is_array(), "{}", refused.text);
    }
}
