//! `POST /$batch`: up to twenty requests in one, each with a status of its own.
//!
//! <https://learn.microsoft.com/graph/json-batching>

use std::collections::HashMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use poem::{
    Body, Response,
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{call::Call, caller, error::Problem, finished, reply::Reply};
use crate::{faults::Asked, requests::Endpoint};

const MOST: usize = 20;
const BODY_LIMIT: usize = 4 * 1024 * 1024;

#[derive(Deserialize)]
struct Batch {
    requests: Vec<Part>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part {
    id: String,
    method: String,
    url: String,
    #[serde(default)]
    headers: HashMap<String, String>,
    #[serde(default)]
    depends_on: Vec<String>,
}

pub(super) async fn answer(call: &Call<'_>, body: Body) -> Response {
    // As all of Graph: no token, no batch.
    let read = match caller(call) {
        Ok(_) => read(call, body).await,
        Err(problem) => Err(problem),
    };
    match read {
        Ok(batch) => {
            let mut done: Vec<Value> = Vec::new();
            let mut failed: Vec<String> = Vec::new();
            for part in &batch.requests {
                let answer = if part.depends_on.iter().any(|id| failed.contains(id)) {
                    failed_dependency()
                } else {
                    single(call, part).await
                };
                if !answer.status().is_success() {
                    failed.push(part.id.clone());
                }
                done.push(shown(&part.id, answer).await);
            }
            // In any order, so that nobody relies on one.
            done.reverse();
            finished(call, Ok(Reply::Json(json!({ "responses": done }))))
        }
        Err(problem) => problem.answer(call),
    }
}

async fn read(call: &Call<'_>, body: Body) -> Result<Batch, Problem> {
    if call.method != Method::POST {
        return Err(Problem::wrong_method());
    }
    let body =
        body.into_bytes_limit(BODY_LIMIT).await.map_err(|_| Problem::invalid("Batch is too large."))?;
    let batch: Batch = serde_json::from_slice(&body)
        .map_err(|error| Problem::invalid(format!("Invalid batch payload format: {error}")))?;
    let wrong = |message: String| Err(Problem::invalid(message));
    let mut known: Vec<&str> = Vec::new();
    if batch.requests.is_empty() || batch.requests.len() > MOST {
        let count = batch.requests.len();
        return wrong(format!("Number of batch request steps ({count}) must be between 1 and {MOST}."));
    }
    for part in &batch.requests {
        if known.contains(&part.id.as_str()) || part.id.is_empty() {
            return wrong(format!("Request id '{}' is not unique in the batch.", part.id));
        }
        if let Some(other) = part.depends_on.iter().find(|id| !known.contains(&id.as_str())) {
            return wrong(format!(
                "Request '{}' depends on '{other}', which does not stand before it.",
                part.id
            ));
        }
        known.push(&part.id);
    }
    Ok(batch)
}

/// Each part is counted, meets its own faults, and has the caller's token unless it brings another.
async fn single(call: &Call<'_>, part: &Part) -> Response {
    let mut headers = HeaderMap::new();
    if let Some(token) = call.headers.get(header::AUTHORIZATION) {
        headers.insert(header::AUTHORIZATION, token.clone());
    }
    for (name, value) in &part.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
            headers.insert(name, value);
        }
    }
    let method = Method::try_from(part.method.to_uppercase().as_str()).unwrap_or_default();
    let target = format!("/{}", part.url.trim_start_matches('/'));
    let inner = Call::new(call.world, call.base, method, &target, headers);
    if part.url.contains("://") || inner.path == "/$batch" {
        return Problem::invalid("The url of a part is relative, and no batch.").answer(&inner);
    }
    call.world.requests.count(Endpoint::Graph);
    let target = format!("/v1.0{target}");
    let asked = Asked { endpoint: Endpoint::Graph, target: &target, headers: &inner.headers, is_part: true };
    let met = call.world.faults.meet(call.world, &asked).await;
    met.unwrap_or_else(|| super::answer(&inner))
}

fn failed_dependency() -> Response {
    Response::builder()
        .status(poem::http::StatusCode::FAILED_DEPENDENCY)
        .content_type("application/json")
        .body(
            r#"{"error":{"code":"FailedDependency","message":"A request this one depends on has failed."}}"#,
        )
}

/// JSON as JSON, everything else in base64.
async fn shown(id: &str, answer: Response) -> Value {
    let status = answer.status().as_u16();
    let headers: Map<String, Value> = answer
        .headers()
        .iter()
        .filter_map(|(name, value)| Some((canonical(name.as_str()), json!(value.to_str().ok()?))))
        .collect();
    let bytes = answer.into_body().into_vec().await.unwrap_or_default();
    let body = match serde_json::from_slice::<Value>(&bytes) {
        _ if bytes.is_empty() => Value::Null,
        Ok(value) => value,
        Err(_) => json!(STANDARD.encode(bytes)),
    };
    json!({ "id": id, "status": status, "headers": headers, "body": body })
}

/// `Retry-After`, as Graph writes names inside of a batch.
fn canonical(name: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters
            .next()
            .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
            .unwrap_or_default()
    };
    if name == "request-id" || name == "client-request-id" {
        return name.to_owned();
    }
    name.split('-').map(word).collect::<Vec<_>>().join("-")
}
