//! Several questions in one request (Microsoft Graph, "Combine multiple HTTP requests using JSON batching").

use std::collections::HashMap;

use domain::{
    access::OnBehalfOf,
    delegation::Resource,
    graph::GraphError,
    sharepoint::{DriveId, ItemId, ItemLookup},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    address::Root,
    client::{Call, GraphClient},
    refusal::Refusal,
    sharepoint::ITEM_MEMBERS,
    wire::ItemWire,
};

/// How many questions one request may hold.
const MOST: usize = 20;

#[derive(Deserialize)]
struct Answers {
    responses: Vec<Answer>,
}

#[derive(Deserialize)]
struct Answer {
    id: String,
    status: u16,
    #[serde(default)]
    body: Value,
}

impl GraphClient {
    /// What there is to know of some items, in their order; each is asked for once, however often it is named.
    pub(super) async fn look_up(
        &self,
        caller: &OnBehalfOf,
        items: &[(DriveId, ItemId)],
    ) -> Result<Vec<ItemLookup>, GraphError> {
        let mut distinct: Vec<&(DriveId, ItemId)> = Vec::new();
        let mut place: HashMap<&(DriveId, ItemId), usize> = HashMap::new();
        for item in items {
            place.entry(item).or_insert_with(|| {
                distinct.push(item);
                distinct.len() - 1
            });
        }
        let mut found = Vec::with_capacity(distinct.len());
        for some in distinct.chunks(MOST) {
            found.extend(self.batch(caller, some).await?);
        }
        let of = |item| place.get(item).and_then(|place| found.get(*place)).cloned();
        Ok(items.iter().map(|item| of(item).unwrap_or(ItemLookup::Unknown)).collect())
    }

    async fn batch(
        &self,
        caller: &OnBehalfOf,
        items: &[&(DriveId, ItemId)],
    ) -> Result<Vec<ItemLookup>, GraphError> {
        let mut requests = Vec::with_capacity(items.len());
        for (number, (drive, item)) in items.iter().enumerate() {
            let url = relative(&self.root, drive, item)?;
            requests.push(json!({ "id": number.to_string(), "method": "GET", "url": url }));
        }
        let call = Call {
            name: "batch",
            caller,
            resource: &Resource::Graph,
            url: self.root.at(&["$batch"], &[])?,
            accept: "application/json",
            body: Some(json!({ "requests": requests })),
        };
        let answers: Answers = self.json(&call).await?;
        let mut by_id: HashMap<String, Answer> =
            answers.responses.into_iter().map(|answer| (answer.id.clone(), answer)).collect();
        let each = (0..items.len()).map(|number| by_id.remove(&number.to_string()));
        Ok(each.map(|answer| answer.map_or(ItemLookup::Unknown, lookup)).collect())
    }
}

/// An address of an item, relative to the root, as a batch wants it.
fn relative(root: &Root, drive: &DriveId, item: &ItemId) -> Result<String, GraphError> {
    let segments = ["drives", drive.as_str(), "items", item.as_str()];
    let whole = root.at(&segments, &[("$select", ITEM_MEMBERS)])?;
    let base = root.at(&["-"], &[])?;
    let start = base.as_str().strip_suffix("/-").unwrap_or_default();
    Ok(whole.as_str().strip_prefix(start).unwrap_or_default().to_owned())
}

fn lookup(answer: Answer) -> ItemLookup {
    if (200..300).contains(&answer.status) {
        let item = serde_json::from_value::<ItemWire>(answer.body).ok().and_then(ItemWire::item);
        return item.map_or(ItemLookup::Unknown, |item| ItemLookup::Found(Box::new(item)));
    }
    let refusal = Refusal::of_part(answer.status, &answer.body);
    tracing::info!(graph.call = "batch", graph.refusal = %refusal.report, "Microsoft refused a part");
    match refusal.error() {
        // An id that Microsoft cannot read is an item that is not there.
        GraphError::NotFound | GraphError::NotUnderstood { .. } => ItemLookup::Gone,
        GraphError::Denied => ItemLookup::Denied,
        GraphError::RangeNotSatisfiable { .. }
        | GraphError::ResyncRequired
        | GraphError::Throttled { .. }
        | GraphError::Refused { .. }
        | GraphError::TimedOut
        | GraphError::Unreachable(_)
        | GraphError::Unusable(_)
        | GraphError::Delegation(_) => ItemLookup::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    #[test]
    fn addresses_in_a_batch_are_relative_to_the_version() {
        let root = Root::new(&Url::parse("https://graph.microsoft.com").unwrap(), "/v1.0");
        let (drive, item) = (DriveId::parse("b!x").unwrap(), ItemId::parse("01A").unwrap());
        let url = relative(&root, &drive, &item).unwrap();
        assert!(url.starts_with("/drives/b!x/items/01A?$select=id,"), "{url}");
    }

    #[test]
    fn each_part_has_its_own_end() {
        let of = |status, body| format!("{:?}", lookup(Answer { id: "0".to_owned(), status, body }));
        assert!(of(200, json!({ "id": "01A", "name": "a" })).starts_with("Found"));
        assert_eq!(of(200, json!([])), "Unknown");
        assert_eq!(of(404, json!({})), "Gone");
        assert_eq!(of(403, json!({})), "Denied");
        for status in [401, 424, 429, 500, 503, 504] {
            assert_eq!(of(status, json!({})), "Unknown", "{status}");
        }
    }
}
