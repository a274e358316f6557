//! A drive's changes.

use serde_json::{Value, json};
use tests::{Response, TestApp, emulator::FileChange};

use super::{DRIVE, ids, item, pages, with};

fn delta_cursor(pages: &[Response]) -> String {
    let (last, others) = pages.split_last().expect("there is a page");
    for page in others {
        assert_eq!(page.at("/deltaCursor"), Value::Null, "only the last page leads to later changes");
    }
    last.text_at("/deltaCursor")
}

fn change(key: &str) -> FileChange {
    FileChange { drive: DRIVE.to_owned(), item: Some(item(key)), ..FileChange::default() }
}

#[tokio::test]
async fn changes_are_followed_from_the_first_listing_on() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    let list = format!("/api/sharepoint/drives/{DRIVE}/delta?limit=200");
    let first = pages(&adele, &list).await;
    assert!(first.len() > 2);
    assert!(first.iter().flat_map(ids).count() > 450);
    let cursor = delta_cursor(&first);

    let none = pages(&adele, &with(&list, "cursor", &cursor)).await;
    assert_eq!(none.iter().flat_map(ids).count(), 0);

    let renamed = FileChange { name: Some("Hello.txt".to_owned()), ..change("WELCOME") };
    app.emulator.change_file(&renamed).unwrap();
    app.emulator.change_file(&FileChange { deleted: Some(true), ..change("BROCHURE") }).unwrap();
    let seen = adele.get(&with(&list, "cursor", &cursor)).await.expect(200);
    let data = seen.at("/data");
    let of = |key: &str| {
        let found = data.as_array().unwrap().iter().find(|one| one["id"] == json!(item(key)));
        found.unwrap_or_else(|| panic!("{key} is not in {data}")).clone()
    };
    assert_eq!(of("WELCOME")["name"], json!("Hello.txt"));
    assert_eq!(of("BROCHURE")["type"], json!("deleted"));
}

#[tokio::test]
async fn what_is_too_old_begins_again() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    let list = format!("/api/sharepoint/drives/{DRIVE}/delta?limit=200");
    let cursor = delta_cursor(&pages(&adele, &list).await);
    let resync = FileChange { drive: DRIVE.to_owned(), resync: true, ..FileChange::default() };
    app.emulator.change_file(&resync).unwrap();
    let refused = adele.get(&with(&list, "cursor", &cursor)).await.expect(410);
    assert_eq!(refused.code(), "RESYNC_REQUIRED");
    adele.get(&list).await.expect(200);
}
