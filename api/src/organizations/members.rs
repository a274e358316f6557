//! `/api/members`: who belongs to the organization.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{
    id::UserId,
    identity::User,
    organizations::{
        MembershipError, Memberships,
        members::{Manage, Read},
    },
    store::Store,
};
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
    payload::Json,
};
use uuid::Uuid;

use crate::{
    auth::Caller,
    error::ApiError,
    http::{Found, Listed, PageQuery},
    id::Id,
    openapi::Tag,
};

/// A person or service principal who belongs to the organization.
#[derive(Debug, Object)]
#[oai(rename_all = "camelCase")]
struct Member {
    /// In this organization; a guest elsewhere has another one there.
    id: Id<UserId>,
    /// `person` or `service_principal`.
    kind: String,
    /// The object id in the organization's tenant.
    azure_object_id: Option<Uuid>,
    /// For display; it identifies nobody.
    email: Option<String>,
    /// As the last access token gave it.
    display_name: Option<String>,
    /// A guest of the tenant.
    is_guest: bool,
    /// The role that the organization gave, if any. Directory roles and app roles come on top, with each token.
    role: Option<String>,
    /// `active` or `disabled`.
    status: String,
    created_at: DateTime<Utc>,
    /// The time of the last change.
    updated_at: DateTime<Utc>,
}

impl From<User> for Member {
    fn from(user: User) -> Self {
        Self {
            id: Id(user.id),
            kind: user.kind.as_str().to_owned(),
            azure_object_id: user.object_id,
            email: user.profile.email,
            display_name: user.profile.display_name,
            is_guest: user.profile.is_guest,
            role: user.role.map(|role| role.as_str().to_owned()),
            status: user.status.as_str().to_owned(),
            created_at: user.created_at,
            updated_at: user.updated_at,
        }
    }
}

impl From<MembershipError> for ApiError {
    fn from(error: MembershipError) -> Self {
        match error {
            MembershipError::NotFound => Self::not_found(),
            MembershipError::OwnMembership => Self::conflict("You cannot suspend yourself"),
            MembershipError::Store(error) => error.into(),
        }
    }
}

fn found(user: User) -> Found<Member> {
    Found { version: user.version, view: user.into() }
}

/// The members of the caller's organization.
pub(crate) struct MembersApi {
    pub store: Arc<dyn Store>,
    pub memberships: Memberships,
    pub pages: PageQuery,
}

#[OpenApi(tag = "Tag::Members")]
impl MembersApi {
    /// List members
    ///
    /// Everybody who belongs to the organization, newest first: whoever has called the API once.
    #[oai(path = "/api/members", method = "get", operation_id = "listMembers")]
    async fn list(
        &self,
        caller: Caller<Read>,
        /// How many at the most; 50 if absent.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u16>>,
        /// `nextCursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<Listed<Member>>, ApiError> {
        let listing = self.pages.of("listMembers", &caller, "");
        let page = listing.page(limit.0, cursor.0.as_deref())?;
        let users = self.store.read(&caller.scope()).await?.users().list(page).await?;
        Ok(Json(listing.listed(users, Member::from)))
    }

    /// Get a member
    ///
    /// A person or an application of the organization, by the id that the list and `GET /api/auth/me` give.
    #[oai(path = "/api/members/:userId", method = "get", operation_id = "getMember")]
    async fn get(
        &self,
        caller: Caller<Read>,
        #[oai(name = "userId")] id: Path<Id<UserId>>,
    ) -> Result<Found<Member>, ApiError> {
        let reader = self.store.read(&caller.scope()).await?;
        let user = reader.users().get(id.0.0).await?.ok_or_else(ApiError::not_found)?;
        Ok(found(user))
    }

    /// Suspend a member
    ///
    /// Refuses the member with `403 USER_DISABLED` from now on, whatever credential they hold. Nobody can suspend
    /// themselves.
    #[oai(path = "/api/members/:userId/suspend", method = "post", operation_id = "suspendMember")]
    async fn suspend(
        &self,
        caller: Caller<Manage>,
        #[oai(name = "userId")] id: Path<Id<UserId>>,
    ) -> Result<Found<Member>, ApiError> {
        Ok(found(self.memberships.suspend(&caller, id.0.0).await?))
    }

    /// Reactivate a member
    ///
    /// Lets a suspended member in again.
    #[oai(path = "/api/members/:userId/reactivate", method = "post", operation_id = "reactivateMember")]
    async fn reactivate(
        &self,
        caller: Caller<Manage>,
        #[oai(name = "userId")] id: Path<Id<UserId>>,
    ) -> Result<Found<Member>, ApiError> {
        Ok(found(self.memberships.reactivate(&caller, id.0.0).await?))
    }
}
