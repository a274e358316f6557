//! `/api/onboarding/status`: how the connection to the tenant stands, for the people of the organization.

use chrono::{DateTime, Utc};
use domain::organizations::{
    Manage, Read,
    onboarding::{AppPermission, Finding, Onboarding, OnboardingRecord, Status},
};
use poem_openapi::{Object, OpenApi, payload::Json};
use uuid::Uuid;

use super::words;
use crate::{auth::Caller, error::ApiError, http::Data, openapi::Tag};

/// Something that the service may, or should, do by itself in the tenant.
#[derive(Debug, Object)]
#[oai(rename = "OnboardingPermission", rename_all = "camelCase")]
pub(crate) struct PermissionView {
    /// Microsoft's name for it.
    name: String,
    /// What it is for.
    meaning: String,
    /// It was tried and works.
    granted: bool,
}

/// What stands in the way.
#[derive(Debug, Object)]
#[oai(rename = "OnboardingFinding", rename_all = "camelCase")]
pub(crate) struct FindingView {
    /// A stable word: `not_consented`, `disabled`, `no_such_tenant`, `service_misconfigured`, `unanswered`.
    code: String,
    /// The same for a person.
    text: String,
    /// What to do about it.
    next_step: String,
}

/// How an organization is connected to its Microsoft 365 tenant.
#[derive(Debug, Object)]
#[oai(rename = "OnboardingStatus", rename_all = "camelCase")]
struct StatusView {
    /// `pending`, `verifying`, `active`, `degraded`, `revoked`, `suspended` or `deleted`.
    state: String,
    /// When consent was first proven.
    consented_at: Option<DateTime<Utc>>,
    /// The object id of who consented, where that is known.
    consented_by: Option<Uuid>,
    /// Application permissions that are needed.
    permissions: Vec<PermissionView>,
    /// What Microsoft's page said was consented to, as far as a browser can be believed.
    reported_scopes: Vec<String>,
    /// Domains that the tenant has verified, the default one first.
    verified_domains: Vec<String>,
    /// What kind of tenant it is, such as `AAD`.
    tenant_type: Option<String>,
    /// When the tenant was last asked.
    checked_at: Option<DateTime<Utc>>,
    /// When it is asked next.
    next_check_at: Option<DateTime<Utc>>,
    /// What stood in the way then; `null` when nothing did.
    finding: Option<FindingView>,
    /// Where an administrator of the tenant gives consent, or gives what is missing. It begins at this service and leads
    /// to Microsoft's page.
    consent_url: String,
}

/// What is needed, by name, and whether it was granted.
pub(crate) fn permissions(record: &OnboardingRecord) -> Vec<PermissionView> {
    let known = |permission: &AppPermission, granted: bool| PermissionView {
        name: permission.as_str().to_owned(),
        meaning: permission.meaning().to_owned(),
        granted,
    };
    let granted = record.granted.iter().map(|permission| known(permission, true));
    let missing = record.missing.iter().map(|permission| known(permission, false));
    let mut permissions: Vec<PermissionView> = granted.chain(missing).collect();
    permissions.sort_by(|a, b| a.name.cmp(&b.name));
    permissions
}

/// What stood in the way, for people.
pub(crate) fn finding(finding: Finding) -> FindingView {
    let (text, next_step) = words::finding(finding);
    FindingView { code: finding.as_str().to_owned(), text: text.to_owned(), next_step: next_step.to_owned() }
}

/// How the caller's organization is connected.
pub(crate) struct OnboardingApi {
    pub onboarding: Onboarding,
    /// Where consent begins; `{tenant}` stands for the tenant.
    pub consent_url: String,
}

impl OnboardingApi {
    fn view(&self, status: Status) -> StatusView {
        let Status { state, organization, record, next_check_at } = status;
        let tenant = organization.azure_tenant_id.map(|tenant| tenant.to_string()).unwrap_or_default();
        StatusView {
            state: state.as_str().to_owned(),
            consented_at: organization.consented_at,
            consented_by: record.consented_by,
            permissions: permissions(&record),
            reported_scopes: record.reported_scopes,
            verified_domains: record.domains,
            tenant_type: record.tenant_type,
            checked_at: record.checked_at,
            next_check_at,
            finding: record.finding.map(finding),
            consent_url: self.consent_url.replace("{tenant}", &tenant),
        }
    }
}

#[OpenApi(tag = "Tag::Organization")]
impl OnboardingApi {
    /// Get how the organization is connected
    ///
    /// How the connection to the Microsoft 365 tenant stands: which permissions were granted and which are missing, what
    /// was found when it was last looked at, and where an administrator mends it. It is looked at once a day, and
    /// sooner when Microsoft refuses something.
    #[oai(path = "/api/onboarding/status", method = "get", operation_id = "getOnboardingStatus")]
    async fn status(&self, caller: Caller<Read>) -> Result<Json<Data<StatusView>>, ApiError> {
        let status = self.onboarding.status(&caller).await?.ok_or_else(ApiError::not_found)?;
        Ok(Json(Data { data: self.view(status) }))
    }

    /// Look at the tenant now
    ///
    /// Has the tenant looked at in the background, at most once a minute. `checkedAt` of the status tells when it was.
    #[oai(path = "/api/onboarding/check", method = "post", operation_id = "checkOnboarding")]
    async fn check(&self, caller: Caller<Manage>) -> Result<Json<Data<StatusView>>, ApiError> {
        let status = self.onboarding.check_now(&caller).await?.ok_or_else(ApiError::not_found)?;
        Ok(Json(Data { data: self.view(status) }))
    }
}
