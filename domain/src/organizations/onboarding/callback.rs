//! Back from Microsoft's page.

use chrono::TimeDelta;
use serde_json::json;
use uuid::Uuid;

use super::{
    Attempt, Consent, InvitationState, Onboarding, OrganizationState, TenantError, Used,
    jobs::{Judged, VERIFY_FOR, judge_proof},
};
use crate::{
    access::{Origin, PERSONAL_ACCOUNTS_TENANT, TenantPolicy, VerificationError, doorway},
    events::{Event, Events},
    jobs::Kind,
    organizations::OrganizationStatus,
    store::StoreError,
};

/// What Microsoft's redirect brought, as it stands in the address: all of it may be forged.
#[derive(Clone, Debug, Default)]
pub struct Redirect {
    pub state: Option<String>,
    pub tenant: Option<String>,
    pub scope: Option<String>,
    pub error: Option<String>,
    pub error_description: Option<String>,
}

/// How a way ended, or where it stands: each has a next step that a person understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Microsoft's page was not left yet, as far as we know.
    Begun,
    /// The tenant is connected.
    Connected,
    /// The proof is looked for; it may take minutes.
    Verifying,
    /// The administrator declined.
    Declined,
    /// Somebody who may not consent for all.
    NotAdministrator,
    /// Microsoft refused for another reason.
    Refused,
    /// Microsoft did not say which tenant it was.
    TenantMissing,
    /// It was another tenant than the one that began, or than the link is for.
    OtherTenant,
    /// The deployment's list does not have the tenant.
    TenantNotAllowed,
    NoSuchTenant,
    /// A personal account has no administrator.
    Personal,
    /// The organization was suspended by the service's staff.
    Suspended,
    /// The organization was deleted and can be restored for a while.
    Deleted,
    /// The link was used, or taken back, meanwhile.
    InvitationEnded,
}

impl Answer {
    pub const ALL: [Self; 14] = [
        Self::Begun,
        Self::Connected,
        Self::Verifying,
        Self::Declined,
        Self::NotAdministrator,
        Self::Refused,
        Self::TenantMissing,
        Self::OtherTenant,
        Self::TenantNotAllowed,
        Self::NoSuchTenant,
        Self::Personal,
        Self::Suspended,
        Self::Deleted,
        Self::InvitationEnded,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Connected => "connected",
            Self::Verifying => "verifying",
            Self::Declined => "declined",
            Self::NotAdministrator => "not_administrator",
            Self::Refused => "refused",
            Self::TenantMissing => "tenant_missing",
            Self::OtherTenant => "other_tenant",
            Self::TenantNotAllowed => "tenant_not_allowed",
            Self::NoSuchTenant => "no_such_tenant",
            Self::Personal => "personal",
            Self::Suspended => "suspended",
            Self::Deleted => "deleted",
            Self::InvitationEnded => "invitation_ended",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|answer| answer.as_str() == word)
    }
}

/// Where a browser's way stands.
#[derive(Clone, Debug)]
pub struct Progress {
    pub answer: Answer,
    /// Of the organization, where the way led to one.
    pub state: Option<OrganizationState>,
    /// The organization's name, once its consent is proven: before, nobody has shown to be of it.
    pub name: Option<String>,
    /// What is needed and was not granted.
    pub missing: Vec<super::AppPermission>,
}

impl Progress {
    fn of(answer: Answer) -> Self {
        Self { answer, state: None, name: None, missing: Vec::new() }
    }
}

impl Onboarding {
    /// Takes what the redirect brought. `None`: the state is unknown, too old, or another browser's; nothing was done.
    pub async fn callback(
        &self,
        redirect: &Redirect,
        browser: Option<&str>,
        origin: &Origin,
    ) -> Result<Option<Progress>, StoreError> {
        let (Some(state), Some(browser)) = (redirect.state.as_deref(), browser) else { return Ok(None) };
        let attempt = match self.attempts.use_state(state, browser, self.ids.clock().now()).await? {
            Used::Now(attempt) => attempt,
            // The page was loaded again: it shows what became of the first time.
            Used::Before(attempt) => return self.progress_of(&attempt, origin).await.map(Some),
            Used::Not => return Ok(None),
        };
        let (answer, org_id) = match self.decide(&attempt, redirect).await? {
            Decision::Ends(answer) => (answer, None),
            // Before anything is founded: the link may have been used or taken back while Microsoft's page was open.
            Decision::Prove(_) if !self.still_invited(&attempt).await? => (Answer::InvitationEnded, None),
            Decision::Prove(tenant) => self.arrive(&attempt, tenant, redirect, origin).await?,
        };
        self.attempts.answer(attempt.id, answer.as_str(), org_id).await?;
        let attempt = Attempt { answer: Some(answer.as_str().to_owned()), org_id, ..attempt };
        self.progress_of(&attempt, origin).await.map(Some)
    }

    /// Where the browser's way stands; `None` when it has none.
    pub async fn progress(&self, browser: &str, origin: &Origin) -> Result<Option<Progress>, StoreError> {
        match self.attempts.of_browser(browser).await? {
            Some(attempt) => self.progress_of(&attempt, origin).await.map(Some),
            None => Ok(None),
        }
    }

