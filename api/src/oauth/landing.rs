//! Where people go after signing in: only to places that are ours or on the list.

use poem::{Endpoint, Request, Response};
use url::Url;

use super::page::Page;
use crate::{auth::origins, config::Config};

/// The page of a service that has no web app.
const OWN: &str = "/signed-in";
/// The longest address to come back to, in bytes.
const LONGEST: usize = 2_048;

/// The places where people may be sent.
#[derive(Clone, Debug)]
pub(crate) struct Landing {
    default: Url,
    /// What a path alone is a path of.
    base: Url,
    origins: Vec<String>,
}

impl Landing {
    pub(crate) fn new(config: &Config) -> Self {
        let public_url = &config.process.public_url;
        let mut own = public_url.clone();
        own.set_path(OWN);
        let web_app = config.browser.web_app_url.as_ref();
        Self {
            default: web_app.cloned().unwrap_or(own),
            base: web_app.unwrap_or(public_url).clone(),
            origins: origins(config),
        }
    }

    /// Where to go for a `return_to`, in the form that browsers understand it; `None` for a place that is not on the
    /// list. It is read as browsers read it (WHATWG URL), and what is given out is what was judged.
    pub(crate) fn of(&self, return_to: Option<&str>) -> Option<Url> {
        let Some(return_to) = return_to.filter(|text| !text.is_empty()) else {
            return Some(self.default.clone());
        };
        // Browsers strip and turn these; nobody who means well sends them.
        let is_plain =
            return_to.len() <= LONGEST && !return_to.contains(|c: char| c.is_control() || c == '\\');
        let url = is_plain.then(|| self.base.join(return_to).ok()).flatten()?;
        let is_bare = url.username().is_empty() && url.password().is_none();
        // `blob:` has the origin of what it names.
        let is_web = matches!(url.scheme(), "https" | "http");
        let is_ours = self.origins.contains(&url.origin().ascii_serialization());
        (is_web && is_bare && is_ours).then_some(url)
    }
}

/// A page that says so, for a service that has no web app yet.
pub(crate) struct SignedIn;

impl Endpoint for SignedIn {
    type Output = Response;

    async fn call(&self, _request: Request) -> poem::Result<Response> {
        let page = Page {
            title: "You are signed in",
            text: "This browser has a session now. An application that uses this service takes you back by itself.",
            next: Some(("Who am I?", "/api/auth/me".to_owned())),
            ..Page::default()
        };
        Ok(page.into_response(""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Sources, load};

    fn landing(web_app: Option<&str>) -> Landing {
        let mut settings = vec![
            ("AZURE_CLIENT_ID", "11111111-2222-4333-8444-555555555555"),
            ("AZURE_TENANT_ID", "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"),
            ("PUBLIC_URL", "https://api.example.com"),
            ("CORS_ORIGINS", "https://other.example.com"),
        ];
        settings.extend(web_app.map(|url| ("WEB_APP_URL", url)));
        let settings = settings.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        Landing::new(&load(Sources::new(settings, None)).unwrap())
    }

    fn goes_to(landing: &Landing, return_to: &str) -> Option<String> {
        landing.of(Some(return_to)).map(String::from)
    }

    #[test]
    fn the_web_app_is_where_people_land_and_a_path_is_one_of_its() {
        let landing = landing(Some("https://app.example.com/console/"));
        assert_eq!(landing.of(None).map(String::from).as_deref(), Some("https://app.example.com/console/"));
        assert_eq!(goes_to(&landing, "").as_deref(), Some("https://app.example.com/console/"));
        assert_eq!(goes_to(&landing, "/a?b=c#d").as_deref(), Some("https://app.example.com/a?b=c#d"));
        assert_eq!(goes_to(&landing, "a/../b").as_deref(), Some("https://app.example.com/console/b"));
        for good in
            ["https://app.example.com/x", "https://other.example.com/y", "https://api.example.com/docs"]
        {
            assert_eq!(goes_to(&landing, good).as_deref(), Some(good));
        }
        assert_eq!(
            goes_to(&landing, "HTTPS://APP.example.com:443").as_deref(),
            Some("https://app.example.com/")
        );
    }

    #[test]
    fn without_a_web_app_there_is_a_page_of_our_own() {
        let landing = landing(None);
        assert_eq!(landing.of(None).map(String::from).as_deref(), Some("https://api.example.com/signed-in"));
        assert_eq!(goes_to(&landing, "/docs").as_deref(), Some("https://api.example.com/docs"));
    }

    #[test]
    fn nobody_is_sent_anywhere_else() {
        let landing = landing(Some("https://app.example.com"));
        for evil in [
            "//evil.example",
            "///evil.example",
            "////evil.example",
            "https:///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "\t//evil.example",
            "/\n/evil.example",
            "//evil.example\\@app.example.com",
            "https://evil.example\\.app.example.com",
            "https://evil.example",
            "http://app.example.com",
            "https://app.example.com.evil.example",
            "https://app.example.com:8443",
            "https://app.example.com@evil.example",
            "https://user@app.example.com",
            "https://user:secret@app.example.com",
            "https://app.example.com:secret@evil.example",
            "https://evilapp.example.com",
            "https://sub.app.example.com",
            "https://evil.example#@app.example.com",
            "https://evil.example?https://app.example.com",
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "java\nscript:alert(1)",
            "data:text/html,x",
            "blob:https://app.example.com/x",
            "file:///etc/passwd",
            "ftp://app.example.com",
            "view-source:https://app.example.com",
            "https://аpp.example.com",
            "https://app。example。com.evil.example",
            "http://[::1]",
            "https://0x7f.1",
            "//app.example.com@evil.example/",
            "/\u{0}/evil.example",
        ] {
            assert_eq!(goes_to(&landing, evil), None, "{evil:?}");
        }
        // Without slashes it is a path, as browsers read it.
        for path in ["https:evil.example", "https:/evil.example"] {
            assert_eq!(goes_to(&landing, path).as_deref(), Some("https://app.example.com/evil.example"));
        }
        assert_eq!(goes_to(&landing, &format!("/{}", "a".repeat(LONGEST))), None);
    }
}
