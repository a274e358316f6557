//! A browser on its way: from our link to Microsoft's page, and back.

use std::sync::Mutex;

use reqwest::{Client, redirect::Policy};
use tests::{Response, TestApp};
use url::Url;

/// What a browser says it takes.
const HTML: &str = "text/html,application/xhtml+xml";

/// One browser: it keeps our cookie and the emulator's.
pub(crate) struct Way<'a> {
    pub(crate) app: &'a TestApp,
    client: Client,
    /// Ours.
    cookie: Mutex<Option<String>>,
    /// Microsoft's.
    session: Mutex<Option<String>>,
}

impl<'a> Way<'a> {
    #[expect(clippy::disallowed_methods, reason = "a client of the tests, for this machine")]
    pub(crate) fn new(app: &'a TestApp) -> Self {
        let client = Client::builder().no_proxy().redirect(Policy::none()).build().expect("a client");
        Self { app, client, cookie: Mutex::default(), session: Mutex::default() }
    }

    /// Asks us for a page.
    pub(crate) async fn open(&self, path: &str) -> Response {
        self.ask(path, HTML).await
    }

    /// The same as JSON.
    pub(crate) async fn json(&self, path: &str) -> Response {
        self.ask(path, "application/json").await
    }

    async fn ask(&self, path: &str, accept: &str) -> Response {
        let mut actor = self.app.anonymous().with("accept", accept);
        let cookie = self.cookie.lock().expect("it is there").clone();
        if let Some(cookie) = cookie {
            actor = actor.with("cookie", &cookie);
        }
        let response = actor.get(path).await;
        if let Some(set) = response.header("set-cookie") {
            let pair = set.split(';').next().expect("it is there").to_owned();
            *self.cookie.lock().expect("it is there") = Some(pair);
        }
        response
    }

    /// Goes to our link; where it leads.
    pub(crate) async fn start(&self, query: &str) -> Url {
        let response = self.open(&format!("/api/onboarding/start{query}")).await.expect(302);
        Url::parse(response.header("location").expect("it leads somewhere")).expect("to a URL")
    }

    /// Signs in on Microsoft's page and accepts; the address that it sends back to, with what it says.
    pub(crate) async fn accept(&self, page: &Url, who: &str) -> Url {
        self.walk(page, who, &[("consent", "accept")]).await
    }

    /// The same, declining at the end.
    pub(crate) async fn decline(&self, page: &Url, who: &str) -> Url {
        self.walk(page, who, &[("cancel", "1")]).await
    }

    async fn walk(&self, page: &Url, who: &str, at_the_end: &[(&str, &str)]) -> Url {
        let mut answer = self.send(self.client.get(page.clone())).await;
        for _ in 0..6 {
            if let Some(location) = answer.1 {
                return Url::parse(&location).expect("a URL");
            }
            let form = |fields: &[(&'static str, String)]| -> Vec<(String, String)> {
                let mut form = hidden(&answer.0);
                form.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
                form
            };
            let fields = match step(&answer.0) {
                Some("account") => form(&[("username", who.to_owned())]),
                Some("password") => form(&[("password", "emulator".to_owned())]),
                Some("consent") => {
                    let mut fields = form(&[]);
                    fields.extend(at_the_end.iter().map(|(name, value)| ((*name).into(), (*value).into())));
                    fields
                }
                _ => return Url::parse("stopped:").expect("a URL"),
            };
            let action = format!("{}/emulator/sign-in", self.app.emulator.http_url());
            answer = self.send(self.client.post(action).form(&fields)).await;
        }
        Url::parse("stopped:").expect("a URL")
    }

    /// The page's text, and where it leads.
    async fn send(&self, mut request: reqwest::RequestBuilder) -> (String, Option<String>) {
        let session = self.session.lock().expect("it is there").clone();
        if let Some(session) = session {
            request = request.header("cookie", session);
        }
        let response = request.send().await.expect("the emulator answers");
        let header = |name: &str| {
            response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
        };
        if let Some(set) = header("set-cookie") {
            *self.session.lock().expect("it is there") = set.split(';').next().map(str::to_owned);
        }
        let location = header("location");
        (response.text().await.expect("a page"), location)
    }

    /// Comes back to us with an address of Microsoft's, and looks at where that leads.
    pub(crate) async fn back(&self, address: &Url) -> Response {
        let path = format!("{}?{}", address.path(), address.query().unwrap_or_default());
        let response = self.open(&path).await;
        if response.status == 303 {
            assert_eq!(response.header("location"), Some("/api/onboarding/progress"));
            return self.json("/api/onboarding/progress").await;
        }
        response
    }

    /// All of it, as an administrator.
    pub(crate) async fn connect(&self, query: &str, who: &str) -> Response {
        let page = self.start(query).await;
        let address = self.accept(&page, who).await;
        self.back(&address).await
    }
}

fn step(page: &str) -> Option<&str> {
    page.split_once("name=\"step\" value=\"")?.1.split('"').next()
}

/// Hidden fields, with their values as the page means them.
fn hidden(html: &str) -> Vec<(String, String)> {
    html.split("<input type=\"hidden\" ")
        .skip(1)
        .map(|field| {
            let value = |name: &str| {
                let text = field
                    .split_once(&format!("{name}=\""))
                    .expect("it is there")
                    .1
                    .split('"')
                    .next()
                    .expect("it is there");
                text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
            };
            (value("name"), value("value"))
        })
        .collect()
}

/// A parameter of an address.
pub(crate) fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

/// The address with a parameter replaced, or, without a value, removed.
pub(crate) fn with(url: &Url, name: &str, value: Option<&str>) -> Url {
    let mut changed = url.clone();
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(known, _)| known != name)
        .map(|(a, b)| (a.into_owned(), b.into_owned()))
        .collect();
    changed.query_pairs_mut().clear().extend_pairs(kept).extend_pairs(value.map(|value| (name, value)));
    changed
}
