//! A browser: it keeps cookies, fills in the authority's forms, and follows redirects between the two.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use emulator::Emulator;
use poem::{
    endpoint::BoxEndpoint,
    http::{Method, header},
};
use reqwest::redirect::Policy;
use serde_json::Value;
use url::Url;

use crate::actor::{Actor, Response};

/// Where the service of a test is.
pub const SERVICE: &str = "http://localhost:4000";

/// The pages of the authority that a sign-in may lead over, at most.
const MOST_PAGES: usize = 8;

/// A browser of somebody who has an account at the emulator.
pub struct Browser {
    endpoint: Arc<BoxEndpoint<'static, poem::Response>>,
    authority: String,
    client: reqwest::Client,
    cookies: Mutex<BTreeMap<String, Cookie>>,
    /// Of the authority.
    elsewhere: Mutex<Option<String>>,
    headers: Vec<(String, String)>,
}

#[derive(Clone)]
struct Cookie {
    value: String,
    path: String,
    /// It does not come along when another site sends the browser here (RFC 6265bis §5.2).
    is_strict: bool,
    /// The line that set it.
    line: String,
}

impl Browser {
    #[expect(clippy::disallowed_methods, reason = "a client of the tests, for this machine")]
    pub(crate) fn new(endpoint: Arc<BoxEndpoint<'static, poem::Response>>, emulator: &Emulator) -> Self {
        let client = reqwest::Client::builder().no_proxy().redirect(Policy::none()).build();
        Self {
            endpoint,
            authority: emulator.http_url().to_owned(),
            client: client.expect("a client can be made"),
            cookies: Mutex::default(),
            elsewhere: Mutex::default(),
            headers: Vec::new(),
        }
    }

    /// Sends a header with each request to the service.
    #[must_use]
    pub fn sending(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Goes to an address of the service.
    pub async fn get(&self, path: &str) -> Response {
        self.send(Method::GET, path, None).await
    }

    /// Sends a request to the service, as a page of its own would: with the value against forgery.
    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Response {
        let mut actor = self.carrying(path);
        if let Some(value) = self.cookie("csrf-token") {
            actor = actor.with("x-csrf-token", &value);
        }
        self.keep(actor.send(method, path, body).await)
    }

    /// Sends a request to the service with the cookies alone, as any page can cause it.
    pub async fn send_bare(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
        let mut actor = self.carrying(path);
        for (name, value) in headers {
            actor = actor.with(name, value);
        }
        self.keep(actor.send(method, path, None).await)
    }

    pub async fn post(&self, path: &str) -> Response {
        self.send(Method::POST, path, None).await
    }

    /// Signs in at Microsoft's, from the service's start back to its callback; gives the answer of that.
    pub async fn sign_in(&self, who: &str) -> Response {
        self.sign_in_from("/api/oauth/microsoft/start", who).await
    }

    /// The same, from a start with parameters.
    pub async fn sign_in_from(&self, start: &str, who: &str) -> Response {
        let callback = self.depart(start, who).await;
        self.come_back(&callback).await
    }

    /// Is sent to an address of the service by another site, as by the authority: `Strict` cookies stay behind.
    pub async fn arrive(&self, path: &str) -> Response {
        self.keep(self.sending_cookies(path, |cookie| !cookie.is_strict).get(path).await)
    }

    /// The same, and on from there if the page leads on by itself.
    pub async fn come_back(&self, path: &str) -> Response {
        let arrived = self.arrive(path).await;
        match passing(&arrived.text) {
            Some(to) => {
                let url = Url::parse(&to).expect("an address");
                self.get(&format!("{}?{}", url.path(), url.query().unwrap_or_default())).await
            }
            None => arrived,
        }
    }

    /// Goes through the authority's pages, and gives the address that it sends the browser back to.
    pub async fn depart(&self, start: &str, who: &str) -> String {
        let started = self.get(start).await.expect(303);
        let address = started.header("location").expect("a place to go").to_owned();
        self.at_authority(&address, who).await
    }

    /// Signs in at an address of the authority's; gives where it sends the browser back to.
    pub async fn at_authority(&self, address: &str, who: &str) -> String {
        let answer = self.ask(self.client.get(address)).await;
        let end = self.through_pages(answer, who).await;
        let to = end.location.unwrap_or_else(|| panic!("the browser is not sent back: {}", end.text));
        let url = Url::parse(&to).expect("an address");
        format!("{}?{}", url.path(), url.query().unwrap_or_default())
    }

    /// Types the code of a device at the authority, and signs in for it.
    pub async fn at_device(&self, code: &str, who: &str) {
        let page = self.type_code(code).await;
        let end = self.through_pages(page, who).await;
        assert!(end.text.contains("You have signed in"), "{}", end.text);
    }

    /// Types the code of a device at the authority, and thinks better of it.
    pub async fn decline_device(&self, code: &str) {
        let page = self.type_code(code).await;
        self.submit(&page, ("cancel", "1")).await;
    }

    async fn type_code(&self, code: &str) -> Answer {
        let page = self.ask(self.client.get(format!("{}/devicelogin", self.authority))).await;
        self.submit(&page, ("user_code", code)).await
    }

    async fn submit(&self, page: &Answer, (name, value): (&str, &str)) -> Answer {
        let mut form = hidden(&page.text);
        form.push((name.to_owned(), value.to_owned()));
        self.ask(self.client.post(format!("{}/emulator/sign-in", self.authority)).form(&form)).await
    }

    /// Fills in the authority's forms until there is none, or it sends the browser elsewhere.
    async fn through_pages(&self, mut answer: Answer, who: &str) -> Answer {
        for _ in 0..MOST_PAGES {
            if answer.location.is_some() {
                return answer;
            }
            let field = match step(&answer.text) {
                Some("account") => ("username", who),
                Some("password") => ("password", "emulator"),
                Some("mfa") => ("code", emulator::ids::MFA_CODE),
                Some("consent") => ("consent", "accept"),
                _ => return answer,
            };
            answer = self.submit(&answer, field).await;
        }
        panic!("the authority asks for ever: {}", answer.text)
    }

    /// The value of a cookie of the service.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().expect("no test panics here").get(name).map(|cookie| cookie.value.clone())
    }