    async fn progress_of(&self, attempt: &Attempt, origin: &Origin) -> Result<Progress, StoreError> {
        let answer = match attempt.answer.as_deref() {
            None => Answer::Begun,
            Some(word) => Answer::parse(word).unwrap_or(Answer::Refused),
        };
        let (Some(org_id), Answer::Connected | Answer::Verifying) = (attempt.org_id, answer) else {
            return Ok(Progress::of(answer));
        };
        let reader = self.store.read(&doorway::Doorway::known(org_id, origin)).await?;
        let Some(organization) = reader.organization().get().await? else {
            return Ok(Progress::of(Answer::Deleted));
        };
        let record = reader.onboarding().get().await?;
        let is_proven = organization.consent.holds();
        Ok(Progress {
            answer: if is_proven { Answer::Connected } else { Answer::Verifying },
            state: Some(OrganizationState::of(organization.status, organization.consent)),
            name: is_proven.then_some(organization.name),
            missing: if is_proven { record.missing } else { Vec::new() },
        })
    }

    /// What is decided of the redirect, and of the list of tenants where there is one.
    async fn decide(&self, attempt: &Attempt, redirect: &Redirect) -> Result<Decision, StoreError> {
        let tenant = match claimed(attempt.tenant, redirect) {
            Decision::Prove(tenant) => tenant,
            ends @ Decision::Ends(_) => return Ok(ends),
        };
        if self.settings.policy == TenantPolicy::AllowList {
            match self.allowed_tenants.contains(tenant).await {
                Ok(true) => {}
                Ok(false) => return Ok(Decision::Ends(Answer::TenantNotAllowed)),
                Err(error @ (VerificationError::Rejected(_) | VerificationError::Unavailable { .. })) => {
                    return Err(StoreError::Unavailable(Box::new(error)));
                }
            }
        }
        Ok(Decision::Prove(tenant))
    }

    /// Whether the link is good still that the way began with, if it began with one.
    async fn still_invited(&self, attempt: &Attempt) -> Result<bool, StoreError> {
        let Some(id) = attempt.invitation else { return Ok(true) };
        let invitation = self.invitations.get(id).await?;
        Ok(invitation.is_some_and(|found| self.state_of(&found) == InvitationState::Open))
    }

