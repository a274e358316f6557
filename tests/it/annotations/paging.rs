//! Lists by pages.

use serde_json::json;
use tests::{Actor, Response, TestApp};

use super::{annotation, listed, taxonomy, term};

async fn page(actor: &Actor, list: &str, query: &str) -> Response {
    let join = if list.contains('?') { '&' } else { '?' };
    actor.get(&format!("{list}{join}{query}")).await.expect(200)
}

fn cursor(response: &Response) -> String {
    response.text_at("/nextCursor")
}

#[tokio::test]
async fn pages_go_from_the_newest_to_the_oldest_and_the_last_has_no_cursor() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    for name in ["1", "2", "3", "4", "5"] {
        taxonomy(&admin, name).await;
    }
    let first = page(&admin, "/api/taxonomies", "limit=2").await;
    assert_eq!(listed(&first, "name"), ["5", "4"]);
    let second = page(&admin, "/api/taxonomies", &format!("limit=2&cursor={}", cursor(&first))).await;
    assert_eq!(listed(&second, "name"), ["3", "2"]);
    let last = page(&admin, "/api/taxonomies", &format!("limit=2&cursor={}", cursor(&second))).await;
    assert_eq!(listed(&last, "name"), ["1"]);
    assert_eq!(last.json(), json!({ "data": last.at("/data"), "nextCursor": null }));

    let rest = page(&admin, "/api/taxonomies", &format!("limit=3&cursor={}", cursor(&first))).await;
    assert_eq!(listed(&rest, "name"), ["3", "2", "1"]);
    assert_eq!(rest.at("/nextCursor"), json!(null), "a page that is just full is the last one");
    let all = page(&admin, "/api/taxonomies", "").await;
    assert_eq!(all.at("/data").as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn what_is_made_or_deleted_meanwhile_neither_repeats_nor_hides_anything() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    let mut ids = Vec::new();
    for name in ["1", "2", "3", "4"] {
        ids.push(taxonomy(&admin, name).await);
    }
    let first = page(&admin, "/api/taxonomies", "limit=2").await;
    taxonomy(&admin, "5").await;
    // The row that the cursor stands on.
    admin.delete(&format!("/api/taxonomies/{}", ids[2])).await.expect(204);
    let second = page(&admin, "/api/taxonomies", &format!("limit=2&cursor={}", cursor(&first))).await;
    assert_eq!(listed(&second, "name"), ["2", "1"]);
    assert_eq!(second.at("/nextCursor"), json!(null));
}

#[tokio::test]
async fn every_list_has_pages() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    app.user("alex").get("/api/auth/me").await.expect(200);
    let topics = taxonomy(&admin, "Topics").await;
    taxonomy(&admin, "Places").await;
    for name in ["1", "2"] {
        term(&admin, &topics, name).await;
        annotation(&admin, name).await;
    }
    let terms = format!("/api/taxonomies/{topics}/terms");
    for list in ["/api/taxonomies", &terms, "/api/annotations", "/api/members"] {
        let first = page(&admin, list, "limit=1").await;
        let second = page(&admin, list, &format!("limit=1&cursor={}", cursor(&first))).await;
        let both = page(&admin, list, "").await;
        assert_eq!(both.at("/data/0"), first.at("/data/0"), "{list}");
        assert_eq!(both.at("/data/1"), second.at("/data/0"), "{list}");
        assert_eq!(second.at("/nextCursor"), json!(null), "{list}");
    }
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_list_filters_and_organization_only() {
    let app = TestApp::start().await;
    let (admin, elsewhere) = (app.user("adele"), app.user("megan"));
    let (topics, places) = (taxonomy(&admin, "Topics").await, taxonomy(&admin, "Places").await);
    for name in ["1", "2"] {
        term(&admin, &topics, name).await;
        term(&admin, &places, name).await;
        annotation(&admin, "a").await;
        taxonomy(&elsewhere, name).await;
    }
    let terms = format!("/api/taxonomies/{topics}/terms");
    let other_terms = format!("/api/taxonomies/{places}/terms");
    let of_taxonomies = cursor(&page(&admin, "/api/taxonomies", "limit=1").await);
    let of_terms = cursor(&page(&admin, &terms, "limit=1").await);
    let of_annotations = cursor(&page(&admin, "/api/annotations", "limit=1").await);
    let of_item = cursor(&page(&admin, "/api/annotations?itemId=a", "limit=1").await);
    // A person sees the same list as a colleague does.
    page(&app.user("alex"), "/api/taxonomies", &format!("cursor={of_taxonomies}")).await;
    for (actor, list, cursor) in [
        (&admin, "/api/annotations", &of_taxonomies),
        (&admin, "/api/members", &of_taxonomies),
        (&admin, terms.as_str(), &of_taxonomies),
        (&admin, other_terms.as_str(), &of_terms),
        (&admin, "/api/annotations?itemId=a", &of_annotations),
        (&admin, "/api/annotations?itemId=b", &of_item),
        (&admin, "/api/annotations?siteId=a", &of_item),
        (&admin, "/api/annotations", &of_item),
        (&elsewhere, "/api/taxonomies", &of_taxonomies),
    ] {
        let join = if list.contains('?') { '&' } else { '?' };
        let refused = actor.get(&format!("{list}{join}cursor={cursor}")).await.expect(400);
        let reason = json!({ "cursor": ["is not one that this list gave"] });
        assert_eq!(refused.at("/error/details"), reason, "{list}");
    }
}

#[tokio::test]
async fn a_page_has_fifty_unless_it_is_said_and_never_more_than_two_hundred() {
    let app = TestApp::start().await;
    let author = app.user("alex");
    for number in 0..203 {
        annotation(&author, &number.to_string()).await;
    }
    for (query, count) in [("", 50), ("limit=1", 1), ("limit=200", 200)] {
        let page = page(&author, "/api/annotations", query).await;
        assert_eq!(page.at("/data").as_array().unwrap().len(), count, "{query}");
        assert!(page.at("/nextCursor").is_string());
    }
    author.get("/api/annotations?limit=201").await.expect(400);
}

#[tokio::test]
async fn a_cursor_survives_a_restart_of_the_service() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    for name in ["1", "2"] {
        taxonomy(&admin, name).await;
    }
    let first = page(&admin, "/api/taxonomies", "limit=1").await;
    let again = app.replica().await;
    let second = page(&again.user("adele"), "/api/taxonomies", &format!("cursor={}", cursor(&first))).await;
    assert_eq!(listed(&second, "name"), ["1"]);
}
