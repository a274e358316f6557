//! The headers that every answer has, and those of some; and what a client that knows a version already may ask.

use serde_json::{Map, Value, json};

use crate::http::IDEMPOTENCY_REPLAYED;

/// One header of the document's components.
struct Known {
    name: &'static str,
    kind: &'static str,
    description: &'static str,
}

const REQUEST_ID: Known = Known {
    name: "X-Request-Id",
    kind: "string",
    description: "The id of the request: yours, if you sent one, else a new one.",
};
const RETRY_AFTER: Known =
    Known { name: "Retry-After", kind: "integer", description: "After how many seconds to try again." };
const WWW_AUTHENTICATE: Known = Known {
    name: "WWW-Authenticate",
    kind: "string",
    description: "What kind of credential is wanted, and what is wrong with the one that came (RFC 6750 §3).",
};
/// Absent where the operator has switched all limits off.
const RATE_LIMITS: [Known; 4] = [
    Known {
        name: "RateLimit-Limit",
        kind: "integer",
        description: "How many requests may come at once, by the limit that is nearest to a refusal.",
    },
    Known {
        name: "RateLimit-Remaining",
        kind: "integer",
        description: "How many more of them may come now.",
    },
    Known {
        name: "RateLimit-Reset",
        kind: "integer",
        description: "After how many seconds all of them may come again.",
    },
    Known {
        name: "RateLimit-Policy",
        kind: "string",
        description: "Every limit that the request was counted by: requests, and the window in seconds.",
    },
];

/// Writes the headers' descriptions, once for the whole document.
pub(super) fn write(document: &mut Map<String, Value>) {
    let Some(components) = document.get_mut("components").and_then(Value::as_object_mut) else { return };
    let described = [&REQUEST_ID, &RETRY_AFTER, &WWW_AUTHENTICATE].into_iter().chain(&RATE_LIMITS);
    let headers: Map<String, Value> = described
        .map(|header| {
            let schema = if header.kind == "integer" {
                json!({ "type": "integer", "minimum": 0 })
            } else {
                json!({ "type": "string" })
            };
            (header.name.to_owned(), json!({ "description": header.description, "schema": schema }))
        })
        .collect();
    components.insert("headers".to_owned(), Value::Object(headers));
}

/// Names them on the responses of an operation, all of which are there already.
pub(super) fn write_operation(operation: &mut Map<String, Value>) {
    let responses = operation.get_mut("responses").and_then(Value::as_object_mut);
    for (status, response) in responses.into_iter().flatten() {
        let mut headers = response["headers"].as_object().cloned().unwrap_or_default();
        let mut name = |header: &Known| {
            let reference = json!({ "$ref": format!("#/components/headers/{}", header.name) });
            headers.entry(header.name).or_insert(reference);
        };
        name(&REQUEST_ID);
        RATE_LIMITS.iter().for_each(&mut name);
        match status.as_str() {
            "401" => name(&WWW_AUTHENTICATE),
            "429" | "503" => name(&RETRY_AFTER),
            _ => {}
        }
        response["headers"] = Value::Object(headers);
    }
}

/// A `GET` of something that has a version may name the one that the client has (RFC 9110 §13.1.2).
pub(super) fn write_conditional(operation: &mut Map<String, Value>, method: &str) {
    let success = operation.get("responses").and_then(|responses| responses.pointer("/200/headers/ETag"));
    let Some(etag) = success.filter(|_| method == "get").cloned() else { return };
    let parameters = operation.entry("parameters").or_insert_with(|| json!([]));
    if let Some(parameters) = parameters.as_array_mut() {
        parameters.push(json!({
            "name": "If-None-Match",
            "in": "header",
            "required": false,
            "description": "The `ETag` that you have; if it is still the present one, the answer is `304` without a body.",
            "schema": { "type": "string" },
        }));
    }
    if let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) {
        let response = json!({
            "description": "It has not changed: what you have is the present version.",
            "headers": { "ETag": etag },
        });
        responses.insert("304".to_owned(), response);
    }
}

/// A header that only some answers of an operation have.
pub(super) fn replayed(description: &str) -> (String, Value) {
    let header = json!({ "description": description, "schema": { "type": "string" } });
    (IDEMPOTENCY_REPLAYED.to_owned(), header)
}
