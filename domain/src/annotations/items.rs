//! The items that annotations mark, at Microsoft.

use super::{Annotation, ItemRef};
use crate::{
    access::{Authorized, OnBehalfOf, Permission},
    graph::GraphError,
    sharepoint::{self, DriveId, ItemId, ItemLookup, SharePoint},
};

/// The caller, if Microsoft can be asked in their name and they may do so here.
pub(super) fn person<P: Permission>(caller: &Authorized<P>) -> Option<OnBehalfOf> {
    caller.on_behalf_of().ok().filter(|_| caller.principal().may::<sharepoint::Read>())
}

/// What Microsoft knows an item by; `None` for what it never gave.
pub(super) fn ids(item: &ItemRef) -> Option<(DriveId, ItemId)> {
    Some((DriveId::parse(&item.drive_id)?, ItemId::parse(&item.item_id)?))
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
