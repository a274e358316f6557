//! What is there at the start. Contoso and Fabrikam have sites of the same names and items of the same ids.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::{Uuid, uuid};

use super::{
    Access, Files, List, Site,
    seed_drives::{archive, documents, onedrive, small},
};

const CONTOSO: Uuid = uuid!("c0000000-0000-4000-8000-000000000001");
const FABRIKAM: Uuid = uuid!("f0000000-0000-4000-8000-000000000002");
/// Small sites, so that a search has more than it shows at once.
const PROJECTS: u128 = 30;

/// The beginning of all that is there.
pub(super) fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_603_600, 0).unwrap_or_default()
}

pub(super) fn all() -> Files {
    // A delta token that knows nothing yet says 0.
    let mut files = Files { sequence: 1, ..Files::default() };
    let mut contoso = Builder { files: &mut files, tenant: CONTOSO, name: "contoso", next: 0 };
    contoso.site("", "Contoso", "Start page of the company", Access::Organization, small);
    let marketing = "Campaigns, brand & Größe";
    contoso.site("sites/marketing", "Marketing", marketing, Access::Organization, documents);
    contoso.library("Campaigns", archive);
    contoso.site("sites/engineering", "Engineering", "Drawings and plans", Access::Organization, small);
    contoso.site("sites/hr", "Human Resources", "Personnel files", Access::Only(vec!["adele"]), small);
    for number in 1..=PROJECTS {
        let (path, title) = (format!("sites/project-{number:02}"), format!("Project {number:02}"));
        contoso.site(&path, &title, "A project", Access::Organization, small);
    }
    for handle in ["adele", "alex", "lee"] {
        contoso.onedrive(handle);
    }
    let mut fabrikam = Builder { files: &mut files, tenant: FABRIKAM, name: "fabrikam", next: 0 };
    fabrikam.site("", "Fabrikam", "Start page of the company", Access::Organization, small);
    fabrikam.site("sites/marketing", "Marketing", "Fabrikam's own", Access::Organization, documents);
    let partners = Access::Only(vec!["megan", "nestor", "adele"]);
    fabrikam.site("sites/partners", "Partners", "Open to guests", partners, small);
    for handle in ["megan", "nestor"] {
        fabrikam.onedrive(handle);
    }
    files
}

/// Puts the sites of one tenant in, each with ids that follow from its place.
struct Builder<'a> {
    files: &'a mut Files,
    tenant: Uuid,
    name: &'static str,
    next: u128,
}

/// What a drive is made of.
pub(super) struct Place {
    pub(super) tenant: Uuid,
    pub(super) collection: Uuid,
    pub(super) web: Uuid,
    pub(super) list: Uuid,
    pub(super) owner: Option<&'static str>,
    pub(super) name: &'static str,
    pub(super) url: String,
}

impl Builder<'_> {
    fn site(
        &mut self,
        path: &str,
        title: &str,
        description: &str,
        access: Access,
        fill: fn(Place) -> super::Drive,
    ) {
        self.next += 1;
        let host = format!("{}.sharepoint.com", self.name);
        self.files.sites.push(Site {
            tenant: self.tenant,
            host,
            path: path.to_owned(),
            collection: self.guid(0x1000),
            web: self.guid(0x2000),
            title: title.to_owned(),
            description: description.to_owned(),
            created: start(),
            access,
            lists: Vec::new(),
        });
        self.library("Documents", fill);
        let rows = (1..=120).map(|number| format!("{title}: task {number}")).collect();
        let tasks = List { id: self.guid(0x4000), title: "Tasks".to_owned(), rows, is_library: false };
        if let Some(site) = self.files.sites.last_mut() {
            site.lists.push(tasks);
        }
    }

    /// One more library of the site that was put in last.
    fn library(&mut self, name: &'static str, fill: fn(Place) -> super::Drive) {
        let Some(site) = self.files.sites.last() else { return };
        let count = site.lists.len() as u128;
        let list = self.guid(0x3000 + 0x0100 * count);
        let folder = if name == "Documents" { "Shared%20Documents" } else { name };
        let place = Place {
            tenant: self.tenant,
            collection: site.collection,
            web: site.web,
            list,
            owner: None,
            name,
            url: format!("{}/{folder}", site.url()),
        };
        self.files.drives.push(fill(place));
        if let Some(site) = self.files.sites.last_mut() {
            site.lists.push(List { id: list, title: name.to_owned(), rows: Vec::new(), is_library: true });
        }
    }

    fn onedrive(&mut self, handle: &'static str) {
        self.next += 1;
        let name = self.name;
        self.files.drives.push(onedrive(Place {
            tenant: self.tenant,
            collection: self.guid(0x1000),
            web: self.guid(0x2000),
            list: self.guid(0x3000),
            owner: Some(handle),
            name: "OneDrive",
            url: format!("https://{name}-my.sharepoint.com/personal/{handle}_{name}_com/Documents"),
        }));
    }

    fn guid(&self, kind: u128) -> Uuid {
        Uuid::from_u128((self.tenant.as_u128() >> 16 << 16) | (kind + self.next))
    }
}

/// So many minutes after the beginning.
pub(super) fn after(minutes: usize) -> DateTime<Utc> {
    start() + TimeDelta::minutes(i64::try_from(minutes).unwrap_or_default())
}
