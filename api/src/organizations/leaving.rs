//! `/api/organization`: taking everything along, and leaving.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{
    organizations::{Delete, Export, Leaving, LeavingError, PURGE_AFTER},
    store::Store,
};
use poem_openapi::{Object, OpenApi, param::Query, payload::Json};

use super::export::Exported;
use crate::{
    auth::{Caller, Recent},
    error::ApiError,
    http::Data,
    openapi::Tag,
};

/// An organization that was deleted.
#[derive(Debug, Object)]
#[oai(rename = "DeletedOrganization", rename_all = "camelCase")]
struct DeletedView {
    /// From then on nobody of the organization is let in.
    deleted_at: DateTime<Utc>,
    /// From then on nothing is left of it. Until then whoever runs the service can restore it.
    purge_at: DateTime<Utc>,
}

impl From<LeavingError> for ApiError {
    fn from(error: LeavingError) -> Self {
        match error {
            LeavingError::NotFound => Self::not_found(),
            LeavingError::NotConfirmed => {
                Self::conflict("The confirmation is not the name of the organization")
            }
            LeavingError::Store(error) => error.into(),
        }
    }
}

/// Leaving.
pub(crate) struct LeavingApi {
    pub store: Arc<dyn Store>,
    pub leaving: Leaving,
}

#[OpenApi(tag = "Tag::Organization")]
impl LeavingApi {
    /// Export everything
    ///
    /// All that the organization owns, as lines of JSON: the first says how many rows there are, each row is a line
    /// with its `table`, lines with `progress` come between them, and the last line is `{"end": true}`; without it the
    /// export is not complete. Secrets are not in it. What changes meanwhile may be in it or not.
    #[oai(path = "/api/organization/export", method = "get", operation_id = "exportOrganization")]
    async fn export(&self, caller: Caller<Export>) -> Result<Exported, ApiError> {
        let scope = self.leaving.export(&caller).await?;
        Exported::begin(Arc::clone(&self.store), scope).await
    }

    /// Delete the organization
    ///
    /// Nobody of the organization is let in any more. It can be restored for 30 days by whoever runs the service; then
    /// all that it owns is purged and the key that it was sealed with is destroyed. Export first what you want to keep.
    ///
    /// It takes a person who signed in within the last minutes (`details.maxAge` of the refusal, in seconds). Of a
    /// session it is enough to sign in again at `details.signInUrl`; an access token must say so itself, in `auth_time`.
    #[oai(path = "/api/organization", method = "delete", operation_id = "deleteOrganization")]
    async fn delete(
        &self,
        caller: Recent<Delete>,
        /// The organization's name, exactly, so that no other one is deleted by mistake.
        #[oai(validator(min_length = 1, max_length = 200))]
        confirm: Query<String>,
    ) -> Result<Json<Data<DeletedView>>, ApiError> {
        let organization = self.leaving.delete(&caller.proof()?, &confirm.0).await?;
        let deleted_at = organization.deleted_at.unwrap_or(organization.updated_at);
        Ok(Json(Data { data: DeletedView { deleted_at, purge_at: deleted_at + PURGE_AFTER } }))
    }
}
