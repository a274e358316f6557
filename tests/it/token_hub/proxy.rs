//! `/api/proxy/{connectionId}/…`.

use poem::http::Method;
use serde_json::{Value, json};
use tests::{
    Actor, TestApp,
    emulator::{ASTRAY, Endpoint, Fault, FaultKind, Links, RetryAfter, Seen},
};

use super::{connected, connected_at, key_of};
use crate::{
    connections::{builder, connect, take_lease},
    sharepoint::{DRIVE, item},
};

fn graph(id: &str, path: &str) -> String {
    format!("/api/proxy/{id}/graph{path}")
}

fn sharepoint(id: &str, path: &str) -> String {
    format!("/api/proxy/{id}/sharepoint{path}")
}

/// What Microsoft was asked since the last look.
fn asked(app: &TestApp) -> Vec<Seen> {
    [Endpoint::Graph, Endpoint::SharePoint, Endpoint::Content]
        .into_iter()
        .flat_map(|at| app.emulator.seen(at))
        .collect()
}

#[tokio::test]
async fn a_request_gets_the_connections_token_and_nothing_of_the_clients_own() {
    let (app, _, id) = connected().await;
    let key = key_of(&app, &app.user("alex"), json!({})).await;
    let before = asked(&app).len();
    let actor = key
        .actor
        .with("Cookie", "accessToken=secret")
        .with("X-Forwarded-For", "203.0.113.7")
        .with("X-HTTP-Method", "DELETE")
        .with("Prefer", "odata.maxpagesize=5");
    let me = actor.get(&graph(&id, "/v1.0/me?$select=userPrincipalName")).await.expect(200);
    assert_eq!(me.at("/userPrincipalName"), json!("alex@contoso.com"));
    assert!(me.header("request-id").is_some(), "Microsoft's id of the request");
    assert!(me.header("content-security-policy").is_some_and(|policy| policy.contains("sandbox")));
    let seen = &asked(&app)[before..];
    let [seen] = seen else { unreachable!("one request: {seen:?}") };
    assert_eq!((seen.method.as_str(), seen.target.as_str()), ("GET", "/v1.0/me?$select=userPrincipalName"));
    assert!(seen.header("authorization").is_some_and(|bearer| bearer.starts_with("Bearer eyJ")));
    assert_eq!(seen.header("prefer"), Some("odata.maxpagesize=5"));
    for name in ["cookie", "x-forwarded-for", "x-http-method", "x-api-key"] {
        assert_eq!(seen.header(name), None, "{name}");
    }
    assert!(!format!("{seen:?}").contains(&key.raw));
    // A token that was used is told once, with nothing secret.
    actor.get(&graph(&id, "/v1.0/me")).await.expect(200);
    let events = app.database.query("SELECT * FROM events WHERE name = 'connection.token.used'").await;
    assert_eq!(events.len(), 1);
    assert!(!json!(events).to_string().contains("eyJ"));
}

#[tokio::test]
async fn answers_come_as_microsoft_gives_them_whatever_they_are() {
    let (app, _, id) = connected().await;
    let key = key_of(&app, &app.user("alex"), json!({})).await.actor;
    let missing = key.get(&graph(&id, "/v1.0/drives/none/items/none")).await;
    assert!(
        missing.status.is_client_error() && missing.at("/error/innerError").is_object(),
        "{}",
        missing.text
    );
    // A file comes whole, though Graph only says where it is.
    let content = graph(&id, &format!("/v1.0/drives/{DRIVE}/items/{}/content", item("BROCHURE")));
    let whole = key.get(&content).await.expect(200);
    assert_eq!((whole.bytes.len(), whole.header("content-type")), (300_000, Some("application/pdf")));
    assert_eq!(whole.header("location"), None);
    let part = key.with("Range", "bytes=0-6").get(&content).await.expect(206);
    assert_eq!(part.bytes, whole.bytes[..7]);
    for seen in app.emulator.seen(Endpoint::Content) {
        assert_eq!(seen.header("authorization"), None);
    }
    let batch = json!({ "requests": [{ "id": "1", "method": "GET", "url": "/me" }] });
    let answer = key.post(&graph(&id, "/v1.0/$batch"), batch).await.expect(200);
    assert_eq!(answer.at("/responses/0/body/userPrincipalName"), json!("alex@contoso.com"));
    let lists = key
        .with("Accept", "application/json;odata=nometadata")
        .get(&sharepoint(&id, "/_api/web/lists"))
        .await;
    assert!(lists.expect(200).at("/value").is_array());
    let head = key.send(Method::HEAD, &graph(&id, "/v1.0/me"), None).await.expect(200);
    assert!(head.bytes.is_empty());
}

