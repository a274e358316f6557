//! The OpenAPI document: the committed file is the generated one, and every operation has what a reader needs.

pub(crate) mod operation;

use std::{collections::BTreeSet, path::PathBuf};

use domain::{access::ALL_PERMISSIONS, api_keys::NOT_FOR_KEYS};
use operation::{Operation, operations, resolve};
use serde_json::{Value, json};

fn file(path: &str) -> String {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| format!("{}: {error}", path.display()))
}

fn document() -> Value {
    api::app::document().expect("the document can be made")
}

#[tokio::test]
async fn the_committed_document_is_the_generated_one() {
    let generated = serde_json::to_string_pretty(&document()).unwrap() + "\n";
    let committed = file("openapi/openapi.json");
    let differs =
        generated.lines().zip(committed.lines()).find(|(generated, committed)| generated != committed);
    assert!(
        committed == generated,
        "openapi/openapi.json is out of date: run `make openapi`; the first difference is {differs:?}"
    );
}

#[tokio::test]
async fn the_committed_connector_is_the_generated_one_and_has_what_power_automate_reads() {
    let generated = api::app::connector().unwrap();
    let committed = file("docs/recipes/power-automate/connector.swagger.json");
    assert!(
        committed == serde_json::to_string_pretty(&generated).unwrap() + "\n",
        "the connector is out of date: run `make openapi`"
    );
    let mut ids = Vec::new();
    for (path, item) in generated["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            ids.push(operation["operationId"].as_str().unwrap().to_owned());
            let named: Vec<&str> = operation["parameters"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one["name"].as_str().unwrap())
                .collect();
            // Each of the path's is there, and none has a reference, which OpenAPI 2.0 would look for elsewhere.
            for part in path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
                assert!(named.contains(&part), "{method} {path}");
            }
            assert!(!operation.to_string().contains("$ref"), "{method} {path}");
            assert!(operation["responses"]["default"]["description"].is_string(), "{method} {path}");
        }
    }
    assert!(ids.contains(&"listConnections".to_owned()) && ids.len() == 8, "{ids:?}");
}

#[tokio::test]
async fn the_document_that_is_served_is_the_committed_one() {
    /// Without what is each place's own: where it is, and where one signs in.
    fn of_no_place(mut document: Value) -> Value {
        document.as_object_mut().unwrap().remove("servers");
        document["components"]["securitySchemes"].take();
        document["info"]["description"].take();
        for item in document["paths"].as_object_mut().unwrap().values_mut() {
            item.as_object_mut()
                .unwrap()
                .values_mut()
                .for_each(|operation| drop(operation["security"].take()));
        }
        document
    }
    let app = tests::TestApp::start().await;
    let served = app.anonymous().get("/openapi.json").await.expect(200).json();
    assert_eq!(of_no_place(served), of_no_place(document()));
}

#[tokio::test]
async fn every_operation_has_a_name_of_its_own_that_a_client_can_use_as_a_function() {
    let mut known = BTreeSet::new();
    for operation in operations(&document()) {
        let (method, path, id) = (&operation.method, &operation.path, &operation.id);
        let is_camel_case = id.starts_with(|first: char| first.is_ascii_lowercase())
            && id.chars().all(|letter| letter.is_ascii_alphanumeric());
        assert!(is_camel_case, "{method} {path}: the operationId {id:?} is not camelCase");
        assert!(known.insert(id.clone()), "{method} {path}: another operation is called {id}, too");
    }
}

