//! The bytes of a document, which another host has.

use emulator::{Endpoint, Fault, Links};
use reqwest::{Client, redirect::Policy};
use serde_json::json;

use super::{MARKETING, for_graph, get, item, refused};
use crate::support::{Answer, Entra};

/// Goes where it is sent only when told to.
#[expect(clippy::disallowed_methods, reason = "a client of the tests, for this machine")]
fn careful() -> Client {
    Client::builder().no_proxy().redirect(Policy::none()).build().unwrap()
}

async fn content(entra: &Entra, key: &str) -> Answer {
    let token = for_graph(entra, json!({ "user": "alex" })).await;
    let path = entra.url(&format!("/v1.0/drives/{MARKETING}/items/{}/content", item(key)));
    Answer::of(careful().get(path).bearer_auth(token).send().await.unwrap()).await
}

#[tokio::test]
async fn content_is_on_another_host_and_needs_no_token() {
    let entra = Entra::start().await;
    let answer = content(&entra, "WELCOME").await;
    assert_eq!(answer.status, 302);
    let location = answer.header("location").unwrap();
    assert!(location.starts_with(entra.emulator.content_url()), "{location}");
    assert!(!location.starts_with(entra.emulator.http_url()));
    let file = careful().get(location).send().await.unwrap();
    assert_eq!(file.headers()["content-type"], "text/plain");
    assert_eq!(file.headers()["accept-ranges"], "bytes");
    assert_eq!(file.text().await.unwrap(), "Welcome to Contoso.\n");
    let seen = entra.emulator.seen(Endpoint::Content);
    assert_eq!((seen.len(), seen[0].header("authorization")), (1, None));

    // Whoever sends a token makes a mistake that is written down.
    let mistaken = careful().get(location).bearer_auth("secret").send().await.unwrap();
    assert_eq!(mistaken.status(), 401);
    let journal = entra.get("/emulator/control/requests/content").await.json();
    assert!(journal[1]["headers"].as_array().unwrap().contains(&json!(["authorization", "Bearer secret"])));

    let shown = get(&entra, "alex", &format!("/drives/{MARKETING}/items/{}", item("WELCOME"))).await.json();
    let direct = shown["@microsoft.graph.downloadUrl"].as_str().unwrap();
    assert_eq!(careful().get(direct).send().await.unwrap().status(), 200);
    for bad in [direct.replace("tempauth=v1.", "tempauth=v1.x"), direct.replace("tempauth", "t")] {
        assert_eq!(careful().get(bad).send().await.unwrap().status(), 401);
    }
    entra.post("/emulator/control/clock", json!({ "advance": 3600 })).await;
    assert_eq!(careful().get(direct).send().await.unwrap().status(), 401);
    refused(&content(&entra, "CONTRACTS").await, 400, "invalidRequest");
    let file = json!({ "drive": MARKETING, "item": item("WELCOME"), "deleted": true });
    let fresh = content(&entra, "WELCOME").await;
    entra.post("/emulator/control/files", file).await;
    assert_eq!(careful().get(fresh.header("location").unwrap()).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn parts_of_a_document_are_given_out() {
    let entra = Entra::start().await;
    let location = content(&entra, "BROCHURE").await.header("location").unwrap().to_owned();
    let whole = careful().get(&location).send().await.unwrap();
    let etag = whole.headers()["etag"].to_str().unwrap().to_owned();
    let whole = whole.bytes().await.unwrap();
    assert_eq!(whole.len(), 300_000);
    assert!(whole.starts_with(b"%PDF-1.7") && whole.ends_with(b"%%EOF\n"));
    let ask = async |headers: &[(&str, &str)]| {
        let mut request = careful().get(&location);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    };
    for (range, expected) in [
        ("bytes=0-99", 0..100),
        ("bytes=1000-1000", 1000..1001),
        ("bytes=299990-", 299_990..300_000),
        ("bytes=-10", 299_990..300_000),
        ("bytes=299990-999999999", 299_990..300_000),
        ("bytes=-999999999", 0..300_000),
    ] {
        let part = ask(&[("range", range)]).await;
        assert_eq!(part.status(), 206, "{range}");
        let shown = format!("bytes {}-{}/300000", expected.start, expected.end - 1);
        assert_eq!(part.headers()["content-range"], shown);
        assert_eq!(part.bytes().await.unwrap(), whole.slice(expected));
    }
    let outside = ask(&[("range", "bytes=300000-")]).await;
    assert_eq!(
        (outside.status().as_u16(), &outside.headers()["content-range"]),
        (416, &"bytes */300000".parse().unwrap())
    );
    for ignored in ["bytes=9-1", "lines=1-2", "bytes=a-b", "bytes=-0"] {
        assert_eq!(ask(&[("range", ignored)]).await.status(), 200, "{ignored}");
    }
    assert_eq!(ask(&[("range", "bytes=0-9"), ("if-range", "\"old\"")]).await.status(), 200);
    assert_eq!(ask(&[("range", "bytes=0-9"), ("if-range", &etag)]).await.status(), 206);
    assert_eq!(ask(&[("if-none-match", &etag)]).await.status(), 304);
}

#[tokio::test]
async fn a_redirect_can_be_led_astray() {
    let entra = Entra::start().await;
    let set = |download: &str| {
        entra.emulator.set_links(Links { next: None, download: Some(download.to_owned()) });
    };
    set("http://{elsewhere}/loop");
    let looped = content(&entra, "WELCOME").await.header("location").unwrap().to_owned();
    let next = careful().get(looped).send().await.unwrap();
    assert_eq!(
        (next.status().as_u16(), next.headers()["location"].to_str().unwrap().ends_with("/loop?turn=1")),
        (302, true)
    );
    set("http://{elsewhere}/to?url={link}");
    let detour = content(&entra, "WELCOME").await.header("location").unwrap().to_owned();
    assert!(
        careful().get(detour).send().await.unwrap().headers()["location"]
            .to_str()
            .unwrap()
            .contains("download.aspx")
    );
    set("https://l\u{43e}calhost{path}");
    let foreign = content(&entra, "WELCOME").await;
    assert_eq!(foreign.status, 302);
    assert!(foreign.headers["location"].as_bytes().starts_with("https://l\u{43e}calhost".as_bytes()));

    entra.delete("/emulator/control/links").await;
    entra.emulator.set_fault(Fault::status(Endpoint::Content, 503).times(1));
    let right = content(&entra, "WELCOME").await.header("location").unwrap().to_owned();
    assert_eq!(careful().get(&right).send().await.unwrap().status(), 503);
    assert_eq!(careful().get(&right).send().await.unwrap().status(), 200);
}
