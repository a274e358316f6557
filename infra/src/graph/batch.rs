//! Several questions in one request (Microsoft Graph, "Combine multiple HTTP requests using JSON batching").

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::{
    access::OnBehalfOf,
    delegation::Resource,
    graph::GraphError,
    sharepoint::{DriveId, ItemId, ItemLookup},
};
use futures_util::future::join_all;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::time::{Instant, timeout_at};

use super::{
    address::Root,
    client::{Call, GraphClient},
    patience::Patience,
    refusal::Refusal,
    sharepoint::ITEM_MEMBERS,
    wire::ItemWire,
};

/// How many questions one request may hold.
const MOST: usize = 20;
/// How many such requests of one look are under way at once.
const AT_ONCE: usize = 3;

#[derive(Deserialize)]
struct Answers {
    responses: Vec<Answer>,
}

#[derive(Deserialize)]
struct Answer {
    id: String,
    status: u16,
    #[serde(default)]
    headers: Map<String, Value>,
    #[serde(default)]
    body: Value,
}

/// What became of one question.
enum Part {
    Known(ItemLookup),
    Refused(Refusal),
}

impl GraphClient {
    /// What there is to know of some items, in their order; each is asked for once, however often it is named. All of
    /// it takes no longer than one question may; what is not known by then stays unknown.
    pub(super) async fn look_up(
        &self,
        caller: &OnBehalfOf,
        items: &[(DriveId, ItemId)],
    ) -> Result<Vec<ItemLookup>, GraphError> {
        let deadline = Instant::now() + self.timeout;
        let mut distinct: Vec<&(DriveId, ItemId)> = Vec::new();
        let mut place: HashMap<&(DriveId, ItemId), usize> = HashMap::new();
        for item in items {
            place.entry(item).or_insert_with(|| {
                distinct.push(item);
                distinct.len() - 1
            });
        }
        let mut found = Vec::with_capacity(distinct.len());
        let mut failure = None;
        for some in distinct.chunks(MOST * AT_ONCE) {
            let mut batches = Vec::with_capacity(AT_ONCE);
            for items in some.chunks(MOST) {
                batches.push(self.batch(caller, items, deadline));
            }
            for (parts, failed) in join_all(batches).await {
                found.extend(parts);
                failure = failure.or(failed);
            }
            if failure.is_some() {
                break;
            }
        }
        if let Some(error) = failure {
            if found.iter().all(|one| matches!(one, ItemLookup::Unknown)) {
                return Err(error);
            }
            tracing::info!(%error, "some items could not be looked for");
        }
        let of = |item| place.get(item).and_then(|place| found.get(*place)).cloned();
        Ok(items.iter().map(|item| of(item).unwrap_or(ItemLookup::Unknown)).collect())
    }

