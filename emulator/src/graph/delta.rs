//! `/drives/{id}/root/delta`: all there is, then what has changed since.
//!
//! <https://learn.microsoft.com/graph/api/driveitem-delta>

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{
    call::Call,
    drive_item,
    error::Problem,
    items::argument,
    page::{Size, selected},
    reply::Reply,
};
use crate::files::{Drive, Files, Item};

const SIZE: Size = Size { default: 200, max: 1000, is_strict: false };

/// How far a client has come.
#[derive(Debug, Clone, Copy)]
struct Token {
    /// What it knows already.
    since: u64,
    /// Up to where this round goes, so that a change in the middle belongs to the next.
    until: u64,
    /// How many of this round it has had.
    had: usize,
}

pub(super) fn changes(
    call: &Call<'_>,
    files: &Files,
    drive: &Drive,
    function: &str,
) -> Result<Reply, Problem> {
    let given = argument(function, "token").or_else(|| call.option("token").map(str::to_owned));
    let start = Token { since: 0, until: files.sequence, had: 0 };
    let (token, after) = match given.as_deref() {
        None | Some("") => (start, None),
        Some("latest") => (Token { since: files.sequence, ..start }, None),
        Some(text) => match DateTime::parse_from_rfc3339(text) {
            Ok(time) => (start, Some(time.to_utc())),
            Err(_) => (Token::read(text, drive).ok_or_else(|| wrong(text))?, None),
        },
    };
    let is_continued = token.since > 0 || token.had > 0 || given.as_deref() == Some("latest");
    if is_continued && token.until < files.resync_before {
        return Err(Problem::resync(&format!("{}/v1.0/drives/{}/root/delta", call.base, drive.id)));
    }
    // Where a round begins, it is about all until now.
    let until = if token.had == 0 { files.sequence } else { token.until };
    page(call, files, drive, Token { until, ..token }, after)
}

fn wrong(text: &str) -> Problem {
    Problem::invalid(format!("The token '{text}' is not one of this drive."))
}

fn page(
    call: &Call<'_>,
    files: &Files,
    drive: &Drive,
    token: Token,
    after: Option<DateTime<Utc>>,
) -> Result<Reply, Problem> {
    let size = SIZE.asked(call)?;
    let is_meant = |item: &&Item| match after {
        Some(time) => item.modified >= time,
        // A first round is about what is there.
        None if token.since == 0 => !item.is_deleted,
        None => item.changed > token.since,
    };
    let all: Vec<&Item> = drive.items.iter().filter(is_meant).collect();
    let shown: Vec<Value> = all
        .iter()
        .skip(token.had)
        .take(size)
        .map(|item| {
            Value::Object(if item.is_deleted {
                drive_item::deleted(files, drive, item)
            } else {
                selected(call, drive_item::shown(call, files, drive, item))
            })
        })
        .collect();
    let had = token.had.saturating_add(size);
    let (name, next) = if had < all.len() {
        ("@odata.nextLink", Token { had, ..token })
    } else {
        ("@odata.deltaLink", Token { since: token.until, until: token.until, had: 0 })
    };
    // `delta(token='…')` goes on as `delta?token=…`.
    let path = call.path.split('(').next().unwrap_or_default();
    let link = call.link(path, ("token", &next.text(drive)), &["token"]);
    Ok(Reply::Json(json!({
        "@odata.context": call.context("Collection(driveItem)"), name: link, "value": shown,
    })))
}

impl Token {
    fn text(self, drive: &Drive) -> String {
        let Self { since, until, had } = self;
        URL_SAFE_NO_PAD.encode(json!([since, until, had, drive.id]).to_string())
    }

    fn read(text: &str, drive: &Drive) -> Option<Self> {
        let (since, until, had, id): (u64, u64, usize, String) =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        (id == drive.id).then_some(Self { since, until, had })
    }
}