#[tokio::test]
async fn every_operation_says_what_it_does_and_in_which_section_it_stands() {
    let document = document();
    let sections: Vec<&Value> = document["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
    for Operation { id, raw, .. } in operations(&document) {
        assert!(raw["summary"].as_str().is_some_and(|text| !text.is_empty()), "{id} has no summary");
        let tags = raw["tags"].as_array().cloned().unwrap_or_default();
        assert!(tags.len() == 1 && sections.contains(&&tags[0]), "{id} stands in no section: {tags:?}");
    }
}

#[tokio::test]
async fn every_operation_names_its_credential_and_its_permission() {
    for operation in operations(&document()) {
        if operation.is_by_refresh_token() {
            continue;
        }
        let (id, raw) = (&operation.id, &operation.raw);
        let schemes = raw["security"].as_array().cloned().unwrap_or_default();
        if operation.is_for_operators() {
            assert_eq!(schemes, [json!({ "adminSecret": [] }), json!({ "session": [] })], "{id}");
            assert!(raw["x-api-key-scopes"].is_null(), "{id}");
            continue;
        }
        let is_key_only = operation.is_key_only();
        let mut expected = vec![
            json!({ "entra": ["api://{client-id}/access_as_user"] }),
            json!({ "token": [] }),
            json!({ "session": [] }),
        ];
        // Keys make no keys, and are nobody in whose name Microsoft 365 could be asked.
        let word = raw["x-permission"].as_str();
        let takes_keys =
            raw["x-delegated"].is_null() && word.is_none_or(|word| !NOT_FOR_KEYS.contains(&word));
        if is_key_only {
            expected.clear();
        }
        if takes_keys {
            expected.push(json!({ "key": [] }));
            assert_eq!(raw["x-api-key-scopes"], json!(word.into_iter().collect::<Vec<_>>()), "{id}");
        }
        assert_eq!(schemes, expected, "{id} can be called by anybody, or by nobody");
        let permission = raw.get("x-permission").unwrap_or_else(|| panic!("{id} has no x-permission"));
        let known = ALL_PERMISSIONS.iter().any(|(word, _)| permission == word);
        assert!(known || permission.is_null(), "{id}: the permission {permission} does not exist");
    }
}

#[tokio::test]
async fn every_refusal_has_the_form_of_the_one_error() {
    for Operation { id, raw, body, parameters, .. } in operations(&document()) {
        let responses = raw["responses"].as_object().unwrap();
        for status in ["400", "401", "403", "408", "429", "500", "503"] {
            assert!(responses.contains_key(status), "{id} does not document {status}");
        }
        if body.is_some() {
            assert!(responses.contains_key("413"), "{id} takes a body and does not document 413");
            assert!(responses.contains_key("415"), "{id} takes a body and does not document 415");
        }
        if parameters.iter().any(|parameter| parameter.place == "path") {
            assert!(responses.contains_key("404"), "{id} has a path parameter and does not document 404");
        }
        for (status, response) in responses.iter().filter(|(status, _)| status.as_str() >= "400") {
            let schema = response.pointer("/content/application~1json/schema/$ref");
            assert_eq!(schema, Some(&json!("#/components/schemas/ErrorResponse")), "{id} {status}");
        }
    }
}

#[tokio::test]
async fn every_answer_has_its_headers_described() {
    for Operation { id, raw, method, .. } in operations(&document()) {
        let responses = raw["responses"].as_object().unwrap();
        for (status, response) in responses {
            let mut headers = vec![
                "X-Request-Id",
                "RateLimit-Limit",
                "RateLimit-Remaining",
                "RateLimit-Reset",
                "RateLimit-Policy",
            ];
            match status.as_str() {
                "304" => headers.push("ETag"),
                "401" => headers.push("WWW-Authenticate"),
                "429" | "503" => headers.push("Retry-After"),
                _ => {}
            }
            for header in headers {
                assert!(!response["headers"][header].is_null(), "{id} {status} does not describe {header}");
            }
        }
        let is_versioned =
            method == poem::http::Method::GET && !responses["200"]["headers"]["ETag"].is_null();
        assert_eq!(is_versioned, responses.contains_key("304"), "{id}");
    }
}

#[tokio::test]
async fn every_reference_in_the_document_leads_somewhere() {
    let document = document();
    let text = document.to_string();
    let references: BTreeSet<&str> =
        text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(references.len() > 5, "{references:?}");
    for reference in references {
        assert!(document.pointer(reference).is_some_and(Value::is_object), "{reference} is not there");
    }
}

#[tokio::test]
async fn every_list_has_pages_and_says_how_large_they_are() {
    let document = document();
    let mut lists = 0;
    for operation in operations(&document) {
        let id = &operation.id;
        let success = operation.raw.pointer("/responses/200/content/application~1json/schema");
        let answer = success.map(|schema| resolve(&document, schema)).unwrap_or_default();
        let of_staff = operation.is_for_operators();
        let member = if of_staff { "items" } else { "data" };
        let is_list = answer["properties"][member]["type"] == json!("array");
        assert_eq!(is_list, id.starts_with("list"), "{id} answers with a list, or is only called so");
        if is_list {
            lists += 1;
            let (next, told) = if of_staff { ("offset", "total") } else { ("cursor", "nextCursor") };
            assert!(operation.takes(next), "{id} has no {next}");
            assert!(answer["properties"][told].is_object(), "{id} has no {told}");
            let limit = operation.parameters.iter().find(|parameter| parameter.name == "limit");
            let limit = limit.unwrap_or_else(|| panic!("{id} has no limit"));
            let bounds = (limit.schema["minimum"].as_f64(), limit.schema["maximum"].as_f64());
            assert_eq!(bounds, (Some(1.0), Some(200.0)), "{id}");
        }
    }
    assert!(lists > 0, "there is no list");
}

#[tokio::test]
async fn every_code_of_an_error_is_explained() {
    let document = document();
    let explained = file("docs/errors.md");
    let codes = document["components"]["schemas"]["ErrorCode"]["enum"].as_array().unwrap().clone();
    assert!(!codes.is_empty());
    let missing: Vec<&Value> =
        codes.iter().filter(|code| !explained.contains(&format!("`{}`", code.as_str().unwrap()))).collect();
    assert!(missing.is_empty(), "docs/errors.md does not explain {missing:?}");
}
