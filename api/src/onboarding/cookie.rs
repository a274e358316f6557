//! The cookie that binds a way through Microsoft's page to one browser.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::sealed_text::TextSeal;
use poem::{Request, http::HeaderMap};
use serde::{Deserialize, Serialize};
use url::Url;

use super::return_to::ReturnTo;
use crate::http::SealedCookies;

/// As long as a browser can look at its way.
const LASTS: TimeDelta = TimeDelta::hours(24);
/// For our host alone.
const PATH: &str = "/";
const PURPOSE: &str = "tenantry-onboarding";

/// Writes and reads it.
#[derive(Clone)]
pub(super) struct WayCookie(SealedCookies);

/// What a browser keeps.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Way {
    pub(super) browser: String,
    pub(super) return_to: Option<ReturnTo>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    browser: String,
    return_to: Option<String>,
}

impl WayCookie {
    pub(super) fn new(seal: Arc<dyn TextSeal>, public_url: &Url) -> Self {
        Self(SealedCookies::new(seal, PURPOSE, PATH, LASTS, public_url.scheme() == "https"))
    }

    pub(super) fn give(
        &self,
        response: &mut HeaderMap,
        way: &Way,
        now: DateTime<Utc>,
    ) -> serde_json::Result<()> {
        let return_to = way.return_to.as_ref().map(|place| place.as_str().to_owned());
        let kept = Kept { browser: way.browser.clone(), return_to };
        self.0.give(response, &self.0.name(""), now, &kept)
    }

    /// The one that we gave; nothing when there is none, or somebody else's.
    pub(super) fn read(&self, request: &Request, now: DateTime<Utc>) -> Option<Way> {
        let (kept, _) = self.0.find::<Kept>(request.headers(), &self.0.name(""), now)?;
        // It was looked at before it was sealed.
        let return_to = kept.return_to.as_deref().map(ReturnTo::trusted);
        Some(Way { browser: kept.browser, return_to })
    }
}

#[cfg(test)]
mod tests {
    use poem::http::header;

    use super::*;
    use crate::http::testing::Plain;

    fn cookie(public_url: &str) -> WayCookie {
        WayCookie::new(Arc::new(Plain), &Url::parse(public_url).unwrap())
    }

    #[test]
    fn it_is_for_our_host_alone_and_comes_back_as_it_was() {
        for (public_url, name) in [
            ("https://tenantry.example.com", "__Host-tenantry-onboarding"),
            ("http://localhost:4000", "tenantry-onboarding"),
        ] {
            for return_to in [None, Some(ReturnTo::trusted("/welcome"))] {
                let (cookie, now) = (cookie(public_url), DateTime::UNIX_EPOCH);
                let way = Way { browser: "b".to_owned(), return_to };
                let mut response = HeaderMap::new();
                cookie.give(&mut response, &way, now).unwrap();
                let line = response[header::SET_COOKIE].to_str().unwrap();
                assert!(line.starts_with(&format!("{name}=")) && line.contains("; Path=/; "), "{line}");
                let pair = line.split(';').next().unwrap();
                let request = Request::builder().header("cookie", format!("a=1; {pair}")).finish();
                assert_eq!(cookie.read(&request, now), Some(way));
                assert_eq!(cookie.read(&request, now + LASTS), None);
            }
        }
        assert_eq!(
            cookie("http://localhost:4000").read(&Request::builder().finish(), DateTime::UNIX_EPOCH),
            None
        );
    }
}
