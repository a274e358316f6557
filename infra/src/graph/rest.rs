//! SharePoint's own interface (`_api`), at the tenant's own host and with a token for it: another audience than
//! Graph's, which neither takes the other's tokens (SharePoint, "Get to know the SharePoint REST service").
//!
//! The host is what Graph says of the tenant's root site, if it ends as SharePoint's hosts do. A tenant that could name
//! any host here would be sent its own users' tokens for it; so the ending is a setting of the service.

use std::{sync::Arc, time::Duration};

use domain::{
    access::OnBehalfOf,
    delegation::{Resource, SharePointHost},
    graph::GraphError,
    sharepoint::{SharePointList, SiteId},
};
use moka::future::Cache;
use serde::Deserialize;
use url::Url;
use uuid::Uuid;

use super::{
    address::{Root, decoded},
    client::{Call, GraphClient},
    sharepoint::items,
    wire::{ListWire, Page},
};

const LIST_MEMBERS: &str = "Id,Title,Description,ItemCount,BaseTemplate,Hidden,Created";
/// A tenant's host changes once in its life, if at all.
const REMEMBERED: Duration = Duration::from_hours(12);
/// Of a site's lists.
const MOST_PAGES: usize = 20;
const MOST_REMEMBERED: u64 = 10_000;

/// Which hosts are SharePoint's.
#[derive(Clone, Debug)]
pub struct SharePointHosts {
    /// With the dot: `.sharepoint.com`.
    pub endings: Vec<String>,
    /// Where a host's interface is, with `{host}` for its name: `https://{host}`, or a place on this machine.
    pub address: String,
}

impl SharePointHosts {
    /// The host as a name that a token may be had for.
    fn host(&self, text: &str) -> Option<SharePointHost> {
        let host = SharePointHost::parse(text).ok()?;
        let name = host.as_str();
        let is_ours = self.endings.iter().any(|ending| {
            name.strip_suffix(ending.as_str()).is_some_and(|label| !label.is_empty() && !label.contains('.'))
        });
        is_ours.then_some(host)
    }

    /// The root of a host, if it is SharePoint's.
    pub(super) fn origin(&self, host: &SharePointHost) -> Option<Root> {
        let host = self.host(host.as_str())?;
        let place = Url::parse(&self.address.replace("{host}", host.as_str())).ok()?;
        Some(Root::new(&place, place.path()))
    }

    fn root(&self, host: &SharePointHost, web: &[String]) -> Option<Root> {
        let place = Url::parse(&self.address.replace("{host}", host.as_str())).ok()?;
        let web: Vec<&str> = web.iter().map(String::as_str).collect();
        let at_web = Root::new(&place, place.path()).at(&[&web[..], &["_api"]].concat(), &[]).ok()?;
        Some(Root::new(&place, at_web.path()))
    }
}

pub(super) struct SharePointRest {
    client: Arc<GraphClient>,
    hosts: SharePointHosts,
    known: Cache<Uuid, SharePointHost>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SitePlace {
    web_url: String,
}

impl SharePointRest {
    pub(super) fn new(client: Arc<GraphClient>, hosts: SharePointHosts) -> Self {
        let known = Cache::builder().max_capacity(MOST_REMEMBERED).time_to_live(REMEMBERED).build();
        Self { client, hosts, known }
    }

    /// All lists of a site. SharePoint gives them at once; were there a next page, it would be read as well.
    pub(super) async fn lists(
        &self,
        caller: &OnBehalfOf,
        site: Option<&SiteId>,
    ) -> Result<Vec<SharePointList>, GraphError> {
        let host = self.host(caller).await?;
        let web = match site {
            Some(site) => self.web(caller, site, &host).await?,
            None => Vec::new(),
        };
        let elsewhere = || GraphError::Unusable("a site at another host");
        let root = self.hosts.root(&host, &web).ok_or_else(elsewhere)?;
        let resource = Resource::SharePoint { host };
        let mut url = root.at(&["web", "lists"], &[("$select", LIST_MEMBERS)])?;
        let mut lists = Vec::new();
        for _ in 0..MOST_PAGES {
            let accept = "application/json;odata=nometadata";
            let call = Call { name: "lists", caller, resource: &resource, url, accept, body: None };
            let page: Page<ListWire> = self.client.json(&call).await?;
            let page = items(&root, page, |list| Some(list.list()))?;
            lists.extend(page.items);
            match page.next {
                Some(next) => url = root.follow(&next)?,
                None => return Ok(lists),
            }
        }
        Err(GraphError::Unusable("a list that does not end"))
    }

