//! Where somebody goes when all is done: a page of ours, or of an origin that may call us.

use url::Url;

/// The longest that is kept in a cookie.
const LONGEST: usize = 1_024;

/// A page that we send people to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ReturnTo(String);

impl ReturnTo {
    /// A path of ours, or an address of one of the origins; nothing else, or a link to us would lead anywhere.
    pub(super) fn parse(text: &str, public_url: &Url, origins: &[String]) -> Option<Self> {
        let is_text = text.bytes().all(|byte| byte.is_ascii_graphic()) && !text.contains('\\');
        if text.is_empty() || text.len() > LONGEST || !is_text {
            return None;
        }
        if text.starts_with('/') {
            // As a browser would understand it.
            let there = public_url.join(text).ok()?;
            return (there.origin() == public_url.origin()).then(|| Self(text.to_owned()));
        }
        let url = Url::parse(text).ok()?;
        let is_plain = url.username().is_empty() && url.password().is_none();
        let origin = url.origin().ascii_serialization();
        let is_known = origin == public_url.origin().ascii_serialization() || origins.contains(&origin);
        (is_plain && is_known).then(|| Self(url.into()))
    }

    /// One that was parsed before, and came back under our signature.
    pub(super) fn trusted(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_and_known_origins_are_led_to() {
        let public = Url::parse("https://tenantry.example.com").unwrap();
        let origins = ["https://app.example.com".to_owned()];
        let parsed = |text: &str| ReturnTo::parse(text, &public, &origins).is_some();
        for good in ["/", "/welcome?a=b", "https://app.example.com/x", "https://tenantry.example.com/x"] {
            assert!(parsed(good), "{good}");
        }
        for bad in [
            "",
            "welcome",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example/",
            "https://app.example.com.evil.example/",
            "https://app.example.com@evil.example/",
            "http://app.example.com/",
            "https://user@app.example.com/",
            "javascript:alert(1)",
            "/a b",
            "/a\nb",
            "https:evil.example",
        ] {
            assert!(!parsed(bad), "{bad}");
        }
        assert!(!parsed(&format!("/{}", "a".repeat(2_000))));
    }
}
