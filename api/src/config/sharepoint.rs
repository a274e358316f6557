//! SharePoint and Graph: where they are, beside what the cloud says, and how long they may take.

use std::time::Duration;

use url::Url;

use super::{
    parse,
    reader::{Parsed, Reader},
    setting::Setting,
};

static GRAPH_TIMEOUT: Setting = Setting::new("GRAPH_TIMEOUT", "sharepoint.graph_timeout");
static ANNOTATIONS_CHECK_ITEMS: Setting =
    Setting::new("ANNOTATIONS_CHECK_ITEMS", "sharepoint.annotations_check_items");
static SHAREPOINT_DOMAINS: Setting = Setting::new("SHAREPOINT_DOMAINS", "sharepoint.domains").list();
static SHAREPOINT_URL: Setting = Setting::new("SHAREPOINT_URL", "sharepoint.url");

pub(super) static SETTINGS: &[&Setting] =
    &[&GRAPH_TIMEOUT, &ANNOTATIONS_CHECK_ITEMS, &SHAREPOINT_DOMAINS, &SHAREPOINT_URL];

/// Where a host's own interface is, in every cloud.
const AT_THE_HOST: &str = "https://{host}";

/// `[sharepoint]`.
#[derive(Clone, Debug)]
pub struct SharePointConfig {
    /// For one answer of Graph or SharePoint.
    pub graph_timeout: Duration,
    /// What a tenant's SharePoint host ends in. Nowhere else are SharePoint's tokens sent.
    pub domains: Vec<String>,
    /// Where a host's interface is, with `{host}` for its name.
    pub url: String,
    /// Whether an item must be one that the caller may see before it can be annotated.
    pub checks_items: bool,
}

impl SharePointConfig {
    /// `graph` decides the cloud.
    pub(super) fn read(reader: &mut Reader, graph: &Url) -> Self {
        let domains = reader.list(&SHAREPOINT_DOMAINS, parse::domain).unwrap_or_default();
        let of_cloud = || vec![domain_of(graph).to_owned()];
        let graph_timeout = reader.value(&GRAPH_TIMEOUT, timeout);
        let url = reader.value(&SHAREPOINT_URL, template);
        Self {
            graph_timeout: graph_timeout.unwrap_or(Duration::from_secs(10)),
            domains: if domains.is_empty() { of_cloud() } else { domains },
            url: url.unwrap_or_else(|| address_of(graph)),
            checks_items: reader.value(&ANNOTATIONS_CHECK_ITEMS, parse::boolean).unwrap_or(true),
        }
    }
}

/// SharePoint's domain in a cloud (Microsoft 365, "URLs and IP address ranges").
fn domain_of(graph: &Url) -> &'static str {
    match graph.host_str().unwrap_or_default() {
        "graph.microsoft.us" => "sharepoint.us",
        "dod-graph.microsoft.us" => "sharepoint-mil.us",
        "microsoftgraph.chinacloudapi.cn" => "sharepoint.cn",
        _ => "sharepoint.com",
    }
}

/// Beside the emulator's Graph is its SharePoint.
fn address_of(graph: &Url) -> String {
    if parse::is_loopback(graph) {
        format!("{}/sharepoint/{{host}}", graph.as_str().trim_end_matches('/'))
    } else {
        AT_THE_HOST.to_owned()
    }
}

fn timeout(text: &str) -> Parsed<Duration> {
    // A request has 30 s at the listener, and asks more than once.
    let allowed = Duration::from_millis(50)..=Duration::from_secs(25);
    let given = parse::duration(text)?;
    if allowed.contains(&given) {
        Ok(given)
    } else {
        Err("is not between 50ms and 25s; give one such as 10s")
    }
}

fn template(text: &str) -> Parsed<String> {
    const REFUSAL: &str = "is not where a SharePoint host is; give https://{host}, or on this machine http://localhost:4100/sharepoint/{host}";
    if text == AT_THE_HOST {
        return Ok(text.to_owned());
    }
    let place = text.strip_suffix("/{host}").and_then(|place| Url::parse(place).ok()).ok_or(REFUSAL)?;
    let plain = place.query().is_none() && place.fragment().is_none() && place.username().is_empty();
    if plain && parse::is_loopback(&place) && text.matches('{').count() == 1 {
        Ok(text.to_owned())
    } else {
        Err(REFUSAL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(url: &str) -> Url {
        Url::parse(url).unwrap()
    }

    #[test]
    fn each_cloud_has_its_sharepoint() {
        for (url, domain) in [
            ("https://graph.microsoft.com", "sharepoint.com"),
            ("https://graph.microsoft.us", "sharepoint.us"),
            ("https://microsoftgraph.chinacloudapi.cn", "sharepoint.cn"),
        ] {
            assert_eq!(domain_of(&graph(url)), domain);
            assert_eq!(address_of(&graph(url)), "https://{host}");
        }
        assert_eq!(address_of(&graph("http://localhost:4100")), "http://localhost:4100/sharepoint/{host}");
    }

    #[test]
    fn the_host_is_a_host_wherever_it_is() {
        for right in
            ["https://{host}", "http://localhost:4100/sharepoint/{host}", "http://127.0.0.1:1/{host}"]
        {
            assert_eq!(template(right).as_deref(), Ok(right));
        }
        for wrong in [
            "",
            "https://contoso.sharepoint.com",
            "https://evil.example/{host}",
            "http://{host}",
            "https://{host}.evil.example",
            "https://user@{host}",
            "http://localhost:4100/{host}/{host}",
            "http://localhost:4100/?x=/{host}",
        ] {
            assert!(template(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_answer_has_a_time() {
        assert!(timeout("10s").is_ok());
        for wrong in ["0s", "1ms", "1m", "soon"] {
            assert!(timeout(wrong).is_err(), "{wrong}");
        }
    }
}
