//! Cookies, as they come and as they are set (RFC 6265bis).

use poem::http::{HeaderMap, HeaderValue, header};

use crate::config::SameSite;

/// The value of a cookie. Two of one name are none: which of them we set cannot be known, since a neighboring domain
/// can set its own for ours.
pub(crate) fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut found = all(headers).filter(|(known, _)| *known == name).map(|(_, value)| value);
    let value = found.next().filter(|value| !value.is_empty());
    if found.next().is_some() { None } else { value }
}

/// Every cookie of a request: name and value.
pub(crate) fn all(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
}

/// A cookie to be set. Its name and value are ours and need no quoting.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cookie<'a> {
    pub name: &'a str,
    pub value: &'a str,
    pub path: &'a str,
    pub domain: Option<&'a str>,
    pub same_site: SameSite,
    pub secure: bool,
    /// Scripts cannot read it.
    pub http_only: bool,
    /// In seconds; 0 takes it back.
    pub max_age: u64,
}

impl Cookie<'_> {
    /// Adds it to a response.
    pub(crate) fn add(&self, headers: &mut HeaderMap) {
        let Self { name, value, path, domain, same_site, secure, http_only, max_age } = self;
        let same_site = match same_site {
            SameSite::Strict => "Strict",
            SameSite::Lax => "Lax",
            SameSite::None => "None",
        };
        let domain = domain.map(|domain| format!("; Domain={domain}")).unwrap_or_default();
        let secure = if *secure { "; Secure" } else { "" };
        let http_only = if *http_only { "; HttpOnly" } else { "" };
        let text = format!(
            "{name}={value}; Path={path}{domain}; Max-Age={max_age}; SameSite={same_site}{secure}{http_only}"
        );
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.append(header::SET_COOKIE, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn headers(cookies: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(header::COOKIE, HeaderValue::from_str(cookie).unwrap());
        }
        headers
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name_and_two_are_none() {
        let found = |cookies: &[&str]| read(&headers(cookies), "a").map(str::to_owned);
        assert_eq!(found(&["b=1; a=2;c=3"]).as_deref(), Some("2"));
        assert_eq!(found(&["b=1", "a=x=y"]).as_deref(), Some("x=y"));
        for none in [&["aa=1; A=2"][..], &["a=1; a=2"], &["a=1", "a=1"], &["a="], &["a"], &[]] {
            assert_eq!(found(none), None, "{none:?}");
        }
    }

    #[test]
    fn a_cookie_is_written_with_all_that_guards_it() {
        let mut headers = HeaderMap::new();
        let cookie = Cookie {
            name: "__Host-a",
            value: "v",
            path: "/",
            domain: None,
            same_site: SameSite::Strict,
            secure: true,
            http_only: true,
            max_age: 900,
        };
        cookie.add(&mut headers);
        Cookie { domain: Some("example.com"), secure: false, http_only: false, ..cookie }.add(&mut headers);
        let written: Vec<_> =
            headers.get_all(header::SET_COOKIE).iter().map(|value| value.to_str().unwrap()).collect();
        assert_eq!(
            written,
            [
                "__Host-a=v; Path=/; Max-Age=900; SameSite=Strict; Secure; HttpOnly",
                "__Host-a=v; Path=/; Domain=example.com; Max-Age=900; SameSite=Strict",
            ]
        );
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_without_harm(text in "[ -~]{0,200}") {
            let headers = headers(&[&text]);
            let pair = read(&headers, "a").map(|value| format!("a={value}"));
            prop_assert!(pair.is_none_or(|pair| text.contains(&pair)));
        }
    }
}