    /// What there is to know of a few items, and what went wrong if that is not all there is. Parts that are refused
    /// for the moment are asked for again.
    async fn batch(
        &self,
        caller: &OnBehalfOf,
        items: &[&(DriveId, ItemId)],
        deadline: Instant,
    ) -> (Vec<ItemLookup>, Option<GraphError>) {
        let mut found = vec![ItemLookup::Unknown; items.len()];
        let mut open: Vec<usize> = (0..items.len()).collect();
        let (mut patience, mut is_renewed) = (Patience::new(), false);
        while !open.is_empty() && Instant::now() < deadline {
            let round = self.round(caller, items, &mut open, &mut found, &mut patience, &mut is_renewed);
            match timeout_at(deadline, round).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return (found, Some(error)),
                Err(_) => return (found, Some(GraphError::TimedOut)),
            }
        }
        let failure = (!open.is_empty()).then_some(GraphError::TimedOut);
        (found, failure)
    }

    /// Asks for what is open, and waits before the next round if there is to be one.
    async fn round(
        &self,
        caller: &OnBehalfOf,
        items: &[&(DriveId, ItemId)],
        open: &mut Vec<usize>,
        found: &mut [ItemLookup],
        patience: &mut Patience,
        is_renewed: &mut bool,
    ) -> Result<(), GraphError> {
        let call = self.question(caller, items, open)?;
        let (answers, token) = self.json_and_token::<Answers>(&call).await?;
        let lane = self.lane(caller, call.resource);
        let now = self.ports.clock.now();
        let (mut wait, mut passing, mut of_token) = (None, None, None);
        let mut again = Vec::new();
        for answer in answers.responses {
            let Some(number) = answer.id.parse().ok().filter(|number| open.contains(number)) else {
                continue;
            };
            let refusal = match part(answer, now) {
                Part::Known(lookup) => {
                    if let Some(place) = found.get_mut(number) {
                        *place = lookup;
                    }
                    continue;
                }
                Part::Refused(refusal) => refusal,
            };
            self.close_if_throttled(&lane, &refusal);
            if refusal.is_about_the_token() {
                again.push(number);
                of_token = of_token.or(Some(refusal));
            } else if refusal.is_passing() {
                again.push(number);
                wait = wait.max(refusal.retry_after);
                passing = passing.or(Some(refusal.error()));
            }
        }
        *open = again;
        if let Some(refusal) = of_token {
            // Once, as with any other question; with a challenge it is the caller's client that has to act.
            if std::mem::replace(is_renewed, true) && refusal.claims.is_none() {
                return Err(refusal.error());
            }
            let claims = refusal.claims.as_ref();
            let newer = self.ports.tokens.refused(caller, call.resource, &token, claims).await?;
            if newer.is_none() {
                return Err(refusal.error());
            }
        }
        if let Some(error) = passing {
            // Parts that stay refused are unknown; others may be answered all the same.
            if self.pause_or(patience, wait, error).await.is_err() {
                open.clear();
            }
        }
        Ok(())
    }

    fn question<'a>(
        &self,
        caller: &'a OnBehalfOf,
        items: &[&(DriveId, ItemId)],
        open: &[usize],
    ) -> Result<Call<'a>, GraphError> {
        let mut requests = Vec::with_capacity(open.len());
        for (number, (drive, item)) in items.iter().enumerate().filter(|(number, _)| open.contains(number)) {
            let url = relative(&self.root, drive, item)?;
            requests.push(json!({ "id": number.to_string(), "method": "GET", "url": url }));
        }
        Ok(Call {
            name: "batch",
            caller,
            resource: &Resource::Graph,
            url: self.root.at(&["$batch"], &[])?,
            accept: "application/json",
            body: Some(json!({ "requests": requests })),
        })
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

fn part(answer: Answer, now: DateTime<Utc>) -> Part {
    if (200..300).contains(&answer.status) {
        let item = serde_json::from_value::<ItemWire>(answer.body).ok().and_then(ItemWire::item);
        return Part::Known(item.map_or(ItemLookup::Unknown, |item| ItemLookup::Found(Box::new(item))));
    }
    let headers = answer.headers.iter().filter_map(|(name, value)| {
        Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(text(value)?).ok()?))
    });
    let refusal = Refusal::of_part(answer.status, &headers.collect::<HeaderMap>(), &answer.body, now);
    tracing::info!(graph.call = "batch", graph.refusal = %refusal.report, "Microsoft refused a part");
    match refusal.status.as_u16() {
        // An id that Microsoft cannot read is an item that is not there.
        400 | 404 => Part::Known(ItemLookup::Gone),
        403 if refusal.claims.is_none() => Part::Known(ItemLookup::Denied),
        _ => Part::Refused(refusal),
    }
}

/// A header's value, which is text, or a number that was not put in quotes.
fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned).or_else(|| value.as_number().map(ToString::to_string))
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
        let of = |status, headers, body| {
            let Value::Object(headers) = headers else { panic!("headers are an object") };
            part(Answer { id: "0".to_owned(), status, headers, body }, DateTime::<Utc>::MIN_UTC)
        };
        let known = |status, body| match of(status, json!({}), body) {
            Part::Known(lookup) => format!("{lookup:?}"),
            Part::Refused(_) => "refused".to_owned(),
        };
        assert!(known(200, json!({ "id": "01A", "name": "a" })).starts_with("Found"));
        assert_eq!(known(200, json!([])), "Unknown");
        assert_eq!(known(404, json!({})), "Gone");
        assert_eq!(known(400, json!({})), "Gone");
        assert_eq!(known(403, json!({})), "Denied");
        for status in [401, 424, 429, 500, 503, 504] {
            assert_eq!(known(status, json!({})), "refused", "{status}");
        }
        for value in [json!("90"), json!(90)] {
            let Part::Refused(refusal) = of(429, json!({ "retry-after": value }), json!({})) else {
                panic!("it is refused");
            };
            assert_eq!(refusal.retry_after, Some(std::time::Duration::from_secs(90)));
        }
    }
}