    /// Looks for the proof at once, and, where it is not there yet, again and again in the background.
    async fn arrive(
        &self,
        attempt: &Attempt,
        tenant: Uuid,
        redirect: &Redirect,
        origin: &Origin,
    ) -> Result<(Answer, Option<crate::id::OrgId>), StoreError> {
        // Before anything is written: what does not exist becomes no organization.
        let look = self.tenants.look(tenant, &self.settings.permissions).await;
        if look == Err(TenantError::NoSuchTenant) {
            return Ok((Answer::NoSuchTenant, None));
        }
        let profile = match &look {
            Ok(_) => self.tenants.profile(tenant).await.ok(),
            Err(_) => None,
        };
        let scope = self.doorway.find_or_found(tenant, origin).await?;
        let org_id = scope.org_id();
        let now = self.ids.clock().now();
        let tx = self.store.begin(&scope).await?;
        tx.organization().lock().await?;
        let Some(organization) = tx.organization().get().await? else {
            return Ok((Answer::Deleted, None));
        };
        match organization.status {
            OrganizationStatus::Active => {}
            OrganizationStatus::Suspended => return Ok((Answer::Suspended, None)),
            OrganizationStatus::Deleted => return Ok((Answer::Deleted, None)),
        }
        let mut record = tx.onboarding().get().await?;
        record.verify_until = Some(now + VERIFY_FOR);
        if let Some(scope) = &redirect.scope {
            record.reported_scopes = scope.split_whitespace().take(100).map(str::to_owned).collect();
        }
        record.consented_by = attempt.initiator.or(record.consented_by);
        let judged = judge_proof(&look, &mut record, now);
        let to = after_arrival(judged, organization.consent);
        if judged == Judged::Wait {
            tx.jobs()
                .schedule(Kind::ConsentProof, doorway::job_key(&scope), now + TimeDelta::seconds(2))
                .await?;
        }
        let returned = Event::new("organization.consent.returned", json!({ "attemptId": attempt.id }));
        self.come_to(tx, &organization, to, record, profile, Events::from(returned)).await?;
        if let (true, Some(invitation)) = (to.holds(), attempt.invitation)
            && !self.invitations.accept(invitation, org_id, now).await?
        {
            tracing::info!("an invitation was used more than once");
        }
        Ok((if to.holds() { Answer::Connected } else { Answer::Verifying }, Some(org_id)))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    Ends(Answer),
    Prove(Uuid),
}

/// The tenant that a redirect claims to be of, which is still to be proven. An error counts whatever else is there:
/// Microsoft sends `admin_consent=True` with failures too.
fn claimed(pinned: Option<Uuid>, redirect: &Redirect) -> Decision {
    if redirect.error.is_some() {
        return Decision::Ends(failure(redirect));
    }
    let named = redirect.tenant.as_deref().map(str::parse::<Uuid>);
    match (named, pinned) {
        (Some(Ok(named)), Some(pinned)) if named != pinned => Decision::Ends(Answer::OtherTenant),
        (Some(Ok(PERSONAL_ACCOUNTS_TENANT)), _) => Decision::Ends(Answer::Personal),
        (Some(Ok(named)), _) => Decision::Prove(named),
        (None, Some(pinned)) => Decision::Prove(pinned),
        (None | Some(Err(_)), _) => Decision::Ends(Answer::TenantMissing),
    }
}

/// Where an organization stands when somebody has come back for it.
fn after_arrival(judged: Judged, before: Consent) -> Consent {
    match (judged, before) {
        (Judged::Is(consent), _) => consent,
        // What holds goes on while it is looked at: nobody can take it away by coming here.
        (Judged::Wait, Consent::Active | Consent::Degraded) => before,
        (Judged::Wait, Consent::Pending | Consent::Verifying | Consent::Revoked) => Consent::Verifying,
    }
}

/// By the number in the description where there is one (Microsoft Entra authentication error codes), else by the word.
fn failure(redirect: &Redirect) -> Answer {
    let description = redirect.error_description.as_deref().unwrap_or_default();
    let number = description
        .split_once("AADSTS")
        .map(|(_, rest)| rest.chars().take_while(char::is_ascii_digit).collect::<String>());
    match (number.as_deref(), redirect.error.as_deref()) {
        (Some("65004"), _) | (None, Some("access_denied" | "consent_required")) => Answer::Declined,
        (Some("90094" | "90093" | "90095" | "900941"), _) | (None, Some("permission_denied")) => {
            Answer::NotAdministrator
        }
        (Some("90002"), _) => Answer::NoSuchTenant,
        (Some(_) | None, _) => Answer::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(error: &str, description: &str) -> Answer {
        failure(&Redirect {
            error: Some(error.to_owned()),
            error_description: Some(description.to_owned()),
            ..Redirect::default()
        })
    }

    #[test]
    fn a_failure_is_told_by_its_number_before_its_word() {
        assert_eq!(failed("access_denied", "AADSTS65004: User declined to consent"), Answer::Declined);
        assert_eq!(
            failed("access_denied", "AADSTS90094: The grant requires admin"),
            Answer::NotAdministrator
        );
        assert_eq!(failed("access_denied", "the user declined"), Answer::Declined);
        assert_eq!(failed("permission_denied", ""), Answer::NotAdministrator);
        assert_eq!(failed("server_error", "AADSTS90033: try later"), Answer::Refused);
        assert_eq!(failed("invalid_request", "AADSTS650049: not 65004"), Answer::Refused);
    }

    const ONE: Uuid = Uuid::from_u128(1);
    const OTHER: Uuid = Uuid::from_u128(2);

    #[test]
    fn a_redirect_claims_one_tenant_and_proves_none() {
        let back =
            |tenant: Option<&str>| Redirect { tenant: tenant.map(str::to_owned), ..Redirect::default() };
        let named = |tenant: Uuid| back(Some(&tenant.to_string()));
        assert_eq!(claimed(None, &named(ONE)), Decision::Prove(ONE));
        assert_eq!(claimed(Some(ONE), &named(ONE)), Decision::Prove(ONE));
        assert_eq!(claimed(Some(ONE), &back(None)), Decision::Prove(ONE));
        assert_eq!(claimed(Some(ONE), &named(OTHER)), Decision::Ends(Answer::OtherTenant));
        assert_eq!(claimed(None, &named(PERSONAL_ACCOUNTS_TENANT)), Decision::Ends(Answer::Personal));
        for nameless in [back(None), back(Some("")), back(Some("contoso.com"))] {
            assert_eq!(claimed(None, &nameless), Decision::Ends(Answer::TenantMissing));
        }
        assert_eq!(claimed(Some(ONE), &back(Some("contoso.com"))), Decision::Ends(Answer::TenantMissing));
        let failed = Redirect { error: Some("access_denied".to_owned()), ..named(ONE) };
        assert_eq!(claimed(Some(ONE), &failed), Decision::Ends(Answer::Declined));
    }

    #[test]
    fn coming_back_takes_nothing_away_and_without_a_proof_gives_nothing() {
        for before in Consent::ALL {
            let waiting = after_arrival(Judged::Wait, before);
            assert_eq!(waiting.holds(), before.holds(), "{before:?}");
            assert_eq!(waiting, if before.holds() { before } else { Consent::Verifying });
            for proven in [Consent::Active, Consent::Degraded] {
                assert_eq!(after_arrival(Judged::Is(proven), before), proven);
            }
        }
    }

    #[test]
    fn every_answer_has_a_word_of_its_own() {
        for answer in Answer::ALL {
            assert_eq!(Answer::parse(answer.as_str()), Some(answer));
        }
    }
}
