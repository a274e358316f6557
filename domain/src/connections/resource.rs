//! What a token is asked for.

use crate::delegation::SharePointHost;

/// A resource, as callers name it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// `graph`: Microsoft Graph.
    Graph,
    /// `sharepoint`: SharePoint of the account's own tenant.
    SharePoint,
    /// `sharepoint:{host}`: SharePoint at a host, such as `contoso-my.sharepoint.com`.
    SharePointHost(SharePointHost),
    /// The identifier of any resource: an https address without path, or `api://…`.
    Uri(String),
}

/// The text names no resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is neither graph, sharepoint, sharepoint:{{host}} nor the identifier of a resource")]
pub struct InvalidResource;

/// Longer identifiers of resources are none.
const LONGEST: usize = 500;

impl Target {
    /// Reads a name.
    pub fn parse(text: &str) -> Result<Self, InvalidResource> {
        match text {
            "graph" => return Ok(Self::Graph),
            "sharepoint" => return Ok(Self::SharePoint),
            _ => {}
        }
        if let Some(host) = text.strip_prefix("sharepoint:") {
            return SharePointHost::parse(host).map(Self::SharePointHost).map_err(|_| InvalidResource);
        }
        // What could end the scope that is made of it, or begin another one, is no identifier.
        let is_plain = text.len() <= LONGEST
            && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"\\<>^`{|},;".contains(&byte));
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("api://"));
        let is_named = rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'));
        if is_plain && is_named {
            Ok(Self::Uri(text.trim_end_matches('/').to_owned()))
        } else {
            Err(InvalidResource)
        }
    }
}

/// How resources are called in this cloud.
#[derive(Clone, Debug)]
pub struct ResourceNames {
    /// Microsoft Graph's identifier: scheme and host, such as `https://graph.microsoft.com`.
    pub graph: String,
}

impl ResourceNames {
    /// The identifier of a resource, without a slash at its end; `None` for the SharePoint of a tenant that has none.
    pub fn uri(&self, target: &Target, own_host: Option<&SharePointHost>) -> Option<String> {
        match target {
            Target::Graph => Some(self.graph.clone()),
            Target::SharePoint => own_host.map(|host| format!("https://{host}")),
            Target::SharePointHost(host) => Some(format!("https://{host}")),
            Target::Uri(uri) => Some(match uri.strip_prefix("https://") {
                // Names of hosts are the same in either case.
                Some(host) if !host.contains('/') => format!("https://{}", host.to_ascii_lowercase()),
                _ => uri.clone(),
            }),
        }
    }
}

/// What is asked for: a resource, and perhaps permissions of it.
#[derive(Clone, Debug)]
pub struct ResourceRequest {
    pub target: Target,
    /// Names of permissions, of this one resource; empty for everything that was consented to.
    pub scopes: Vec<String>,
}

impl ResourceRequest {
    /// Everything that was consented to at a resource.
    pub fn all_of(target: Target) -> Self {
        Self { target, scopes: Vec::new() }
    }

    /// A resource with a list of permissions, with blanks between them. The resource may stand before each; another one
    /// may not. `.default` alone is everything.
    pub fn parse(resource: &str, scopes: &str) -> Result<Self, InvalidResource> {
        let target = Target::parse(resource)?;
        let mut names = Vec::new();
        for scope in scopes.split_ascii_whitespace() {
            let name = scope.rsplit_once('/').map_or(scope, |(_, name)| name);
            let is_name = !name.is_empty()
                && name.len() <= 128
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
            if !is_name {
                return Err(InvalidResource);
            }
            if scope.contains('/') && !is_prefixed(&target, scope) {
                return Err(InvalidResource);
            }
            let is_oidc = ["openid", "profile", "email", "offline_access"].contains(&name);
            if name != ".default" && !is_oidc {
                names.push(name.to_owned());
            }
        }
        names.sort_unstable();
        names.dedup();
        if names.len() > 100 { Err(InvalidResource) } else { Ok(Self { target, scopes: names }) }
    }
}

/// Whether the resource stands before the name of a scope. That of Graph and of the tenant's own SharePoint is not
/// known here, so of these names come bare.
fn is_prefixed(target: &Target, scope: &str) -> bool {
    let resource = scope.rsplit_once('/').map_or("", |(resource, _)| resource).trim_end_matches('/');
    match target {
        Target::Graph | Target::SharePoint => false,
        Target::SharePointHost(host) => resource.eq_ignore_ascii_case(&format!("https://{host}")),
        Target::Uri(uri) => resource.eq_ignore_ascii_case(uri),
    }
}

