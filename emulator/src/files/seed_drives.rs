//! What is in the drives at the start.

use chrono::{DateTime, Utc};

use super::{
    Content, Drive, Item, Kind, drive_id,
    id::item_guid,
    seed::{Place, after, start},
};
use crate::ids;

/// More than two pages of 200.
const ARCHIVED: usize = 450;
/// Of the brochure, in bytes.
const BROCHURE: usize = 300_000;

/// Of the marketing sites: folders in folders, a large one, awkward names, all kinds of items.
pub(super) fn documents(place: Place) -> Drive {
    let owner = if place.url.contains("contoso") { "Contoso" } else { "Fabrikam" };
    let mut shelf = Shelf::new(place);
    let root = ids::item("ROOT");
    shelf.text(&root, "WELCOME", "Welcome.txt", &format!("Welcome to {owner}.\n"));
    shelf.file(&root, "BROCHURE", "Brochure.pdf", Content::pdf(BROCHURE).to_vec());
    shelf.text(&root, "EMPTYFILE", "Empty.txt", "");
    shelf.text(&root, "UMLAUT", "Größe & Maße.txt", "Umlauts: äöüß\n");
    shelf.text(&root, "PERCENT", "100% done.txt", "A percent sign\n");
    shelf.text(&root, "HASH", "Plan #7 + notes.txt", "A hash and a plus\n");
    shelf.text(&root, "QUOTE", "Adele's list; final, v2.txt", "A quote\n");
    shelf.add(&root, "NOTEBOOK", "Notebook", Kind::Package("oneNote"));
    shelf.text(&root, "OBSOLETE", "Obsolete.txt", "Deleted long ago\n");
    let contracts = shelf.folder(&root, "CONTRACTS", "Contracts");
    shelf.text(&contracts, "MASTERAGREEMENT", "Master agreement.txt", &format!("{owner} agrees.\n"));
    let year = shelf.folder(&contracts, "CONTRACTS2026", "2026");
    let quarter = shelf.folder(&year, "CONTRACTSQ1", "Q1 – first quarter");
    shelf.text(&quarter, "DEEP", "Deep.txt", "Three folders down\n");
    shelf.folder(&root, "EMPTYFOLDER", "Empty folder");
    let archive = shelf.folder(&root, "ARCHIVE", "Archive");
    for number in 1..=ARCHIVED {
        let (key, name) = (format!("ARCHIVE{number:04}"), format!("Record {number:04}.txt"));
        shelf.text(&archive, &key, &name, &format!("Record {number} of {owner}\n"));
    }
    for item in shelf.0.items.iter_mut().filter(|item| item.name == "Obsolete.txt") {
        item.is_deleted = true;
    }
    shelf.0
}

/// A second library.
pub(super) fn archive(place: Place) -> Drive {
    let mut shelf = Shelf::new(place);
    let root = ids::item("ROOT");
    shelf.text(&root, "WELCOME", "Summer.txt", "The summer campaign\n");
    shelf.0
}

/// Of all other sites.
pub(super) fn small(place: Place) -> Drive {
    let text = format!("Read me first: {}\n", place.url);
    let mut shelf = Shelf::new(place);
    let root = ids::item("ROOT");
    shelf.text(&root, "WELCOME", "Read me.txt", &text);
    shelf.0
}

/// Somebody's own.
pub(super) fn onedrive(place: Place) -> Drive {
    let text = format!("Notes of {}\n", place.owner.unwrap_or_default());
    let mut shelf = Shelf::new(place);
    let root = ids::item("ROOT");
    let notes = shelf.folder(&root, "PRIVATE", "Private");
    shelf.text(&notes, "WELCOME", "Notes.txt", &text);
    shelf.0
}

struct Shelf(Drive);

impl Shelf {
    fn new(place: Place) -> Self {
        let Place { tenant, collection, web, list, owner, name, url } = place;
        let id = drive_id(collection, web, list);
        let root = Item {
            id: ids::item("ROOT"),
            guid: item_guid(&id, "ROOT"),
            parent: None,
            name: "root".to_owned(),
            kind: Kind::Folder,
            created: start(),
            modified: start(),
            version: 1,
            changed: 0,
            is_deleted: false,
        };
        Self(Drive { id, tenant, web, list, owner, name: name.to_owned(), url, items: vec![root] })
    }

    fn add(&mut self, parent: &str, key: &str, name: &str, kind: Kind) -> String {
        let id = ids::item(key);
        let time: DateTime<Utc> = after(self.0.items.len());
        self.0.items.push(Item {
            id: id.clone(),
            guid: item_guid(&self.0.id, &id),
            parent: Some(parent.to_owned()),
            name: name.to_owned(),
            kind,
            created: time,
            modified: time,
            version: 1,
            changed: 0,
            is_deleted: false,
        });
        id
    }

    fn folder(&mut self, parent: &str, key: &str, name: &str) -> String {
        self.add(parent, key, name, Kind::Folder)
    }

    fn file(&mut self, parent: &str, key: &str, name: &str, bytes: Vec<u8>) {
        self.add(parent, key, name, Kind::File(Content::new(name, bytes)));
    }

    fn text(&mut self, parent: &str, key: &str, name: &str, text: &str) {
        self.file(parent, key, name, text.as_bytes().to_vec());
    }
}
