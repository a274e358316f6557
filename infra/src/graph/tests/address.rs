use proptest::prelude::*;

use super::*;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn graph() -> Root {
    Root::new(&url("https://graph.microsoft.com/ignored?x#y"), "/v1.0")
}

/// Texts that have made a path leave its place, here or elsewhere.
const HOSTILE: &[&str] = &[
    "..",
    ".",
    "../beta/users",
    "..%2f..%2fbeta",
    "%2e%2e",
    "%2E%2e/beta",
    "%252e%252e%252f",
    "//evil.example/x",
    "/\\evil.example",
    "\\\\evil.example\\x",
    "@evil.example/x",
    ".evil.example/x",
    "?$select=secret",
    "#fragment",
    "a?b#c",
    "root:/secret:/",
    ":/secret",
    "a/b/c",
    "a\\..\\b",
    "\t..",
    "..\n",
    "\u{2024}\u{2024}",
    "\u{ff0e}\u{ff0e}",
    "https://evil.example",
    "x'); drop",
    "a%00b",
    "\0",
    " ",
    "%",
    "%zz",
    "a;b=c",
    "a&b=c",
    "ä/ö",
];

#[test]
fn addresses_are_made_of_segments() {
    let root = graph();
    let site = "contoso.sharepoint.com,2c71,2d22";
    let made = root.at(&["sites", site, "drives"], &[("$top", "5")]).unwrap();
    assert_eq!(
        made.as_str(),
        "https://graph.microsoft.com/v1.0/sites/contoso.sharepoint.com,2c71,2d22/drives?$top=5"
    );
    let words = format!("search(q={})", literal("Ada's 50% plan/№1?"));
    let made = root.at(&["drives", "b!x", "root", &words], &[]).unwrap();
    assert_eq!(
        made.path(),
        "/v1.0/drives/b!x/root/search(q=%27Ada%27%27s%2050%25%20plan%2F%E2%84%961%3F%27)"
    );
}

#[test]
fn no_segment_leaves_its_place() {
    let root = graph();
    for hostile in HOSTILE {
        match root.at(&["drives", hostile, "root", "children"], &[("$top", "1")]) {
            Ok(url) => {
                assert_eq!(url.origin(), root.url.origin(), "{hostile:?}");
                let segments: Vec<&str> = url.path_segments().unwrap().collect();
                assert_eq!(segments.len(), 5, "{hostile:?}: {url}");
                assert_eq!(decoded(segments[2]), *hostile, "{url}");
                assert_eq!(url.query(), Some("$top=1"), "{hostile:?}");
                assert_eq!(url.fragment(), None, "{hostile:?}");
            }
            Err(LeadsElsewhere) => {
                assert!(decoded(&decoded(hostile)).contains('.'), "{hostile:?} is harmless");
            }
        }
        let by_query = root.at(&["sites"], &[("search", hostile), ("$top", "1")]).unwrap();
        let pairs: Vec<(String, String)> = by_query.query_pairs().into_owned().collect();
        assert_eq!(
            pairs,
            [("search".to_owned(), (*hostile).to_owned()), ("$top".to_owned(), "1".to_owned())]
        );
        let words = format!("search(q={})", literal(hostile));
        if let Ok(searched) = root.at(&["drives", "d", "root", &words], &[]) {
            assert_eq!(searched.path_segments().unwrap().count(), 5, "{hostile:?}");
        }
    }
}

#[test]
fn links_of_ours_are_taken_and_followed_as_they_are() {
    let root = graph();
    for link in [
        "https://graph.microsoft.com/v1.0/drives/b!x/root/children?$skiptoken=UGFnZWQ9VFJVRQ%3d%3d&$top=2",
        "https://graph.microsoft.com:443/v1.0/sites?search=a%2Fb&$skip=2",
        "HTTPS://Graph.Microsoft.com/v1.0/drives('b%21x')/root/delta(token='abc')",
    ] {
        let pinned = root.pin(link).unwrap();
        assert!(pinned.as_str().starts_with("/v1.0/"), "{pinned:?}");
        let followed = root.follow(&pinned).unwrap();
        assert_eq!(followed, url(link), "{link}");
    }
}