    /// The line that set a cookie of the service.
    pub fn cookie_line(&self, name: &str) -> Option<String> {
        self.cookies.lock().expect("no test panics here").get(name).map(|cookie| cookie.line.clone())
    }

    /// Plants a cookie.
    pub fn plant(&self, name: &str, value: &str) {
        let (value, path) = (value.to_owned(), "/".to_owned());
        let cookie = Cookie { value, path, is_strict: false, line: String::new() };
        self.cookies.lock().expect("no test panics here").insert(name.to_owned(), cookie);
    }

    /// Loses a cookie.
    pub fn lose(&self, name: &str) {
        self.cookies.lock().expect("no test panics here").remove(name);
    }

    /// The cookies' names.
    pub fn cookies(&self) -> Vec<String> {
        self.cookies.lock().expect("no test panics here").keys().cloned().collect()
    }

    /// Who is signed in here, as somebody who sends requests: by cookie, with the value against forgery.
    pub fn actor(&self) -> Actor {
        let actor = self.carrying("/api/auth");
        match self.cookie("csrf-token") {
            Some(value) => actor.with("x-csrf-token", &value),
            None => actor,
        }
    }

    fn carrying(&self, path: &str) -> Actor {
        self.sending_cookies(path, |_| true)
    }

    fn sending_cookies(&self, path: &str, is_sent: impl Fn(&Cookie) -> bool) -> Actor {
        let path = path.split('?').next().unwrap_or_default();
        let carried: Vec<String> = self
            .cookies
            .lock()
            .expect("no test panics here")
            .iter()
            .filter(|(_, cookie)| path.starts_with(&cookie.path) && is_sent(cookie))
            .map(|(name, cookie)| format!("{name}={}", cookie.value))
            .collect();
        let mut actor = Actor::new(Arc::clone(&self.endpoint), None);
        if !carried.is_empty() {
            actor = actor.with(header::COOKIE.as_str(), &carried.join("; "));
        }
        for (name, value) in &self.headers {
            actor = actor.with(name, value);
        }
        actor
    }

    /// Takes over the cookies of a response.
    fn keep(&self, response: Response) -> Response {
        let mut cookies = self.cookies.lock().expect("no test panics here");
        for line in response.headers.get_all(header::SET_COOKIE) {
            let line = line.to_str().expect("a cookie is text");
            let (name, value) =
                line.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie");
            let attribute = |wanted: &str| {
                line.split(';').map(str::trim).find_map(|part| part.strip_prefix(wanted)).unwrap_or_default()
            };
            if attribute("Max-Age=") == "0" {
                cookies.remove(name);
            } else {
                let path = attribute("Path=").to_owned();
                let is_strict = attribute("SameSite=") == "Strict";
                let cookie = Cookie { value: value.to_owned(), path, is_strict, line: line.to_owned() };
                cookies.insert(name.to_owned(), cookie);
            }
        }
        drop(cookies);
        response
    }

    async fn ask(&self, mut request: reqwest::RequestBuilder) -> Answer {
        if let Some(cookie) = &*self.elsewhere.lock().expect("no test panics here") {
            request = request.header("cookie", cookie);
        }
        let answer = request.send().await.expect("the authority answers");
        let text =
            |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (location, cookie) = (text("location"), text("set-cookie"));
        if let Some(pair) = cookie.as_deref().and_then(|line| line.split(';').next()) {
            *self.elsewhere.lock().expect("no test panics here") = Some(pair.to_owned());
        }
        Answer { location, text: answer.text().await.expect("a page") }
    }
}

struct Answer {
    location: Option<String>,
    text: String,
}

/// What the form of a page is about.
fn step(html: &str) -> Option<&str> {
    html.split_once("name=\"step\" value=\"")?.1.split('"').next()
}

/// Where a page leads by itself.
fn passing(html: &str) -> Option<String> {
    let address = html.split_once("http-equiv=\"refresh\" content=\"0;url=")?.1.split('"').next()?;
    Some(plain(address))
}

/// Text of a page as it is meant.
fn plain(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

/// Hidden fields, with their values as the page means them.
fn hidden(html: &str) -> Vec<(String, String)> {
    let value = |field: &str, name: &str| {
        let text = field.split_once(&format!("{name}=\""))?.1.split('"').next()?;
        Some(plain(text))
    };
    html.split("<input type=\"hidden\" ")
        .skip(1)
        .filter_map(|field| Some((value(field, "name")?, value(field, "value")?)))
        .collect()
}
