//! A browser that reads forms, keeps its cookie, and follows nothing that leaves the emulator.

use std::sync::Mutex;

use emulator::Emulator;
use reqwest::{Client, redirect::Policy};
use url::Url;

use crate::support::{Answer, Entra};

pub(crate) struct Browser {
    client: Client,
    base: String,
    cookie: Mutex<Option<String>>,
}

impl Entra {
    pub(crate) fn browser(&self) -> Browser {
        Browser::at(&self.emulator)
    }
}

/// The address of a sign-in for the web app in Contoso, with parameters replaced or, if empty, removed.
pub(crate) fn authorize(changes: &[(&str, &str)]) -> String {
    authorize_at("contoso.com", changes)
}

pub(crate) fn authorize_at(tenant: &str, changes: &[(&str, &str)]) -> String {
    let mut parameters = vec![
        ("client_id", emulator::ids::TENANTRY_APP),
        ("response_type", "code"),
        ("redirect_uri", CALLBACK),
        ("scope", "openid profile offline_access User.Read"),
        ("state", "a b|c="),
    ];
    for change in changes {
        parameters.retain(|(name, _)| *name != change.0);
        if !change.1.is_empty() {
            parameters.push(*change);
        }
    }
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    format!("/{tenant}/oauth2/v2.0/authorize?{query}")
}

/// Where the web app of the tests is.
pub(crate) const CALLBACK: &str = "http://localhost:4000/api/oauth/microsoft/callback";

impl Browser {
    /// At the http listener.
    #[expect(clippy::disallowed_methods, reason = "a client of the tests, for this machine")]
    pub(crate) fn at(emulator: &Emulator) -> Self {
        let client = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
        Self { client, base: emulator.http_url().to_owned(), cookie: Mutex::new(None) }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.client.get(format!("{}{path}", self.base))).await
    }

    /// Sends the form of a page, its hidden fields included.
    pub(crate) async fn submit(&self, page: &Answer, fields: &[(&str, &str)]) -> Answer {
        let mut form = hidden(&page.text);
        form.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.send(self.client.post(format!("{}/emulator/sign-in", self.base)).form(&form)).await
    }

    /// Types name and password, on whatever page that asks for them.
    pub(crate) async fn sign_in(&self, path: &str, who: &str) -> Answer {
        let mut page = self.get(path).await;
        for _ in 0..2 {
            page = match step(&page) {
                Some("account") => self.submit(&page, &[("username", who)]).await,
                Some("password") => self.submit(&page, &[("password", "emulator")]).await,
                _ => page,
            };
        }
        page
    }

    async fn send(&self, mut request: reqwest::RequestBuilder) -> Answer {
        if let Some(cookie) = &*self.cookie.lock().unwrap() {
            request = request.header("cookie", cookie);
        }
        let answer = Answer::of(request.send().await.unwrap()).await;
        if let Some(cookie) = answer.header("set-cookie") {
            let pair = cookie.split(';').next().unwrap().to_owned();
            *self.cookie.lock().unwrap() = Some(pair);
        }
        answer
    }
}

/// What the form of a page is about.
pub(crate) fn step(page: &Answer) -> Option<&str> {
    page.text.split_once("name=\"step\" value=\"")?.1.split('"').next()
}

/// Hidden fields, with their values as the page means them.
pub(crate) fn hidden(html: &str) -> Vec<(String, String)> {
    html.split("<input type=\"hidden\" ")
        .skip(1)
        .map(|field| {
            let value = |name: &str| {
                let text = field.split_once(&format!("{name}=\"")).unwrap().1.split('"').next().unwrap();
                text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
            };
            (value("name"), value("value"))
        })
        .collect()
}

/// Where a redirect goes, without its parameters, and those.
pub(crate) fn redirected(answer: &Answer) -> (String, Vec<(String, String)>) {
    assert_eq!(answer.status, 302, "{}", answer.text);
    let url = Url::parse(answer.header("location").unwrap()).unwrap();
    let parameters = url.fragment().or(url.query()).unwrap_or_default().to_owned();
    let mut bare = url;
    bare.set_query(None);
    bare.set_fragment(None);
    let parameters = url::form_urlencoded::parse(parameters.as_bytes()).into_owned().collect();
    (bare.into(), parameters)
}

/// A parameter of a redirect.
pub(crate) fn parameter(answer: &Answer, name: &str) -> Option<String> {
    let (_, parameters) = redirected(answer);
    parameters.into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
}