#[tokio::test]
async fn every_method_goes_on_as_it_is_but_a_browsers_preflight() {
    let (app, browser, id) = connected_at(builder().set("CORS_ORIGINS", "https://app.example.com")).await;
    let key = key_of(&app, &app.user("alex"), json!({})).await.actor;
    let me = graph(&id, "/v1.0/me");
    for (path, target) in [(&me, "/v1.0/me"), (&sharepoint(&id, "/_api/web"), "/_api/web")] {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            let before = asked(&app).len();
            let named = Method::from_bytes(method.as_bytes()).unwrap();
            let answer = key.with("origin", "https://app.example.com").send(named, path, None).await;
            let seen = &asked(&app)[before..];
            let [seen] = seen else { unreachable!("{method} {path}: {seen:?} {}", answer.text) };
            // What both give is the same but for the body, which nobody has to fetch.
            let method = if method == "HEAD" { "GET" } else { method };
            assert!(seen.method == method && seen.target.ends_with(target), "{method} {target}: {seen:?}");
            assert!(seen.header("authorization").is_some_and(|bearer| bearer.starts_with("Bearer eyJ")));
            assert_eq!(seen.header("origin"), None);
        }
    }
    // The bytes of a file are somewhere else; whoever wants only to know of them gets none.
    let content = graph(&id, &format!("/v1.0/drives/{DRIVE}/items/{}/content", item("BROCHURE")));
    let head = key.send(Method::HEAD, &content, None).await.expect(200);
    assert_eq!((head.bytes.len(), head.header("content-type")), (0, Some("application/pdf")));
    assert_eq!(head.header("content-length"), Some("300000"));

    // A preflight has no credential, and is ours with one, too.
    let before = asked(&app).len();
    for (origin, status) in [("https://app.example.com", 204), ("https://evil.example", 403)] {
        for actor in [&app.anonymous(), &key] {
            let actor = actor.with("origin", origin).with("access-control-request-method", "OPTIONS");
            let answer = actor.send(Method::OPTIONS, &me, None).await.expect(status);
            let allowed =
                answer.header("access-control-allow-methods").is_some_and(|all| all.contains("OPTIONS"));
            assert_eq!(allowed, status == 204);
        }
    }
    // What is none needs a credential that may, as everything does.
    app.anonymous().send(Method::OPTIONS, &me, None).await.expect(401);
    browser.send(Method::OPTIONS, &me, None).await.expect(401);
    for more in [
        json!({ "scopes": ["proxy:sharepoint"] }),
        json!({ "proxyRules": [{ "methods": ["GET", "POST"], "path": "/graph/**" }] }),
    ] {
        let other = key_of(&app, &app.user("alex"), more).await.actor;
        other.send(Method::OPTIONS, &me, None).await.expect(403);
    }
    for method in [Method::TRACE, Method::CONNECT] {
        let refused = key.send(method, &me, None).await.expect(405);
        assert!(refused.header("allow").is_some_and(|allow| allow.contains("OPTIONS")), "{refused:?}");
    }
    assert_eq!(asked(&app).len(), before, "Microsoft was not asked");
    // Where Microsoft refuses a method, what it says of others stands, and nothing of ours.
    app.emulator.set_fault(Fault::status(Endpoint::Graph, 405));
    let passed_on = key.send(Method::OPTIONS, &me, None).await.expect(405);
    assert_eq!(passed_on.header("allow"), None);
    app.emulator.clear_faults();
    let before = asked(&app).len();
    let rules = json!({ "proxyRules": [{ "methods": ["OPTIONS"], "path": "/graph/**" }] });
    let other = key_of(&app, &app.user("alex"), rules).await.actor;
    other.send(Method::OPTIONS, &me, None).await;
    other.get(&me).await.expect(403);
    assert_eq!(asked(&app).len(), before + 1);
}

