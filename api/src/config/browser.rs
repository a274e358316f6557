//! Browsers: where people land, and how cookies are sent.

use url::Url;

use super::{
    parse,
    process::ProcessConfig,
    reader::{Parsed, Reader},
    setting::Setting,
};

static WEB_APP_URL: Setting = Setting::new("WEB_APP_URL", "browser.web_app_url");
static COOKIE_DOMAIN: Setting = Setting::new("COOKIE_DOMAIN", "browser.cookie_domain");
static COOKIE_SAMESITE: Setting = Setting::new("COOKIE_SAMESITE", "browser.cookie_samesite");
static COOKIE_SECURE: Setting = Setting::new("COOKIE_SECURE", "browser.cookie_secure");
static ENABLE_CSRF: Setting = Setting::new("ENABLE_CSRF", "browser.csrf");

pub(super) static SETTINGS: &[&Setting] =
    &[&WEB_APP_URL, &COOKIE_DOMAIN, &COOKIE_SAMESITE, &COOKIE_SECURE, &ENABLE_CSRF];

/// When a browser sends a cookie along with a request that another site caused (RFC 6265bis, `SameSite`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    Strict,
    Lax,
    None,
}

/// `[browser]`.
#[derive(Clone, Debug)]
pub struct BrowserConfig {
    /// The console, or the product: where people land after signing in.
    pub web_app_url: Option<Url>,
    /// Cookies are for this domain and those below it; `None` for the service's own host.
    pub cookie_domain: Option<String>,
    pub same_site: SameSite,
    /// Cookies are sent over https only. `false` exactly where the service itself is on http.
    pub secure: bool,
    /// Changes by a session in a cookie need a value that only our own pages know.
    pub csrf: bool,
}

impl Default for BrowserConfig {
    /// As a service on https has it when nothing is said.
    fn default() -> Self {
        Self { web_app_url: None, cookie_domain: None, same_site: SameSite::Strict, secure: true, csrf: true }
    }
}

impl BrowserConfig {
    pub(super) fn read(reader: &mut Reader, process: &ProcessConfig) -> Self {
        let secure = process.public_url.scheme() == "https";
        let wanted = reader.value(&COOKIE_SECURE, parse::boolean);
        if secure && wanted == Some(false) {
            reader.problem(
                &COOKIE_SECURE,
                "would let cookies travel in the clear, while PUBLIC_URL is https; leave it out",
            );
        }
        let same_site = reader.value(&COOKIE_SAMESITE, same_site).unwrap_or(SameSite::Strict);
        if same_site == SameSite::None && !secure {
            reader.problem(
                &COOKIE_SAMESITE,
                "none is for https only, since browsers refuse such cookies otherwise; give lax, or an https PUBLIC_URL",
            );
        }
        let cookie_domain = reader.value(&COOKIE_DOMAIN, cookie_domain);
        if let Some(domain) = &cookie_domain
            && !is_within(process.public_url.host_str().unwrap_or_default(), domain)
        {
            reader.problem(
                &COOKIE_DOMAIN,
                "is neither the host of PUBLIC_URL nor a domain above it, so browsers would refuse the cookies",
            );
        }
        Self {
            web_app_url: reader.value(&WEB_APP_URL, web_app_url),
            cookie_domain,
            same_site,
            secure,
            csrf: reader.value(&ENABLE_CSRF, parse::boolean).unwrap_or(true),
        }
    }
}

fn is_within(host: &str, domain: &str) -> bool {
    host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

fn same_site(text: &str) -> Parsed<SameSite> {
    match text.to_ascii_lowercase().as_str() {
        "strict" => Ok(SameSite::Strict),
        "lax" => Ok(SameSite::Lax),
        "none" => Ok(SameSite::None),
        _ => Err("is not known; give strict, lax or none"),
    }
}

fn cookie_domain(text: &str) -> Parsed<String> {
    parse::domain(text.trim_start_matches('.'))
}

/// As an origin, but with a path.
fn web_app_url(text: &str) -> Parsed<Url> {
    let url = Url::parse(text).map_err(|_| "is not a URL; give one such as https://app.example.com")?;
    let mut bare = url.clone();
    bare.set_path("");
    parse::origin(bare.as_str()).map(|_| url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::testing::{loaded, refused};

    const HTTPS: (&str, &str) = ("PUBLIC_URL", "https://api.example.com");

    #[test]
    fn cookies_are_as_strict_as_can_be_unless_something_else_is_said() {
        let browser = loaded(&[HTTPS]).browser;
        assert_eq!((browser.same_site, browser.secure, browser.csrf), (SameSite::Strict, true, true));
        assert_eq!((browser.cookie_domain, browser.web_app_url), (None, None));
        assert!(!loaded(&[]).browser.secure, "on loopback by http");
        let given = loaded(&[
            HTTPS,
            ("COOKIE_DOMAIN", ".example.com"),
            ("COOKIE_SAMESITE", "None"),
            ("WEB_APP_URL", "https://app.example.com/console"),
            ("ENABLE_CSRF", "false"),
        ]);
        assert_eq!(given.browser.cookie_domain.as_deref(), Some("example.com"));
        assert_eq!(given.browser.same_site, SameSite::None);
        assert_eq!(
            given.browser.web_app_url.map(String::from).as_deref(),
            Some("https://app.example.com/console")
        );
        assert!(!given.browser.csrf);
    }

    #[test]
    fn what_browsers_would_refuse_or_leak_is_refused_at_start() {
        for (given, reason) in [
            (&[HTTPS, ("COOKIE_SECURE", "false")][..], "would let cookies travel in the clear"),
            (&[("COOKIE_SAMESITE", "none")], "none is for https only"),
            (&[HTTPS, ("COOKIE_DOMAIN", "ample.com")], "is neither the host of PUBLIC_URL"),
            (&[HTTPS, ("COOKIE_DOMAIN", "other.example")], "is neither the host of PUBLIC_URL"),
            (&[HTTPS, ("WEB_APP_URL", "http://app.example.com/")], "is http"),
            (&[HTTPS, ("WEB_APP_URL", "https://app.example.com/?a=b")], "has more than"),
            (&[HTTPS, ("COOKIE_SAMESITE", "loose")], "is not known"),
        ] {
            let problems = refused(given);
            assert!(problems.contains(reason), "{problems}");
        }
    }
}
