//! What a key may ask Microsoft 365 for through the credential proxy: methods and paths.
//!
//! What a reader would get wrong: a rule is compared with the decoded path, letter by letter. Microsoft takes `ME` for
//! `me`, and a rule for `me` does not: an allow-list that knows less spellings than the server refuses, and one that
//! knows more lets through.

/// The longest pattern, in bytes.
const LONGEST: usize = 500;

/// The methods that the proxy passes on. `HEAD` is a `GET` whose body is not wanted. `TRACE` would show the token to whoever
/// reads its answer, and `CONNECT` asks for no resource (RFC 9110 §9.3.6, §9.3.8).
pub const PROXY_METHODS: [&str; 6] = ["DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT"];

/// Methods, and a pattern of paths below `/api/proxy/{connectionId}`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ProxyRule {
    /// Of [`PROXY_METHODS`].
    pub methods: Vec<String>,
    /// `/graph/v1.0/me/messages/*`: `*` is one segment, `**` at the end any number, none included.
    pub path: String,
}

/// Why a rule is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRule {
    #[error("has no method, or one that is not DELETE, GET, OPTIONS, PATCH, POST or PUT")]
    Method,
    #[error("does not begin with /graph/ or /sharepoint/")]
    Beginning,
    #[error(
        "is too long, has an empty segment or one of dots, an encoded character, or ** that is not its end"
    )]
    Path,
}

impl ProxyRule {
    pub fn check(&self) -> Result<(), InvalidRule> {
        let known = |method: &String| PROXY_METHODS.contains(&method.as_str());
        if self.methods.is_empty() || !self.methods.iter().all(known) {
            return Err(InvalidRule::Method);
        }
        let Some(("graph" | "sharepoint", rest)) =
            self.path.strip_prefix('/').and_then(|path| path.split_once('/'))
        else {
            return Err(InvalidRule::Beginning);
        };
        let mut segments = rest.split('/').rev();
        let last = segments.next().unwrap_or_default();
        let is_segment = |segment: &str| {
            !matches!(segment, "" | "." | "..")
                && !segment
                    .chars()
                    .any(|letter| letter.is_control() || letter.is_whitespace() || "?#%\\".contains(letter))
        };
        let is_plain = |segment: &str| is_segment(segment) && !segment.contains("**");
        let good = (last == "**" || is_plain(last)) && segments.all(is_plain);
        if good && self.path.len() <= LONGEST { Ok(()) } else { Err(InvalidRule::Path) }
    }

    /// Whether a request is within it. The path is decoded, its slashes are those that separate its segments.
    fn permits(&self, method: &str, path: &str) -> bool {
        let method = if method == "HEAD" { "GET" } else { method };
        self.methods.iter().any(|allowed| allowed == method) && matches(&self.path, path)
    }
}

/// Whether a key with these rules may send a request. The path is decoded; a `$batch` is never within rules, since
/// what is in it is within none.
pub fn permitted(rules: &[ProxyRule], method: &str, path: &str) -> bool {
    let is_batch = path.split('/').any(|segment| segment.eq_ignore_ascii_case("$batch"));
    !is_batch && rules.iter().any(|rule| rule.permits(method, path))
}

fn matches(pattern: &str, path: &str) -> bool {
    let mut wanted = pattern.split('/');
    let mut segments = path.split('/');
    loop {
        match (wanted.next(), segments.next()) {
            (Some("**"), _) | (None, None) => return true,
            (Some("*"), Some(segment)) if !segment.is_empty() => {}
            (Some(wanted), Some(segment)) if wanted == segment => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(methods: &[&str], path: &str) -> ProxyRule {
        ProxyRule {
            methods: methods.iter().map(|method| (*method).to_owned()).collect(),
            path: path.to_owned(),
        }
    }

    #[test]
    fn a_rule_names_methods_and_a_path_below_graph_or_sharepoint() {
        for path in
            ["/graph/**", "/graph/v1.0/me", "/sharepoint/sites/*/_api/web", "/graph/v1.0/users('x')/*"]
        {
            assert_eq!(rule(&["GET"], path).check(), Ok(()), "{path}");
        }
        for path in ["", "/", "/graph", "graph/v1.0", "/graphs/me", "/api/graph/me", "/Graph/me"] {
            assert_eq!(rule(&["GET"], path).check(), Err(InvalidRule::Beginning), "{path}");
        }
        let long = format!("/graph/{}", "a".repeat(LONGEST));
        for path in [
            "/graph/",
            "/graph//me",
            "/graph/../x",
            "/graph/**/me",
            "/graph/a**",
            "/graph/a b",
            "/graph/%2e",
            &long,
        ] {
            assert_eq!(rule(&["GET"], path).check(), Err(InvalidRule::Path), "{path}");
        }
        for methods in [&[][..], &["get"], &["GET", "CONNECT"], &["*"]] {
            assert_eq!(rule(methods, "/graph/**").check(), Err(InvalidRule::Method));
        }
    }

    #[test]
    fn a_request_is_within_a_rule_or_refused() {
        let rules = [rule(&["GET"], "/graph/v1.0/me/**"), rule(&["POST"], "/graph/v1.0/users/*/sendMail")];
        for (method, path) in [
            ("GET", "/graph/v1.0/me"),
            ("HEAD", "/graph/v1.0/me"),
            ("GET", "/graph/v1.0/me/messages/1/attachments"),
            ("POST", "/graph/v1.0/users/adele@contoso.com/sendMail"),
        ] {
            assert!(permitted(&rules, method, path), "{method} {path}");
        }
        for (method, path) in [
            ("GET", "/graph/v1.0/meeting"),
            ("GET", "/graph/v1.0/ME"),
            ("GET", "/graph/v1.0/users"),
            ("GET", "/graph/beta/me"),
            ("GET", "/sharepoint/v1.0/me"),
            ("DELETE", "/graph/v1.0/me/messages/1"),
            ("OPTIONS", "/graph/v1.0/me"),
            ("POST", "/graph/v1.0/users//sendMail"),
            ("POST", "/graph/v1.0/users/a/b/sendMail"),
            ("POST", "/graph/v1.0/users/a/sendMail/x"),
        ] {
            assert!(!permitted(&rules, method, path), "{method} {path}");
        }
    }

    #[test]
    fn a_batch_is_within_no_rule() {
        let rules = [rule(&["POST"], "/graph/**"), rule(&["POST"], "/sharepoint/**")];
        for path in ["/graph/v1.0/$batch", "/graph/v1.0/$BATCH", "/sharepoint/_api/$batch"] {
            assert!(!permitted(&rules, "POST", path), "{path}");
        }
        assert!(permitted(&rules, "POST", "/graph/v1.0/me/sendMail"));
    }
}