#[tokio::test]
async fn throttling_is_passed_on_and_nothing_is_sent_again() {
    let (app, _, id) = connected().await;
    let key = key_of(&app, &app.user("alex"), json!({})).await.actor;
    let before = asked(&app).len();
    app.emulator.set_fault(Fault::status(Endpoint::Graph, 429).retry_after(RetryAfter::seconds(17)));
    let refused = key.get(&graph(&id, "/v1.0/me")).await.expect(429);
    assert_eq!(refused.header("retry-after"), Some("17"));
    assert_eq!(asked(&app).len(), before + 1);
}

#[tokio::test]
async fn a_token_that_is_refused_before_its_end_is_replaced_once() {
    let (app, _, id) = connected().await;
    let key = key_of(&app, &app.user("alex"), json!({})).await.actor;
    key.get(&graph(&id, "/v1.0/me")).await.expect(200);
    let tokens = app.emulator.requests(Endpoint::Token);
    let challenge = || Fault::new(Endpoint::Graph, FaultKind::Challenge);
    app.advance(chrono::TimeDelta::minutes(5));
    app.emulator.set_fault(challenge().times(1));
    key.get(&graph(&id, "/v1.0/me")).await.expect(200);
    assert_eq!(app.emulator.requests(Endpoint::Token), tokens + 1);
    // A body that was kept goes again as well.
    app.advance(chrono::TimeDelta::minutes(5));
    app.emulator.set_fault(challenge().times(1));
    let batch = json!({ "requests": [{ "id": "1", "method": "GET", "url": "/me" }] });
    key.post(&graph(&id, "/v1.0/$batch"), batch).await.expect(200);
    // And no more than that.
    let before = asked(&app).len();
    app.advance(chrono::TimeDelta::minutes(5));
    app.emulator.set_fault(challenge());
    let refused = key.get(&graph(&id, "/v1.0/me")).await.expect(502);
    assert_eq!(
        (refused.code().as_str(), refused.at("/error/details/upstreamStatus")),
        ("UPSTREAM_ERROR", json!(401))
    );
    assert_eq!(asked(&app).len(), before + 2);
    assert_eq!(app.emulator.requests(Endpoint::Token), tokens + 3);
    // Where each token is refused, most calls go without another one, and without a second attempt.
    for _ in 0..5 {
        app.advance(chrono::TimeDelta::seconds(30));
        key.get(&graph(&id, "/v1.0/me")).await.expect(502);
    }
    assert_eq!(asked(&app).len(), before + 7);
    // Nor does such a call wait for the right to ask Microsoft, which another replica may have.
    take_lease(&app).await;
    let refused = key.get(&graph(&id, "/v1.0/me")).await.expect(502);
    assert_eq!(refused.at("/error/details/upstreamStatus"), json!(401));
    assert_eq!(app.emulator.requests(Endpoint::Token), tokens + 3);
    app.advance(chrono::TimeDelta::minutes(5));
    key.get(&graph(&id, "/v1.0/me")).await.expect(502);
    assert_eq!(app.emulator.requests(Endpoint::Token), tokens + 4);
    app.emulator.clear_faults();
    key.get(&graph(&id, "/v1.0/me")).await.expect(200);
    assert_eq!(app.emulator.requests(Endpoint::Token), tokens + 4, "the last one is good again");
}

#[tokio::test]
async fn another_members_and_another_organizations_connections_are_not_there() {
    let (app, _, _) = connected().await;
    let admin = app.signed_in("adele@contoso.com").await;
    let of_admin = connect(&admin, "adele@contoso.com").await;
    let megan = app.signed_in("megan@fabrikam.com").await;
    let of_stranger = connect(&megan, "megan@fabrikam.com").await;
    let key = key_of(&app, &app.user("alex"), json!({})).await.actor;
    let all = key_of(&app, &app.user("adele"), json!({ "role": "admin" })).await.actor;
    let before = asked(&app).len();
    let unknown = uuid::Uuid::from_u128(7).to_string();
    for (actor, id) in [(&key, &of_admin), (&key, &of_stranger), (&all, &of_stranger), (&all, &unknown)] {
        for path in [graph(id, "/v1.0/me"), sharepoint(id, "/_api/web")] {
            let refused = actor.get(&path).await.expect(404);
            assert_eq!(refused.code(), "NOT_FOUND", "{path}");
        }
    }
    assert_eq!(asked(&app).len(), before, "Microsoft was not asked");
    all.get(&graph(&of_admin, "/v1.0/me")).await.expect(200);
}

