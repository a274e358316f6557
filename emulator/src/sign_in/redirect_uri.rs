//! Whether an answer may go to an address.

use url::Url;

use crate::directory::{App, RedirectUri};

/// The registration that allows `asked`: the same to the letter, but for the port of localhost.
///
/// <https://learn.microsoft.com/entra/identity-platform/reply-url>
pub(crate) fn registered<'a>(client: &'a App, asked: &str) -> Option<&'a RedirectUri> {
    client.redirect_uris.iter().find(|known| is_same(&known.uri, asked))
}

fn is_same(known: &str, asked: &str) -> bool {
    if known == asked {
        return true;
    }
    let (Some(known), Some(asked)) = (without_port(known), without_port(asked)) else { return false };
    known == asked
}

/// A loopback address without its port; `None` for all others. The parser adds the path `/` where there is none.
fn without_port(uri: &str) -> Option<Url> {
    let mut url = Url::parse(uri).ok()?;
    if !matches!(url.host_str(), Some("localhost" | "127.0.0.1")) || url.fragment().is_some() {
        return None;
    }
    url.set_port(None).ok()?;
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_port_of_localhost_may_differ() {
        for (known, asked, same) in [
            ("http://localhost/auth", "http://localhost:3000/auth", true),
            ("http://localhost", "http://localhost:3000/", true),
            ("http://localhost", "http://localhost:3000", true),
            ("http://localhost/auth", "http://localhost:3000/Auth", false),
            ("http://localhost/auth", "http://localhost:3000/auth/", false),
            ("http://localhost/auth", "https://localhost:3000/auth", false),
            ("http://localhost/auth", "http://localhost:3000/auth?x=1", false),
            ("http://localhost/auth", "http://localhost.evil.example/auth", false),
            ("http://localhost/auth", "http://user@localhost/auth", false),
            ("https://app.example/auth", "https://app.example:8443/auth", false),
        ] {
            assert_eq!(is_same(known, asked), same, "{known} {asked}");
        }
    }
}
