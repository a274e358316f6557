//! Paths and methods that there are not.

use poem::http::Method;
use serde_json::json;
use tests::TestApp;

use super::refused;

#[tokio::test]
async fn a_path_that_there_is_not_is_not_found() {
    let app = TestApp::start().await;
    let long = format!("/{}", "a".repeat(60_000));
    for actor in [app.anonymous(), app.user("adele")] {
        for path in [
            "/",
            "/api",
            "/api/",
            "/api/unknown",
            "/api/taxonomies/",
            "/api//taxonomies",
            "/API/taxonomies",
            "/api/taxonomies/01890000-0000-7000-8000-000000000000/unknown",
            "/api/%FF",
            "/api/%00",
            "/api/../api/taxonomies",
            "/.env",
            "/openapi.yml",
            &long,
        ] {
            let response = actor.get(path).await;
            assert_eq!(refused(&response, 404, "NOT_FOUND"), json!(null), "{path}");
        }
    }
}

#[tokio::test]
async fn a_method_that_a_path_has_not_is_refused_with_those_it_has() {
    let app = TestApp::start().await;
    let mut paths: Vec<(String, Vec<String>)> = tests::document()["paths"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(path, item)| {
            let methods = item.as_object().unwrap().keys().map(|method| method.to_uppercase()).collect();
            let segment = |part: &str| {
                if part.starts_with('{') {
                    "01890000-0000-7000-8000-000000000000".to_owned()
                } else {
                    part.to_owned()
                }
            };
            (path.split('/').map(segment).collect::<Vec<_>>().join("/"), methods)
        })
        .collect();
    for path in ["/healthz", "/readyz", "/openapi.json"] {
        paths.push((path.to_owned(), vec!["GET".to_owned()]));
    }
    let (anonymous, admin) = (app.anonymous(), app.user("adele"));
    for (path, mut methods) in paths {
        if methods.contains(&"GET".to_owned()) {
            methods.push("HEAD".to_owned());
        }
        methods.sort_unstable();
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PURGE"] {
            if methods.iter().any(|known| known == method) {
                continue;
            }
            for actor in [&anonymous, &admin] {
                let method = Method::from_bytes(method.as_bytes()).unwrap();
                let response = actor.send(method, &path, None).await;
                assert_eq!(refused(&response, 405, "METHOD_NOT_ALLOWED"), json!(null), "{path}");
                assert_eq!(response.header("allow"), Some(methods.join(", ").as_str()), "{path}");
            }
        }
    }
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    let app = TestApp::start().await;
    let admin = app.user("adele");
    for path in ["/healthz", "/api/auth/me", "/api/auth/organization", "/api/taxonomies"] {
        let (get, head) = (admin.get(path).await, admin.send(Method::HEAD, path, None).await);
        assert_eq!((head.status, head.text.as_str()), (get.status, ""));
        assert_eq!(
            (head.header("etag"), head.header("content-type")),
            (get.header("etag"), get.header("content-type"))
        );
    }
    let known = admin.with("if-none-match", "\"1\"");
    known.send(Method::HEAD, "/api/auth/organization", None).await.expect(304);
}
