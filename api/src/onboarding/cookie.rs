//! The cookie that binds a way through Microsoft's page to one browser.

use std::sync::Arc;

use domain::organizations::onboarding::Signer;
use poem::{
    Request,
    http::{HeaderValue, header},
};
use url::Url;

use super::return_to::ReturnTo;

/// As long as a browser can look at its way.
const MAX_AGE_SECONDS: u32 = 24 * 60 * 60;

/// Writes and reads it.
#[derive(Clone)]
pub(super) struct WayCookie {
    signer: Arc<dyn Signer>,
    /// Plain http is for this machine only, where not every browser keeps a `Secure` cookie.
    is_secure: bool,
}

/// What a browser keeps.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Way {
    pub(super) browser: String,
    pub(super) return_to: Option<ReturnTo>,
}

impl WayCookie {
    pub(super) fn new(signer: Arc<dyn Signer>, public_url: &Url) -> Self {
        Self { signer, is_secure: public_url.scheme() == "https" }
    }

    /// With `__Host-` no other host of the same domain can plant one (RFC 6265bis §4.1.3).
    fn name(&self) -> &'static str {
        if self.is_secure { "__Host-tenantry-onboarding" } else { "tenantry-onboarding" }
    }

    /// `Lax`: the browser comes back from another site.
    pub(super) fn set(&self, way: &Way) -> Option<HeaderValue> {
        let return_to = way.return_to.as_ref().map(ReturnTo::as_str).unwrap_or_default();
        let value = self.signer.sign(&format!("{} {return_to}", way.browser));
        let secure = if self.is_secure { "; Secure" } else { "" };
        let cookie = format!(
            "{}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={MAX_AGE_SECONDS}{secure}",
            self.name()
        );
        HeaderValue::from_str(&cookie).ok()
    }

    /// The one that we gave; nothing when there is none, or somebody else's.
    pub(super) fn read(&self, request: &Request) -> Option<Way> {
        let pairs = request.headers().get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let signed = pairs
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find_map(|(name, value)| (name == self.name()).then_some(value))?;
        let text = self.signer.open(signed)?;
        let (browser, return_to) = text.split_once(' ')?;
        // It was looked at before it was signed.
        let return_to = (!return_to.is_empty()).then(|| ReturnTo::trusted(return_to));
        Some(Way { browser: browser.to_owned(), return_to })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Plain;

    impl Signer for Plain {
        fn sign(&self, text: &str) -> String {
            text.replace(' ', "+")
        }

        fn open(&self, signed: &str) -> Option<String> {
            Some(signed.replace('+', " "))
        }
    }

    fn cookie(public_url: &str) -> WayCookie {
        WayCookie::new(Arc::new(Plain), &Url::parse(public_url).unwrap())
    }

    #[test]
    fn it_is_for_our_host_alone_and_out_of_reach_of_scripts() {
        let way = Way { browser: "b".to_owned(), return_to: Some(ReturnTo::trusted("/welcome")) };
        let set = cookie("https://tenantry.example.com").set(&way).unwrap();
        assert_eq!(
            set.to_str().unwrap(),
            "__Host-tenantry-onboarding=b+/welcome; Path=/; HttpOnly; SameSite=Lax; Max-Age=86400; Secure"
        );
        let local = cookie("http://localhost:4000").set(&way).unwrap();
        assert!(
            local.to_str().unwrap().starts_with("tenantry-onboarding=")
                && !local.to_str().unwrap().contains("Secure")
        );
    }

    #[test]
    fn it_is_found_among_others() {
        let request = Request::builder()
            .header("cookie", "a=1; tenantry-onboarding=b+; __Host-tenantry-onboarding=x")
            .finish();
        let way = cookie("http://localhost:4000").read(&request).unwrap();
        assert_eq!(way, Way { browser: "b".to_owned(), return_to: None });
        assert_eq!(cookie("http://localhost:4000").read(&Request::builder().finish()), None);
    }
}