/// The bare name of a scope, in small letters, for comparing.
pub(super) fn bare(scope: &str) -> String {
    scope.rsplit_once('/').map_or(scope, |(_, name)| name).to_ascii_lowercase()
}

/// Whether all that is wanted is granted.
pub(super) fn covers(granted: &[String], wanted: &[String]) -> bool {
    let granted: Vec<String> = granted.iter().map(|scope| bare(scope)).collect();
    wanted.iter().all(|scope| granted.contains(&bare(scope)))
}

/// What Entra ID is asked for: the names that are wanted beside those that are had, each with its resource; or
/// everything that was consented to. Besides, a new refresh token.
pub(super) fn scopes_to_ask(uri: &str, wanted: &[String], had: &[String]) -> Vec<String> {
    let mut scopes: Vec<String> = vec!["offline_access".to_owned()];
    if wanted.is_empty() {
        scopes.push(format!("{uri}/.default"));
        return scopes;
    }
    let is_named = |scope: &&String| {
        !["openid", "profile", "email", "offline_access", ".default"].contains(&bare(scope).as_str())
    };
    let mut names: Vec<&str> = wanted
        .iter()
        .chain(had)
        .filter(is_named)
        .map(|scope| scope.rsplit_once('/').map_or(scope.as_str(), |(_, name)| name))
        .collect();
    names.sort_unstable();
    names.dedup();
    scopes.extend(names.into_iter().map(|name| format!("{uri}/{name}")));
    scopes
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: fn() -> ResourceNames = || ResourceNames { graph: "https://graph.microsoft.com".to_owned() };

    #[test]
    fn a_resource_is_named_in_four_ways() {
        let own = SharePointHost::parse("contoso.sharepoint.com").unwrap();
        let uri = |text: &str| NAMES().uri(&Target::parse(text).unwrap(), Some(&own));
        assert_eq!(uri("graph").as_deref(), Some("https://graph.microsoft.com"));
        assert_eq!(uri("https://graph.microsoft.com/").as_deref(), Some("https://graph.microsoft.com"));
        assert_eq!(uri("sharepoint").as_deref(), Some("https://contoso.sharepoint.com"));
        assert_eq!(
            uri("sharepoint:Contoso-My.sharepoint.com").as_deref(),
            Some("https://contoso-my.sharepoint.com")
        );
        assert_eq!(uri("api://an-app").as_deref(), Some("api://an-app"));
        assert_eq!(NAMES().uri(&Target::SharePoint, None), None);
        for text in [
            "",
            "Graph",
            "sharepoint:",
            "sharepoint:a/b",
            "https://",
            "https:///x",
            "http://graph.microsoft.com",
            "https://a b",
            "https://a\nb",
            "api://",
            "file:///etc/passwd",
        ] {
            assert_eq!(Target::parse(text), Err(InvalidResource), "{text:?}");
        }
    }

    #[test]
    fn scopes_are_of_the_one_resource() {
        let scopes = |resource: &str, scopes: &str| {
            ResourceRequest::parse(resource, scopes).map(|request| request.scopes)
        };
        assert_eq!(
            scopes("graph", "User.Read  Mail.Read User.Read"),
            Ok(vec!["Mail.Read".to_owned(), "User.Read".to_owned()])
        );
        assert_eq!(scopes("graph", ".default openid"), Ok(vec![]));
        assert_eq!(scopes("api://x", "api://x/Do"), Ok(vec!["Do".to_owned()]));
        for (resource, text) in [
            ("graph", "https://evil.example/.default"),
            ("sharepoint:a.sharepoint.com", "https://b.sharepoint.com/AllSites.Read"),
            ("graph", "User.Read%20"),
            ("graph", "/"),
        ] {
            assert_eq!(scopes(resource, text), Err(InvalidResource), "{resource} {text}");
        }
    }

    #[test]
    fn what_is_granted_covers_what_is_wanted_however_it_is_spelled() {
        let list = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let granted = list(&["https://graph.microsoft.com/User.Read", "Mail.Read", "openid"]);
        assert!(covers(&granted, &list(&["user.read", "https://graph.microsoft.com/Mail.Read"])));
        assert!(covers(&granted, &[]));
        assert!(!covers(&granted, &list(&["Mail.Send"])));
        let asked = scopes_to_ask(
            "https://g",
            &list(&["Mail.Send"]),
            &list(&["https://g/Mail.Read", "openid", "https://g/.default"]),
        );
        assert_eq!(asked[1..], ["https://g/Mail.Read", "https://g/Mail.Send"]);
        assert_eq!(scopes_to_ask("https://g", &[], &granted)[1..], ["https://g/.default"]);
    }
}
