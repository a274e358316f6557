//! What an operation that takes an idempotency key says of it, once for all of them.

use serde_json::{Map, Value, json};

use super::headers;
use crate::http::IDEMPOTENCY_KEY;

const DESCRIPTION: &str = "\
A word of your choice for this creation, such as a random UUID. Send the request again with the same key and the same \
body, and nothing is made twice: you get `201` with what the first request made, as it is now, and \
`Idempotency-Replayed: true`. A key is yours alone, is for this operation only, and is remembered for 24 hours after \
the request that succeeded; one that failed leaves nothing behind. `404` with `Idempotency-Replayed` says that what \
was made has been deleted since.";

/// Whether an operation of the document takes a key.
pub(super) fn takes_key(operation: &Map<String, Value>) -> bool {
    let parameters = operation.get("parameters").and_then(Value::as_array);
    parameters.is_some_and(|list| list.iter().any(|parameter| parameter["name"] == IDEMPOTENCY_KEY))
}

/// Completes an operation that takes a key, after its refusals were written.
pub(super) fn write(operation: &mut Map<String, Value>) {
    let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
    let parameter = parameters.and_then(|list| list.iter_mut().find(|it| it["name"] == IDEMPOTENCY_KEY));
    let Some(parameter) = parameter else { return };
    parameter["description"] = json!(DESCRIPTION);
    let running = "After how many seconds to try again, when a request with the same key still runs.";
    let running = json!({ "description": running, "schema": { "type": "integer", "minimum": 0 } });
    let deleted =
        headers::replayed("`true` when a request with the same key made it, and it was deleted since.");
    for (status, (name, header)) in [("409", ("Retry-After".to_owned(), running)), ("404", deleted)] {
        let response = operation.get_mut("responses").and_then(|responses| responses.get_mut(status));
        let response = response.and_then(Value::as_object_mut);
        let headers = response.map(|response| response.entry("headers").or_insert_with(|| json!({})));
        if let Some(headers) = headers.and_then(Value::as_object_mut) {
            headers.insert(name, header);
        }
    }
}