    /// The tenant's host. Only its own callers ask for it, so what is known of one tenant serves no other.
    async fn host(&self, caller: &OnBehalfOf) -> Result<SharePointHost, GraphError> {
        if let Some(host) = self.known.get(&caller.tenant()).await {
            return Ok(host);
        }
        let place = self.place(caller, "root").await?;
        let host = place.host_str().and_then(|name| self.hosts.host(name)).ok_or_else(|| {
            tracing::warn!(tenant = %caller.tenant(), "the tenant's SharePoint is at a host that is not SharePoint's");
            GraphError::Unusable("a host that is not SharePoint's")
        })?;
        self.known.insert(caller.tenant(), host.clone()).await;
        Ok(host)
    }

    /// The segments of a site's path, at the tenant's host.
    async fn web(
        &self,
        caller: &OnBehalfOf,
        site: &SiteId,
        host: &SharePointHost,
    ) -> Result<Vec<String>, GraphError> {
        let place = self.place(caller, site.as_str()).await?;
        if place.host_str() != Some(host.as_str()) {
            // Such as a OneDrive, whose host is an audience of its own.
            return Err(GraphError::NotFound);
        }
        let segments = place.path_segments().into_iter().flatten().filter(|segment| !segment.is_empty());
        Ok(segments.map(decoded).collect())
    }

    async fn place(&self, caller: &OnBehalfOf, site: &str) -> Result<Url, GraphError> {
        let url = self.client.root.at(&["sites", site], &[("$select", "id,webUrl")])?;
        let call = Call {
            name: "site",
            caller,
            resource: &Resource::Graph,
            url,
            accept: "application/json",
            body: None,
        };
        let place: SitePlace = self.client.json(&call).await?;
        Url::parse(&place.web_url).map_err(|_| GraphError::Unusable("a site without an address"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts() -> SharePointHosts {
        SharePointHosts { endings: vec![".sharepoint.com".to_owned()], address: "https://{host}".to_owned() }
    }

    #[test]
    fn a_token_is_had_for_hosts_of_sharepoint_only() {
        let host = |text| hosts().host(text).map(|host| host.to_string());
        assert_eq!(host("Contoso.SharePoint.com").as_deref(), Some("contoso.sharepoint.com"));
        for text in [
            "sharepoint.com",
            ".sharepoint.com",
            "evil.example",
            "contoso.sharepoint.com.evil.example",
            "contosesharepoint.com",
            "a.b.sharepoint.com",
            "contoso.sharepoint.com:8443",
            "contoso.sharepoint.com@evil.example",
            "",
        ] {
            assert_eq!(host(text), None, "{text}");
        }
    }

    #[test]
    fn the_interface_is_below_the_site() {
        let contoso = hosts().host("contoso.sharepoint.com").unwrap();
        let root = hosts().root(&contoso, &["sites".to_owned(), "R & D".to_owned()]).unwrap();
        assert_eq!(
            root.at(&["web", "lists"], &[]).unwrap().as_str(),
            "https://contoso.sharepoint.com/sites/R%20%26%20D/_api/web/lists"
        );
        assert!(hosts().root(&contoso, &["..".to_owned()]).is_none());
        let address = "http://localhost:4100/sharepoint/{host}".to_owned();
        let root = SharePointHosts { address, ..hosts() }.root(&contoso, &[]).unwrap();
        assert_eq!(
            root.at(&["web", "lists"], &[]).unwrap().as_str(),
            "http://localhost:4100/sharepoint/contoso.sharepoint.com/_api/web/lists"
        );
    }
}
