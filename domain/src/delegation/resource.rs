//! What a token is for.

use std::fmt;

/// A downstream resource. A token is for one of them and good for no other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Resource {
    /// Microsoft Graph.
    Graph,
    /// SharePoint's own API (`_api`) at one host: each host of a tenant (also its `-my` and `-admin` ones) is an
    /// audience of its own.
    SharePoint { host: SharePointHost },
}

impl Resource {
    /// A word for metrics and logs: few values, whoever calls.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Graph => "graph",
            Self::SharePoint { .. } => "sharepoint",
        }
    }
}

/// The host of a tenant's SharePoint (`contoso.sharepoint.com`), perhaps with a port: lower case and nothing else, so
/// that two spellings are not two resources, and no path or scope can be smuggled into what is asked of Entra ID.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SharePointHost(String);

/// The text is not a host.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a host")]
pub struct InvalidHost;

impl SharePointHost {
    /// The longest name that the DNS knows, in bytes (RFC 1035 §2.3.4), and a port.
    const LONGEST: usize = 253 + 6;

    /// Reads `name` or `name:port`.
    pub fn parse(text: &str) -> Result<Self, InvalidHost> {
        let (name, port) = match text.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (text, None),
        };
        let is_label = |label: &str| {
            let inside = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            (1..=63).contains(&label.len())
                && label.bytes().all(inside)
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let is_port =
            |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
        let is_host =
            text.len() <= Self::LONGEST && name.split('.').all(is_label) && port.is_none_or(is_port);
        if is_host { Ok(Self(text.to_ascii_lowercase())) } else { Err(InvalidHost) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SharePointHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_host_and_nothing_else() {
        let host = |text| SharePointHost::parse(text).map(|host| host.to_string());
        assert_eq!(host("Contoso.SharePoint.com").as_deref(), Ok("contoso.sharepoint.com"));
        assert_eq!(host("contoso-my.sharepoint.com").as_deref(), Ok("contoso-my.sharepoint.com"));
        assert_eq!(host("localhost:4100").as_deref(), Ok("localhost:4100"));
        for text in [
            "",
            ".",
            "contoso..com",
            "contoso.com/",
            "contoso.com/.default",
            "contoso.com .default",
            "https://contoso.com",
            "user@contoso.com",
            "contoso.com:",
            "contoso.com:+1",
            "contoso.com:99999",
            "contoso.com:1:2",
            "-contoso.com",
            "contoso-.com",
            "con_toso.com",
            "contoso.com\r\n",
            "contoso.com%2f",
            "cöntoso.com",
        ] {
            assert_eq!(host(text), Err(InvalidHost), "{text}");
        }
        assert_eq!(host(&"a.".repeat(140)), Err(InvalidHost));
    }
}