#[test]
fn links_to_elsewhere_are_neither_taken_nor_followed() {
    let root = graph();
    for link in [
        "https://graph.microsoft.com.evil.example/v1.0/x",
        "https://evil.example/v1.0/x",
        "https://graph.microsoft.com@evil.example/v1.0/x",
        "https://user:password@graph.microsoft.com/v1.0/x",
        "https://graph.microsoft.com:8443/v1.0/x",
        "http://graph.microsoft.com/v1.0/x",
        "https://graph.microsoft.com/beta/x",
        "https://graph.microsoft.com/v1.0/../beta/x",
        "https://graph.microsoft.com/v1.0/%2e%2e/beta/x",
        "https://graph.microsoft.com/v1.0/a/..%2f..%2fbeta",
        "https://graph.microsoft.com/v1.0/a/%252e%252e/beta",
        "https://graph.microsoft.com/v1.0\\..\\beta\\x",
        "https://graph.microsoft.com/v1.0x/y",
        "https://graph.microsoft.com/v1.0",
        "https:\\\\evil.example\\v1.0\\x",
        "//evil.example/v1.0/x",
        "/v1.0/x",
        "v1.0/x",
        "javascript:alert(1)",
        "file:///v1.0/x",
        "",
    ] {
        assert_eq!(root.pin(link), Err(LeadsElsewhere), "{link}");
    }
    for link in [
        "@evil.example/v1.0/x",
        ".evil.example/v1.0/x",
        ":8443/v1.0/x",
        "//evil.example/v1.0/x",
        "/beta/x",
        "/v1.0/../beta",
        "\\v1.0\\x",
        "/v1.0/x#y",
        "",
        "/v1.0/a\nb",
    ] {
        assert_eq!(root.follow(&Link::new(link)), Err(LeadsElsewhere), "{link}");
    }
}

#[test]
fn a_download_is_at_a_named_host_by_https() {
    let asked = url("https://graph.microsoft.com/v1.0/drives/d/items/i/content");
    let good = "https://contoso.sharepoint.com/_layouts/15/download.aspx?UniqueId=1&tempauth=secret";
    assert_eq!(download(good, &asked).unwrap().as_str(), good);
    for location in [
        "http://contoso.sharepoint.com/x",
        "https://127.0.0.1/x",
        "https://169.254.169.254/latest",
        "https://[::1]/x",
        "https://[fd00::1]/x",
        "https://localhost/x",
        "https://metadata/x",
        "https://a.localhost/x",
        "https://user@contoso.sharepoint.com/x",
        "ftp://contoso.sharepoint.com/x",
        "file:///etc/passwd",
        "data:text/html,x",
        "https://",
    ] {
        assert_eq!(download(location, &asked), Err(LeadsElsewhere), "{location}");
    }
    let local = url("http://127.0.0.1:4100/v1.0/x");
    assert!(download("http://localhost:4101/x", &local).is_ok());
    assert_eq!(download("http://169.254.169.254/x", &local), Err(LeadsElsewhere));
    assert_eq!(download("http://contoso.sharepoint.com/x", &local), Err(LeadsElsewhere));
}

proptest! {
    #[test]
    fn whatever_a_segment_holds_the_host_and_the_shape_of_the_path_stay(segment in "\\PC{0,40}", value in "\\PC{0,40}") {
        let root = graph();
        if let Ok(url) = root.at(&["drives", &segment, "items"], &[("q", &value)]) {
            prop_assert_eq!(url.origin(), root.url.origin());
            prop_assert_eq!(url.path_segments().unwrap().count(), 4);
            prop_assert_eq!(url.query_pairs().next().unwrap().1, value);
            prop_assert!(url.fragment().is_none());
        }
    }

    #[test]
    fn whatever_a_link_holds_it_leads_to_the_host(rest in "[/\\\\.@:?#%a-z0-9 ]{0,40}") {
        let root = graph();
        for link in [rest.clone(), format!("https://graph.microsoft.com{rest}"), format!("/v1.0{rest}")] {
            if let Ok(pinned) = root.pin(&link) {
                prop_assert!(root.follow(&pinned).is_ok());
            }
            if let Ok(url) = root.follow(&Link::new(link)) {
                prop_assert_eq!(url.origin(), root.url.origin());
                prop_assert!(url.path().starts_with("/v1.0/"));
            }
        }
    }
}
