//! Downloads.

use std::time::Duration;

use futures_util::future::join_all;
use tests::{
    TestApp,
    emulator::{Endpoint, Fault, FaultKind, FileChange},
};

use super::{DRIVE, asked, assert_no_token_astray, item, path};

#[tokio::test]
async fn a_file_comes_whole_and_in_parts_and_says_what_it_is() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    let content = format!("{}/content", path("BROCHURE"));
    let whole = adele.get(&content).await.expect(200);
    assert_eq!(whole.bytes.len(), 300_000);
    assert_eq!(whole.header("content-length"), Some("300000"));
    assert_eq!(whole.header("content-type"), Some("application/pdf"));
    assert_eq!(whole.header("accept-ranges"), Some("bytes"));
    assert_eq!(whole.header("content-range"), None);
    assert_eq!(
        whole.header("content-disposition"),
        Some("attachment; filename=\"Brochure.pdf\"; filename*=UTF-8''Brochure.pdf")
    );
    for (range, content_range, from, to) in [
        ("bytes=0-9", "bytes 0-9/300000", 0, 10),
        ("bytes=299990-", "bytes 299990-299999/300000", 299_990, 300_000),
        ("bytes=-5", "bytes 299995-299999/300000", 299_995, 300_000),
        ("bytes=299990-400000", "bytes 299990-299999/300000", 299_990, 300_000),
    ] {
        let part = adele.with("Range", range).get(&content).await.expect(206);
        assert_eq!(part.header("content-range"), Some(content_range), "{range}");
        assert_eq!(part.bytes, whole.bytes[from..to], "{range}");
        assert_eq!(part.header("etag"), whole.header("etag"));
    }
    for ignored in ["bytes=0-1,3-4", "items=0-1", "bytes=9-0", "nonsense"] {
        let all = adele.with("Range", ignored).get(&content).await.expect(200);
        assert_eq!(all.bytes.len(), 300_000, "{ignored}");
    }
    let outside = adele.with("Range", "bytes=300000-").get(&content).await.expect(416);
    assert_eq!(outside.code(), "RANGE_NOT_SATISFIABLE");
    assert_eq!(outside.at("/error/details/size"), 300_000);
    assert_no_token_astray(&app, "downloads");
    let parts = asked(&app, Endpoint::Content).into_iter().filter(|seen| seen.header("range").is_some());
    assert_eq!(parts.count(), 5);
}

#[tokio::test]
async fn an_empty_file_is_a_file() {
    let app = TestApp::start().await;
    let empty = app.user("adele").get(&format!("{}/content", path("EMPTYFILE"))).await.expect(200);
    assert!(empty.bytes.is_empty());
}

#[tokio::test]
async fn who_has_a_file_is_told_so_until_its_bytes_change() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    let content = format!("{}/content", path("WELCOME"));
    let first = adele.get(&content).await.expect(200);
    let tag = first.header("etag").expect("a file has a tag").to_owned();
    let downloads = asked(&app, Endpoint::Content).len();
    for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
        let same = adele.with("If-None-Match", &known).get(&content).await.expect(304);
        assert_eq!((same.header("etag"), same.text.as_str()), (Some(tag.as_str()), ""), "{known}");
    }
    assert_eq!(asked(&app, Endpoint::Content).len(), downloads, "nothing was downloaded for that");
    let continued = adele.with("Range", "bytes=0-2").with("If-Range", &tag).get(&content).await.expect(206);
    assert_eq!(continued.text, "Wel");

    let change = FileChange {
        drive: DRIVE.to_owned(),
        item: Some(item("WELCOME")),
        text: Some("Other words.".to_owned()),
        ..FileChange::default()
    };
    app.emulator.change_file(&change).unwrap();
    let other = adele.with("If-None-Match", &tag).get(&content).await.expect(200);
    assert_eq!(other.text, "Other words.");
    assert_ne!(other.header("etag"), Some(tag.as_str()));
    let restarted = adele.with("Range", "bytes=0-2").with("If-Range", &tag).get(&content).await.expect(200);
    assert_eq!(restarted.text, "Other words.", "a part of another file is of no use");
}

#[tokio::test]
async fn a_page_that_somebody_uploaded_does_not_run_as_ours() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    let evil = FileChange {
        drive: DRIVE.to_owned(),
        name: Some("x\"; filename=y.html".to_owned()),
        text: Some("<script>alert(1)</script>".to_owned()),
        ..FileChange::default()
    };
    let id = app.emulator.change_file(&evil).unwrap().expect("it was made");
    let page = adele.get(&format!("/api/sharepoint/drives/{DRIVE}/items/{id}/content")).await.expect(200);
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.contains("sandbox") && policy.contains("default-src 'none'"), "{policy}");
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(
        page.header("content-disposition"),
        Some("attachment; filename=\"x__ filename_y.html\"; filename*=UTF-8''x%22%3B%20filename%3Dy.html")
    );
}

