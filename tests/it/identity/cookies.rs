//! How the cookies of a session are guarded, by where the service is.

use tests::{Browser, TestApp};

use crate::connections::CONNECT;

/// Signs in at a service elsewhere than on localhost: the authority's list of places to come back to is what it is, so
/// only the service's own address differs.
async fn signed_in(settings: &[(&str, &str)]) -> (TestApp, Browser) {
    let mut builder =
        TestApp::builder().set("AZURE_REDIRECT_URI", "http://localhost:4000/api/oauth/microsoft/callback");
    for (name, value) in settings {
        builder = builder.set(name, value);
    }
    let app = builder.start().await;
    let browser = app.signed_in("alex@contoso.com").await;
    (app, browser)
}

/// A cookie's attributes, without its value.
fn attributes(browser: &Browser, name: &str) -> String {
    let line = browser
        .cookie_line(name)
        .unwrap_or_else(|| unreachable!("no cookie {name}: {:?}", browser.cookies()));
    line.split_once("; ").expect("it is there").1.to_owned()
}

#[tokio::test]
async fn on_http_which_is_loopback_there_is_neither_prefix_nor_secure() {
    let (_app, browser) = signed_in(&[]).await;
    assert_eq!(attributes(&browser, "accessToken"), "Path=/; Max-Age=899; SameSite=Strict; HttpOnly");
    assert_eq!(
        attributes(&browser, "refreshToken"),
        "Path=/api/auth; Max-Age=604799; SameSite=Strict; HttpOnly"
    );
    assert_eq!(attributes(&browser, "csrf-token"), "Path=/; Max-Age=604799; SameSite=Strict");
}

#[tokio::test]
async fn on_https_the_access_token_is_for_this_host_alone() {
    let (app, browser) = signed_in(&[("PUBLIC_URL", "https://api.example.com")]).await;
    assert_eq!(
        attributes(&browser, "__Host-accessToken"),
        "Path=/; Max-Age=899; SameSite=Strict; Secure; HttpOnly"
    );
    assert_eq!(
        attributes(&browser, "__Secure-refreshToken"),
        "Path=/api/auth; Max-Age=604799; SameSite=Strict; Secure; HttpOnly"
    );
    browser.get(super::ME).await.expect(200);
    let plain = app.browser();
    plain.plant("accessToken", &browser.cookie("__Host-accessToken").unwrap());
    plain.get(super::ME).await.expect(401);
}

#[tokio::test]
async fn for_a_whole_domain_the_prefix_says_secure_only() {
    let settings = [
        ("PUBLIC_URL", "https://api.example.com"),
        ("COOKIE_DOMAIN", "example.com"),
        ("COOKIE_SAMESITE", "lax"),
    ];
    let (_app, browser) = signed_in(&settings).await;
    assert_eq!(
        attributes(&browser, "__Secure-accessToken"),
        "Path=/; Domain=example.com; Max-Age=899; SameSite=Lax; Secure; HttpOnly"
    );
}

#[tokio::test]
async fn the_cookie_of_a_departure_comes_back_from_another_site_and_is_gone_afterwards() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let callback = browser.depart(super::START, "alex@contoso.com").await;
    let name = browser.cookies().pop().unwrap();
    assert_eq!(attributes(&browser, &name), "Path=/; Max-Age=600; SameSite=Lax; HttpOnly");
    browser.get(&callback).await.expect(303);
    assert!(!browser.cookies().contains(&name), "{:?}", browser.cookies());
}

/// Nobody else's page can plant it, not even a neighbor's in the same domain, and only its own name opens it.
#[tokio::test]
async fn on_https_the_cookie_of_a_departure_is_for_this_host_alone() {
    let settings = [("PUBLIC_URL", "https://api.example.com"), ("COOKIE_DOMAIN", "example.com")];
    let (app, signed_in) = signed_in(&settings).await;
    for (browser, start) in [(app.browser(), super::START), (signed_in, CONNECT)] {
        let callback = browser.depart(start, "alex@contoso.com").await;
        let is_of_departure = |name: &String| name.starts_with("__Host-microsoft-");
        let name = browser.cookies().into_iter().find(is_of_departure).expect("it is bound to this browser");
        assert_eq!(attributes(&browser, &name), "Path=/; Max-Age=600; SameSite=Lax; Secure; HttpOnly");
        let value = browser.cookie(&name).unwrap();
        for planted in [None, Some(name.trim_start_matches("__Host-")), Some("__Host-microsoft-another")] {
            let stranger = app.browser();
            if let Some(planted) = planted {
                stranger.plant(planted, &value);
            }
            let refused = stranger.arrive(&callback).await.expect(400);
            assert!(refused.header("set-cookie").is_none(), "{planted:?}: {:?}", refused.headers);
        }
        browser.come_back(&callback).await.expect(303);
        assert!(!browser.cookies().contains(&name), "{start}: {:?}", browser.cookies());
    }
}

#[tokio::test]
async fn departures_that_never_come_back_do_not_pile_up() {
    let app = TestApp::start().await;
    let browser = app.browser();
    for _ in 0..30 {
        browser.get(super::START).await.expect(303);
        assert!(browser.cookies().len() <= 9, "{:?}", browser.cookies());
    }
    browser.sign_in("alex@contoso.com").await.expect(303);
}
