//! What a browser keeps for us for a while: sealed, so that it is as we gave it, nobody reads it, and it ends in time
//! whatever the browser does.
//!
//! These cookies are `Lax`, not `Strict`: they must come along when another site's page sends the browser back.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::sealed_text::TextSeal;
use poem::http::HeaderMap;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::cookie::{self, Cookie};
use crate::config::SameSite;

/// The cookies of one purpose.
#[derive(Clone)]
pub(crate) struct SealedCookies {
    seal: Arc<dyn TextSeal>,
    /// What they are sealed for; nothing else opens them.
    purpose: &'static str,
    /// Only below this path are they sent.
    path: &'static str,
    lasts: TimeDelta,
    /// Plain http is for this machine only, where not every browser keeps a `Secure` cookie.
    secure: bool,
}

#[derive(Deserialize, Serialize)]
struct Sealed<T> {
    /// A cookie under another name is another cookie.
    name: String,
    /// In seconds.
    since: i64,
    kept: T,
}

impl SealedCookies {
    pub(crate) fn new(
        seal: Arc<dyn TextSeal>,
        purpose: &'static str,
        path: &'static str,
        lasts: TimeDelta,
        secure: bool,
    ) -> Self {
        Self { seal, purpose, path, lasts, secure }
    }

    /// The whole name of a cookie. With `__Host-` no other host of the same domain can plant one, with `__Secure-` none
    /// over plain http (RFC 6265bis §4.1.3).
    pub(crate) fn name(&self, end: &str) -> String {
        let prefix = match (self.secure, self.path) {
            (false, _) => "",
            (true, "/") => "__Host-",
            (true, _) => "__Secure-",
        };
        format!("{prefix}{}{end}", self.purpose)
    }

    /// Gives a browser something to keep under a name of [`Self::name`].
    pub(crate) fn give<T: Serialize>(
        &self,
        response: &mut HeaderMap,
        name: &str,
        now: DateTime<Utc>,
        kept: &T,
    ) -> serde_json::Result<()> {
        let sealed = Sealed { name: name.to_owned(), since: now.timestamp(), kept };
        let value = self.seal.seal(self.purpose, &serde_json::to_vec(&sealed)?);
        let lasts = u64::try_from(self.lasts.num_seconds()).unwrap_or_default();
        self.cookie(name, &value, lasts).add(response);
        Ok(())
    }

    /// What was given under this name, and when it ends; `None` when nothing was, or too long ago.
    pub(crate) fn find<T: DeserializeOwned>(
        &self,
        request: &HeaderMap,
        name: &str,
        now: DateTime<Utc>,
    ) -> Option<(T, DateTime<Utc>)> {
        let value = cookie::read(request, name)?;
        let opened = self.seal.open(self.purpose, value)?;
        let sealed: Sealed<T> = serde_json::from_slice(&opened).ok()?;
        let ends = DateTime::from_timestamp(sealed.since, 0)? + self.lasts;
        (sealed.name == name && now < ends).then_some((sealed.kept, ends))
    }

    /// Takes it back.
    pub(crate) fn forget(&self, response: &mut HeaderMap, name: &str) {
        self.cookie(name, "", 0).add(response);
    }

    fn cookie<'a>(&'a self, name: &'a str, value: &'a str, max_age: u64) -> Cookie<'a> {
        Cookie {
            name,
            value,
            path: self.path,
            domain: None,
            same_site: SameSite::Lax,
            secure: self.secure,
            http_only: true,
            max_age,
        }
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use domain::sealed_text::TextSeal;

    /// Seals nothing, but for a purpose.
    pub(crate) struct Plain;

    impl TextSeal for Plain {
        fn seal(&self, purpose: &str, text: &[u8]) -> String {
            format!("{purpose}.{}", URL_SAFE_NO_PAD.encode(text))
        }

        fn open(&self, purpose: &str, sealed: &str) -> Option<Vec<u8>> {
            URL_SAFE_NO_PAD.decode(sealed.strip_prefix(purpose)?.strip_prefix('.')?).ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use poem::http::header;

    use super::{testing::Plain, *};

    fn cookies(path: &'static str, secure: bool) -> SealedCookies {
        SealedCookies::new(Arc::new(Plain), "kept", path, TimeDelta::minutes(10), secure)
    }

    fn line(headers: &HeaderMap) -> &str {
        headers[header::SET_COOKIE].to_str().unwrap()
    }

    /// A request with what a response gave, under whichever name.
    fn returned(response: &HeaderMap, name: &str) -> HeaderMap {
        let value = line(response).split_once('=').unwrap().1.split(';').next().unwrap();
        let cookie = format!("{name}={value}").parse().unwrap();
        HeaderMap::from_iter([(header::COOKIE, cookie)])
    }

    #[test]
    fn it_comes_back_as_it_was_given_until_it_ends_and_under_no_other_name() {
        let (cookies, now) = (cookies("/way", false), DateTime::UNIX_EPOCH);
        let mut response = HeaderMap::new();
        cookies.give(&mut response, "kept-1", now, &"what").unwrap();
        let find = |name: &str, after: TimeDelta| -> Option<String> {
            cookies.find(&returned(&response, name), name, now + after).map(|(kept, _)| kept)
        };
        assert_eq!(find("kept-1", TimeDelta::seconds(599)).as_deref(), Some("what"));
        assert_eq!(find("kept-1", TimeDelta::minutes(10)), None);
        assert_eq!(find("kept-2", TimeDelta::zero()), None);
        assert_eq!(cookies.find::<String>(&HeaderMap::new(), "kept-1", now), None);
    }

    #[test]
    fn the_name_says_what_guards_it() {
        assert_eq!(cookies("/", true).name(""), "__Host-kept");
        assert_eq!(cookies("/way", true).name("-a"), "__Secure-kept-a");
        assert_eq!(cookies("/", false).name("-a"), "kept-a");
        let mut response = HeaderMap::new();
        cookies("/", true).forget(&mut response, "__Host-kept");
        let taken_back = line(&response);
        for part in ["__Host-kept=;", "Path=/", "Max-Age=0", "SameSite=Lax", "Secure", "HttpOnly"] {
            assert!(taken_back.contains(part), "{taken_back}");
        }
    }
}