#[tokio::test]
async fn what_is_no_file_is_not_downloaded() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    for key in ["ARCHIVE", "NOTEBOOK"] {
        let refused = adele.get(&format!("{}/content", path(key))).await.expect(400);
        assert!(refused.at("/error/details/itemId").is_array(), "{key}");
    }
    adele.get(&format!("{}/content", path("OBSOLETE"))).await.expect(404);
    assert!(asked(&app, Endpoint::Content).is_empty());
}

#[tokio::test]
async fn a_download_that_fails_there_fails_here_and_one_that_is_busy_is_tried_again() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    let content = format!("{}/content", path("WELCOME"));
    app.emulator.set_fault(Fault::status(Endpoint::Content, 503).times(2));
    assert_eq!(adele.get(&content).await.expect(200).text, "Welcome to Contoso.\n");
    assert_eq!(app.pauses.taken().len(), 2);
    for status in [401, 403, 404, 500] {
        app.emulator.set_fault(Fault::status(Endpoint::Content, status).times(1));
        assert_eq!(adele.get(&content).await.expect(502).code(), "UPSTREAM_ERROR", "{status}");
    }
    app.emulator.set_fault(Fault::new(Endpoint::Content, FaultKind::Close));
    let broken = adele.get(&content).await;
    assert!(broken.status == 502 || !broken.is_whole, "what is not whole does not look so: {}", broken.text);
    app.emulator.clear_faults();
    adele.get(&content).await.expect(200);
    assert_no_token_astray(&app, "failures");
}

#[tokio::test]
async fn a_part_is_not_taken_for_the_whole() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    let content = format!("{}/content", path("WELCOME"));
    app.emulator.set_fault(Fault::status(Endpoint::Content, 206));
    for actor in [adele.clone(), adele.with("Range", "bytes=0-9")] {
        assert_eq!(actor.get(&content).await.expect(502).code(), "UPSTREAM_ERROR");
    }
}

#[tokio::test]
async fn a_part_of_a_file_that_changes_meanwhile_does_not_have_the_tag_of_what_was_before() {
    let app = TestApp::start().await;
    let adele = app.user("adele");
    let content = format!("{}/content", path("WELCOME"));
    let tag = adele.get(&content).await.expect(200).header("etag").expect("a tag").to_owned();
    let requests = asked(&app, Endpoint::Content).len();
    app.emulator.set_fault(Fault::latency(Endpoint::Content, Duration::from_secs(1)).times(1));
    let continued = adele.with("Range", "bytes=0-2").with("If-Range", &tag);
    let change = async {
        // Its tag has been asked for, and its bytes are about to be sent.
        while asked(&app, Endpoint::Content).len() == requests {
            tokio::task::yield_now().await;
        }
        let other = FileChange {
            drive: DRIVE.to_owned(),
            item: Some(item("WELCOME")),
            text: Some("Other words.".to_owned()),
            ..FileChange::default()
        };
        app.emulator.change_file(&other).unwrap();
    };
    let (whole, ()) = tokio::join!(continued.get(&content), change);
    let whole = whole.expect(200);
    assert_eq!(whole.text, "Other words.");
    assert_ne!(whole.header("etag"), Some(tag.as_str()));
}

#[tokio::test]
async fn nobody_has_all_downloads_of_a_tenant() {
    let app = TestApp::start().await;
    let (adele, alex) = (app.user("adele"), app.user("alex"));
    let content = format!("{}/content", path("WELCOME"));
    app.emulator.set_fault(Fault::latency(Endpoint::Content, Duration::from_secs(2)));
    let of_adele = join_all((0..6).map(|_| adele.get(&content)));
    let of_alex = join_all((0..4).map(|_| alex.get(&content)));
    let (of_adele, of_alex) = tokio::join!(of_adele, of_alex);
    assert!(of_alex.iter().all(|answer| answer.status == 200));
    let (had, refused): (Vec<_>, Vec<_>) = of_adele.into_iter().partition(|answer| answer.status == 200);
    assert_eq!((had.len(), refused.len()), (4, 2));
    for refused in refused {
        let refused = refused.expect(429);
        assert_eq!((refused.code().as_str(), refused.header("retry-after")), ("RATE_LIMITED", Some("2")));
        assert!(refused.at("/error/details").is_null(), "nobody at Microsoft said so: {}", refused.text);
    }
}
