//! `/api/admin/invitations`: links by which a customer's administrator connects their tenant.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    id::OrgId,
    organizations::onboarding::{Invitation, InvitationState, Onboarding, WithdrawError},
};
use poem_openapi::{
    Enum, Object, OpenApi,
    param::{Path, Query},
    payload::Json,
};
use url::Url;
use uuid::Uuid;

use super::{caller::AdminCaller, default_limit, reason};
use crate::{
    error::ApiError,
    http::{Body, NoContent, WithSecret},
    id::Id,
    openapi::Tag,
};

/// What has become of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename = "InvitationState", rename_all = "lowercase")]
enum StateWord {
    Open,
    Used,
    Expired,
    Withdrawn,
}

impl From<InvitationState> for StateWord {
    fn from(state: InvitationState) -> Self {
        match state {
            InvitationState::Open => Self::Open,
            InvitationState::Used => Self::Used,
            InvitationState::Expired => Self::Expired,
            InvitationState::Withdrawn => Self::Withdrawn,
        }
    }
}

/// A link that was made. What it opens with was shown once.
#[derive(Debug, Object)]
#[oai(rename = "Invitation", rename_all = "camelCase")]
struct InvitationView {
    id: Uuid,
    /// For whom it is; only operators see it.
    note: String,
    /// The tenant that it is for; `null` for any.
    tenant_id: Option<Uuid>,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    /// What has become of it.
    state: StateWord,
    /// The organization that was connected by it, while there is one.
    used_by: Option<Id<OrgId>>,
    /// Who made it: the id of an account, `secret` or `command_line`. `null` for one that is older than that is kept.
    created_by: Option<String>,
}

impl InvitationView {
    fn new(invitation: Invitation, state: InvitationState) -> Self {
        Self {
            id: invitation.id,
            note: invitation.note,
            tenant_id: invitation.tenant,
            created_at: invitation.created_at,
            expires_at: invitation.expires_at,
            state: state.into(),
            used_by: invitation.org_id.map(Id),
            created_by: invitation.created_by,
        }
    }
}

/// Some of all links, newest first.
#[derive(Debug, Object)]
#[oai(rename = "InvitationList")]
struct InvitationListView {
    items: Vec<InvitationView>,
    /// How many there are, on this page or another one.
    total: u64,
}

/// A link to be made.
#[derive(Debug, Object)]
#[oai(rename_all = "camelCase")]
struct NewInvitationBody {
    /// For whom it is; only operators see it.
    #[oai(validator(min_length = 1, max_length = 500))]
    note: String,
    /// The customer's tenant, where it is known: the link is for no other one then.
    tenant_id: Option<Uuid>,
    /// For how many days it is good.
    #[oai(validator(minimum(value = "1"), maximum(value = "90")), default = "default_days")]
    days: u16,
}

fn default_days() -> u16 {
    14
}

/// A link, with what it opens with.
#[derive(Debug, Object)]
#[oai(rename = "NewInvitation", rename_all = "camelCase")]
struct MadeView {
    #[oai(flatten)]
    invitation: InvitationView,
    /// To be sent to the customer's administrator. It serves once, and is not shown again: only a digest of it is kept.
    link: String,
}

impl From<WithdrawError> for ApiError {
    fn from(error: WithdrawError) -> Self {
        match error {
            WithdrawError::NotFound => Self::not_found(),
            WithdrawError::Used => Self::conflict("A tenant was connected by the invitation"),
            WithdrawError::Store(error) => error.into(),
        }
    }
}

/// Invitations, for operators.
pub(crate) struct InvitationsApi {
    pub onboarding: Onboarding,
    pub public_url: Url,
}

impl InvitationsApi {
    fn view(&self, invitation: Invitation) -> InvitationView {
        let state = self.onboarding.state_of(&invitation);
        InvitationView::new(invitation, state)
    }
}

#[OpenApi(tag = "Tag::Operator")]
impl InvitationsApi {
    /// List the invitations
    ///
    /// Newest first, with what has become of each.
    #[oai(path = "/api/admin/invitations", method = "get", operation_id = "listInvitations")]
    async fn list(
        &self,
        caller: AdminCaller,
        /// How many.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")), default = "default_limit")]
        limit: Query<u16>,
        /// How many to pass over first.
        #[oai(validator(maximum(value = "1000000")), default)]
        offset: Query<u32>,
    ) -> Result<Json<InvitationListView>, ApiError> {
        let found = self.onboarding.invitations(&caller, limit.0.into(), offset.0.into()).await?;
        let items = found.items.into_iter().map(|invitation| self.view(invitation)).collect();
        Ok(Json(InvitationListView { items, total: found.total }))
    }

    /// Make an invitation
    ///
    /// A link by which a customer's administrator connects their tenant. It serves once.
    #[oai(path = "/api/admin/invitations", method = "post", operation_id = "inviteTenant")]
    async fn invite(
        &self,
        caller: AdminCaller,
        body: Body<NewInvitationBody>,
    ) -> Result<WithSecret<Json<MadeView>>, ApiError> {
        let NewInvitationBody { note, tenant_id, days } = body.0;
        let note = reason("note", &note)?;
        let lifetime = TimeDelta::days(days.into());
        let made = self.onboarding.invite(&caller, tenant_id, note.as_str(), lifetime).await?;
        let link = invitation_link(&self.public_url, &made.text);
        Ok(WithSecret(Json(MadeView { invitation: self.view(made.invitation), link })))
    }

    /// Take an invitation back
    ///
    /// It is good no more from then on. `409` for one by which a tenant was connected.
    #[oai(
        path = "/api/admin/invitations/:invitationId",
        method = "delete",
        operation_id = "withdrawInvitation"
    )]
    async fn withdraw(
        &self,
        caller: AdminCaller,
        #[oai(name = "invitationId")] id: Path<Uuid>,
    ) -> Result<NoContent, ApiError> {
        self.onboarding.uninvite(&caller, id.0).await?;
        Ok(NoContent)
    }
}

/// Where a customer's administrator begins.
pub(crate) fn invitation_link(public_url: &Url, text: &str) -> String {
    let public_url = public_url.as_str().trim_end_matches('/');
    format!("{public_url}/api/onboarding/start?invitation={text}")
}