#[tokio::test]
async fn a_keys_scopes_resources_connections_and_rules_hold() {
    let (app, browser, id) = connected().await;
    let other = connect(&browser, "pat@outlook.com").await;
    let alex = app.user("alex");
    let key = async |more: Value| key_of(&app, &alex, more).await.actor;
    let only_graph = key(json!({ "scopes": ["proxy:graph"] })).await;
    only_graph.get(&graph(&id, "/v1.0/me")).await.expect(200);
    let refused = only_graph.get(&sharepoint(&id, "/_api/web")).await.expect(403);
    assert_eq!(refused.code(), "API_KEY_INSUFFICIENT_SCOPE");
    let resources = key(json!({ "allowedResources": ["sharepoint"] })).await;
    resources.get(&graph(&id, "/v1.0/me")).await.expect(403);
    let one = key(json!({ "allowedConnections": [id] })).await;
    one.get(&graph(&id, "/v1.0/me")).await.expect(200);
    one.get(&graph(&other, "/v1.0/me")).await.expect(404);

    let rules = json!({ "proxyRules": [
        { "methods": ["GET"], "path": "/graph/v1.0/me/**" },
        { "methods": ["GET"], "path": "/sharepoint/_api/web/lists" },
    ] });
    let restricted = key(rules).await;
    for path in ["/v1.0/me", "/v1.0/me/drive", "/v1.0/m%65"] {
        restricted.get(&graph(&id, path)).await.expect(200);
    }
    restricted.get(&sharepoint(&id, "/_api/web/lists")).await.expect(200);
    let before = asked(&app).len();
    for (method, path) in [
        (Method::GET, graph(&id, "/v1.0/users")),
        (Method::GET, graph(&id, "/beta/me")),
        (Method::GET, graph(&id, "/v1.0/ME")),
        (Method::GET, graph(&id, "/v1.0/me%2F..%2Fusers")),
        (Method::GET, graph(&id, "/v1.0/me%2Fdrive")),
        (Method::POST, graph(&id, "/v1.0/me/sendMail")),
        (Method::POST, graph(&id, "/v1.0/$batch")),
        (Method::DELETE, graph(&id, "/v1.0/me/drive")),
        (Method::GET, sharepoint(&id, "/_api/web")),
        (Method::GET, sharepoint(&id, "/v1.0/me")),
    ] {
        let refused = restricted.with("X-HTTP-Method-Override", "GET").send(method, &path, None).await;
        assert!([400, 403].contains(&refused.status.as_u16()), "{path}: {} {}", refused.status, refused.text);
    }
    let nothing = key(json!({ "proxyRules": [] })).await;
    nothing.get(&graph(&id, "/v1.0/me")).await.expect(403);
    assert_eq!(asked(&app).len(), before, "Microsoft was not asked");
}

/// Paths that have taken tokens elsewhere, here or with others.
const HOSTILE: &[&str] = &[
    "//evil.example/v1.0/me",
    "/\\evil.example/v1.0/me",
    "/%5cevil.example/v1.0/me",
    "/v1.0/../emulator/control/tokens",
    "/v1.0/%2e%2e/emulator",
    "/v1.0/%252e%252e/emulator",
    "/v1.0/..%2femulator",
    "/v1.0/..;/emulator",
    "/%2f%2fevil.example",
    "/v1.0/me%0d%0aHost:%20evil.example",
    "/v1.0/me%00",
    "/v1.0//me",
];

#[tokio::test]
async fn no_path_leaves_microsofts_host_and_none_climbs() {
    let (app, _, id) = connected().await;
    let key = key_of(&app, &app.user("alex"), json!({})).await.actor;
    let before = asked(&app).len();
    for path in HOSTILE {
        for path in [graph(&id, path), sharepoint(&id, path)] {
            if poem::http::Uri::try_from(path.as_str()).is_err() {
                continue;
            }
            let refused = key.get(&path).await;
            assert!(
                [400, 404].contains(&refused.status.as_u16()),
                "{path}: {} {}",
                refused.status,
                refused.text
            );
        }
    }
    assert_eq!(asked(&app).len(), before, "{:?}", asked(&app));
    // What only looks like another host is a path at Microsoft's.
    for path in ["/@evil.example/v1.0/me", "/.evil.example/x", "/:8443/x", "/https:/evil.example"] {
        key.get(&graph(&id, path)).await;
    }
    let seen = asked(&app);
    assert!(seen[before..].iter().all(|seen| seen.endpoint == Endpoint::Graph), "{seen:?}");
}

