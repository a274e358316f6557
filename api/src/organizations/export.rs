//! An export as a stream of lines: one page after the other, each a reading of its own.

use std::{collections::VecDeque, sync::Arc};

use bytes::Bytes;
use domain::{
    access::OrgScope,
    organizations::ExportPosition,
    store::{Store, StoreError},
};
use futures_util::{Stream, stream};
use poem::{Body, IntoResponse, Response, http::header};
use poem_openapi::{
    ApiResponse,
    registry::{MetaHeader, MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
};
use serde_json::{Value, json};

use crate::error::ApiError;

/// Rows of a page.
const PAGE: u64 = 500;
const NDJSON: &str = "application/x-ndjson";

/// The export, which is read while it is sent.
pub(crate) struct Exported(Body);

/// How far an export has come.
struct Way {
    store: Arc<dyn Store>,
    scope: OrgScope,
    /// Tables that are still to come, with their sizes.
    tables: VecDeque<(&'static str, u64)>,
    after: Option<ExportPosition>,
    rows: u64,
    is_over: bool,
}

impl Exported {
    /// Begins: counts, and writes the first line. What goes wrong here is an answer of its own.
    pub(crate) async fn begin(store: Arc<dyn Store>, scope: OrgScope) -> Result<Self, ApiError> {
        let lines = lines(store, scope).await?;
        Ok(Self(Body::from_bytes_stream(lines)))
    }
}

/// The lines of an export.
pub(crate) async fn lines(
    store: Arc<dyn Store>,
    scope: OrgScope,
) -> Result<impl Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static, StoreError> {
    let reader = store.read(&scope).await?;
    let organization = reader.organization().get().await?;
    let mut tables = VecDeque::new();
    for table in reader.export().tables() {
        tables.push_back((table, reader.export().count(table).await?.unwrap_or_default()));
    }
    drop(reader);
    let counts: serde_json::Map<String, Value> =
        tables.iter().map(|(table, rows)| ((*table).to_owned(), json!(rows))).collect();
    let first = json!({ "export": {
        "organization": organization.as_ref().map(|organization| json!({
            "id": organization.id,
            "name": organization.name,
            "azureTenantId": organization.azure_tenant_id,
            "consentedAt": organization.consented_at,
            "config": organization.config,
            "createdAt": organization.created_at,
        })),
        "rows": counts,
    } });
    let way = Way { store, scope, tables, after: None, rows: 0, is_over: false };
    let rest = stream::unfold(way, |mut way| async move {
        if way.is_over {
            return None;
        }
        let text = match way.page().await {
            Ok(text) => text,
            Err(error) => {
                tracing::error!(error = crate::auth::chain(&error), "an export broke off");
                way.is_over = true;
                line(&json!({ "error": "the export broke off; begin it again" }))
            }
        };
        Some((Ok(Bytes::from(text)), way))
    });
    Ok(futures_util::StreamExt::chain(stream::once(std::future::ready(Ok(Bytes::from(line(&first))))), rest))
}

impl Way {
    async fn page(&mut self) -> Result<String, StoreError> {
        let Some((table, of)) = self.tables.front().copied() else {
            self.is_over = true;
            return Ok(line(&json!({ "end": true })));
        };
        let reader = self.store.read(&self.scope).await?;
        let page = reader.export().page(table, self.after.as_ref(), PAGE).await?;
        drop(reader);
        let mut text: String =
            page.rows.iter().map(|row| line(&json!({ "table": table, "row": row }))).collect();
        self.rows += u64::try_from(page.rows.len()).unwrap_or_default();
        text.push_str(&line(&json!({ "progress": { "table": table, "rows": self.rows, "of": of } })));
        self.after = page.next;
        if self.after.is_none() {
            self.tables.pop_front();
            self.rows = 0;
        }
        Ok(text)
    }
}

fn line(value: &Value) -> String {
    format!("{value}\n")
}

impl IntoResponse for Exported {
    fn into_response(self) -> Response {
        Response::builder()
            .content_type(NDJSON)
            .header(header::CONTENT_DISPOSITION, "attachment; filename=\"organization.ndjson\"")
            .body(self.0)
    }
}

impl ApiResponse for Exported {
    fn meta() -> MetaResponses {
        let schema = MetaSchema { format: Some("binary"), ..MetaSchema::new("string") };
        MetaResponses {
            responses: vec![MetaResponse {
                description: "Lines of JSON.",
                status: Some(200),
                status_range: None,
                content: vec![MetaMediaType {
                    content_type: NDJSON,
                    schema: MetaSchemaRef::Inline(Box::new(schema)),
                }],
                headers: vec![MetaHeader {
                    name: "Content-Disposition".to_owned(),
                    description: Some("That it is a file, and its name.".to_owned()),
                    required: true,
                    deprecated: false,
                    schema: MetaSchemaRef::Inline(Box::new(MetaSchema::new("string"))),
                }],
            }],
        }
    }

    fn register(_registry: &mut Registry) {}
}
