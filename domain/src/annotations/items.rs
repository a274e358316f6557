//! The items that annotations mark, at Microsoft.

use super::{Annotation, ItemRef};
use crate::{
    access::{Authorized, OnBehalfOf, Permission},
    graph::GraphError,
    sharepoint::{self, DriveId, DriveItem, ItemId, ItemLookup, SharePoint, SiteId},
};

/// The caller, if Microsoft can be asked in their name and they may do so here.
pub(super) fn person<P: Permission>(caller: &Authorized<P>) -> Option<OnBehalfOf> {
    caller.on_behalf_of().ok().filter(|_| caller.principal().may::<sharepoint::Read>())
}

/// What Microsoft knows an item by; `None` for what it never gave.
pub(super) fn ids(item: &ItemRef) -> Option<(DriveId, ItemId)> {
    Some((DriveId::parse(&item.drive_id)?, ItemId::parse(&item.item_id)?))
}

/// Whether Microsoft says that the item is in another site than the one that is named. What is no whole id of a site
/// (host name, site collection and web) says nothing.
pub(super) fn is_elsewhere(found: &DriveItem, named: &ItemRef) -> bool {
    let site = found.site_id.as_ref().map(SiteId::as_str);
    site.is_some_and(|site| site.split(',').count() == 3 && !site.eq_ignore_ascii_case(&named.site_id))
}

/// All of them in as few requests as possible. What Microsoft never gave is gone without asking.
pub(super) async fn look_up(
    sharepoint: &dyn SharePoint,
    person: &OnBehalfOf,
    annotations: &[Annotation],
) -> Result<Vec<ItemLookup>, GraphError> {
    let asked: Vec<Option<(DriveId, ItemId)>> =
        annotations.iter().map(|annotation| ids(&annotation.item)).collect();
    let known: Vec<(DriveId, ItemId)> = asked.iter().flatten().cloned().collect();
    if known.is_empty() {
        return Ok(asked.iter().map(|_| ItemLookup::Gone).collect());
    }
    let mut found = sharepoint.look_up(person, &known).await?.into_iter();
    Ok(asked
        .into_iter()
        .map(|ids| match ids {
            Some(_) => found.next().unwrap_or(ItemLookup::Unknown),
            None => ItemLookup::Gone,
        })
        .collect())
}