#[tokio::test]
async fn no_redirect_takes_the_token_along() {
    let (app, _, id) = connected().await;
    let key = key_of(&app, &app.user("alex"), json!({})).await.actor;
    let content = graph(&id, &format!("/v1.0/drives/{DRIVE}/items/{}/content", item("WELCOME")));
    let more = [
        ("inside", "http://169.254.169.254/latest/meta-data"),
        ("a file", "file:///etc/passwd"),
        ("for ever", "http://{elsewhere}/loop"),
        ("with a name", "http://user:password@{elsewhere}{path}"),
    ];
    for (name, text) in ASTRAY.iter().chain(&more) {
        app.emulator.set_links(Links { next: None, download: Some((*text).to_owned()) });
        let answer = key.get(&content).await;
        assert!(!answer.status.is_redirection(), "{name}: {}", answer.status);
        for seen in app.emulator.seen(Endpoint::Content) {
            assert_eq!(seen.header("authorization"), None, "{name}");
        }
    }
    let elsewhere = format!("{}/v1.0/sites", app.emulator.content_url());
    app.emulator.set_links(Links::default());
    app.emulator.set_fault(Fault::new(Endpoint::Graph, FaultKind::Redirect).location(elsewhere));
    let strayed = app.emulator.seen(Endpoint::Content).len();
    let batch = json!({ "requests": [] });
    assert_eq!(key.post(&graph(&id, "/v1.0/$batch"), batch).await.expect(502).code(), "UPSTREAM_ERROR");
    assert_eq!(app.emulator.seen(Endpoint::Content).len(), strayed, "what writes is not sent on");
}

async fn put(actor: &Actor, path: &str, bytes: usize) -> tests::Response {
    let actor = actor.with("Content-Length", &bytes.to_string());
    actor.send_raw(Method::PUT, path, Some("application/octet-stream"), vec![7_u8; bytes]).await
}

#[tokio::test]
async fn a_large_body_is_sent_as_it_comes_and_one_that_is_too_large_is_not() {
    let (app, _, id) = connected().await;
    let key = key_of(&app, &app.user("alex"), json!({})).await.actor;
    let path = graph(&id, "/v1.0/me/drive/root:/large.bin:/content");
    for bytes in [10, 5 * 1024 * 1024] {
        let before = asked(&app).len();
        let answer = put(&key, &path, bytes).await;
        assert!(answer.header("request-id").is_some(), "{bytes}: {} {}", answer.status, answer.text);
        let seen = &asked(&app)[before];
        assert_eq!(seen.header("content-length"), Some(bytes.to_string().as_str()));
    }
    let before = asked(&app).len();
    let too_large = put(&key, &path, 33 * 1024 * 1024).await.expect(413);
    assert_eq!(too_large.code(), "PAYLOAD_TOO_LARGE");
    // Without its length nobody could send it again, nor refuse it before its end.
    let unknown = key.send_raw(Method::PUT, &path, Some("text/plain"), vec![7_u8; 2 * 1024 * 1024]).await;
    assert_eq!(unknown.expect(413).code(), "PAYLOAD_TOO_LARGE");
    assert_eq!(asked(&app).len(), before);
}

#[tokio::test]
async fn a_connection_that_is_broken_is_told_with_its_next_step() {
    let (app, _, id) = connected().await;
    let key = key_of(&app, &app.user("alex"), json!({})).await.actor;
    app.advance(chrono::TimeDelta::hours(2));
    app.emulator.set_fault(Fault::refuse("invalid_grant", 700_082));
    let refused = key.get(&graph(&id, "/v1.0/me")).await.expect(409);
    assert_eq!(refused.code(), "CONNECTION_UNUSABLE");
    assert_eq!(refused.at("/error/details/status"), json!("REVOKED"));
    let other = app.user("alex").get(&graph(&id, "/v1.0/me")).await.expect(401);
    assert_eq!(other.code(), "API_KEY_MISSING");
}
