//! The forms of an answer: `Accept` chooses, and XML is what it is without one.

use std::fmt::Write as _;

use poem::{
    Response,
    http::{HeaderMap, HeaderValue, header},
};
use serde_json::{Map, Value, json};

use super::Reply;
use crate::{html::escaped, random};

/// How an answer looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `application/json`, with or without metadata.
    Json,
    /// `application/json;odata=verbose`.
    Verbose,
    Atom,
}

impl Form {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let accept = accept.to_lowercase().replace(' ', "");
        if accept.contains("odata=verbose") {
            Self::Verbose
        } else if accept.contains("application/json") {
            Self::Json
        } else {
            Self::Atom
        }
    }

    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json;odata=minimalmetadata;streaming=true;charset=utf-8",
            Self::Verbose => "application/json;odata=verbose;charset=utf-8",
            Self::Atom => "application/atom+xml;type=feed;charset=utf-8",
        }
    }

    pub(super) fn answer(self, reply: Reply) -> Response {
        let body = match (self, reply) {
            (Self::Json, Reply::One(members)) => Value::Object(members).to_string(),
            (Self::Json, Reply::Many { all, next }) => {
                let mut members = Map::from_iter([("value".to_owned(), Value::Array(all))]);
                members.extend(next.map(|next| ("odata.nextLink".to_owned(), json!(next))));
                Value::Object(members).to_string()
            }
            (Self::Verbose, Reply::One(members)) => json!({ "d": members }).to_string(),
            (Self::Verbose, Reply::Many { all, next }) => {
                let mut members = Map::from_iter([("results".to_owned(), Value::Array(all))]);
                members.extend(next.map(|next| ("__next".to_owned(), json!(next))));
                json!({ "d": members }).to_string()
            }
            (Self::Atom, Reply::One(members)) => format!("{XML}{}", entry(&Value::Object(members))),
            (Self::Atom, Reply::Many { all, next }) => {
                let entries: String = all.iter().map(entry).collect();
                let next = next.map(|next| format!("<link rel=\"next\" href=\"{}\"/>", escaped(&next)));
                format!("{XML}<feed {NAMESPACES}>{entries}{}</feed>", next.unwrap_or_default())
            }
        };
        let mut response = Response::builder().content_type(self.content_type()).body(body);
        stamp(&mut response);
        response
    }
}

const XML: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>";
const NAMESPACES: &str = "xmlns=\"http://www.w3.org/2005/Atom\" \
     xmlns:d=\"http://schemas.microsoft.com/ado/2007/08/dataservices\" \
     xmlns:m=\"http://schemas.microsoft.com/ado/2007/08/dataservices/metadata\"";

fn entry(value: &Value) -> String {
    let mut properties = String::new();
    for (name, value) in value.as_object().into_iter().flatten() {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        write!(properties, "<d:{name}>{}</d:{name}>", escaped(&text))
            .expect("a string takes all that is written");
    }
    format!(
        "<entry {NAMESPACES}><content type=\"application/xml\"><m:properties>{properties}</m:properties></content></entry>"
    )
}

/// The headers all answers have.
pub(super) fn stamp(response: &mut Response) {
    let id = random::uuid().to_string();
    for (name, value) in
        [("sprequestguid", id.as_str()), ("request-id", &id), ("x-sharepointhealthscore", "0")]
    {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    }
}
