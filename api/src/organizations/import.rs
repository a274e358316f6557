//! `/api/organization/import-users`: bringing the people of the tenant in.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{
    organizations::{
        Imports, UserImport,
        members::{Import, Read},
    },
    store::Store,
};
use poem_openapi::{Object, OpenApi, payload::Json};

use crate::{auth::Caller, error::ApiError, http::Data, openapi::Tag};

/// An import of people, and how far it has come.
#[derive(Debug, Object)]
#[oai(rename = "UserImport", rename_all = "camelCase")]
struct ImportView {
    /// `running`, `done` or `failed`.
    state: String,
    /// How many people Microsoft has listed so far.
    seen: i64,
    /// Of these, how many are new here.
    added: i64,
    /// How many had another name or address here.
    updated: i64,
    /// How many were passed over because their accounts are switched off.
    skipped: i64,
    /// Why it waits or was given up; `null` when nothing is wrong.
    trouble: Option<String>,
    started_at: DateTime<Utc>,
    /// The time of the last progress.
    updated_at: DateTime<Utc>,
}

impl From<UserImport> for ImportView {
    fn from(import: UserImport) -> Self {
        Self {
            state: import.state.as_str().to_owned(),
            seen: import.seen,
            added: import.added,
            updated: import.updated,
            skipped: import.skipped,
            trouble: import.trouble,
            started_at: import.started_at,
            updated_at: import.updated_at,
        }
    }
}

/// Imports of people.
pub(crate) struct ImportApi {
    pub store: Arc<dyn Store>,
    pub imports: Imports,
}

#[OpenApi(tag = "Tag::Members")]
impl ImportApi {
    /// Import the people of the tenant
    ///
    /// Brings everybody in whom Microsoft lists in the tenant, as members, before they sign in for the first time. It
    /// goes on in the background, page by page, through interruptions. While one runs, asking again changes nothing.
    #[oai(path = "/api/organization/import-users", method = "post", operation_id = "importUsers")]
    async fn start(&self, caller: Caller<Import>) -> Result<Json<Data<ImportView>>, ApiError> {
        Ok(Json(Data { data: self.imports.start(&caller).await?.into() }))
    }

    /// Get how far the import is
    ///
    /// The last import of people. `404` when there was none.
    #[oai(path = "/api/organization/import-users", method = "get", operation_id = "getUserImport")]
    async fn get(&self, caller: Caller<Read>) -> Result<Json<Data<ImportView>>, ApiError> {
        let reader = self.store.read(&caller.scope()).await?;
        let import = reader.imports().get().await?.ok_or_else(ApiError::not_found)?;
        Ok(Json(Data { data: import.into() }))
    }
}
