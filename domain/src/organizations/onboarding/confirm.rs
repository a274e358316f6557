//! The other proof: an administrator of the tenant who signs in. Entra ID issues a token for us only in a tenant that
//! knows our application, and the token names the tenant and the person.

use serde_json::json;

use super::{Consent, Onboarding, OrganizationState, Start};
use crate::{
    access::{Identified, Origin, PERSONAL_ACCOUNTS_TENANT, Role, doorway},
    events::{Event, Events},
    identity::{NewUser, Profile, UserKind},
    jobs::Kind,
    organizations::OrganizationStatus,
    store::StoreError,
};

/// Somebody who was identified by a token of their tenant.
pub type Administrator = Identified;

/// Why a sign-in proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmError {
    #[error("only an administrator of the tenant can connect it")]
    NotAdministrator,
    #[error("a personal account has no tenant to connect")]
    Personal,
    #[error("the organization is suspended")]
    Suspended,
    #[error("the organization is deleted")]
    Deleted,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Onboarding {
    /// Connects the tenant of an administrator who signed in, and makes them an administrator here.
    pub async fn confirm(
        &self,
        administrator: &Administrator,
        origin: &Origin,
    ) -> Result<OrganizationState, ConfirmError> {
        if !administrator.is_administrator() {
            return Err(ConfirmError::NotAdministrator);
        }
        let tenant = administrator.tenant();
        if tenant == PERSONAL_ACCOUNTS_TENANT {
            return Err(ConfirmError::Personal);
        }
        let look = self.tenants.look(tenant, &self.settings.permissions).await;
        let profile = match &look {
            Ok(_) => self.tenants.profile(tenant).await.ok(),
            Err(_) => None,
        };
        let scope = self.doorway.find_or_found(tenant, origin).await?;
        let tx = self.store.begin(&scope).await?;
        tx.organization().lock().await?;
        let organization = tx.organization().get().await?.ok_or(ConfirmError::Deleted)?;
        match organization.status {
            OrganizationStatus::Active => {}
            OrganizationStatus::Suspended => return Err(ConfirmError::Suspended),
            OrganizationStatus::Deleted => return Err(ConfirmError::Deleted),
        }
        let now = self.ids.clock().now();
        let mut record = tx.onboarding().get().await?;
        super::jobs::judge_proof(&look, &mut record, now);
        if look.is_err() {
            // The person is proven; what the service itself may do is not known, so all of it counts as missing.
            record.granted = Vec::new();
            record.missing.clone_from(&self.settings.permissions);
        }
        record.verify_until = None;
        if look.is_err() {
            // It may be there within minutes.
            record.verify_until = Some(now + super::jobs::VERIFY_FOR);
            tx.jobs().schedule(Kind::ConsentProof, doorway::job_key(&scope), now).await?;
        }
        record.consented_by = Some(administrator.object_id());
        let to = if record.missing.is_empty() { Consent::Active } else { Consent::Degraded };
        let mut events: Events =
            Event::new("organization.consent.confirmed", json!({ "objectId": administrator.object_id() }))
                .into();
        if let Some(event) = self.welcome(tx.as_ref(), administrator).await? {
            events = events.and(event);
        }
        self.come_to(tx, &organization, to, record, profile, events).await?;
        Ok(OrganizationState::of(OrganizationStatus::Active, to))
    }

    /// Whoever completed consent is an administrator here.
    async fn welcome(
        &self,
        tx: &dyn crate::store::OrgTx,
        administrator: &Administrator,
    ) -> Result<Option<Event>, StoreError> {
        let object_id = administrator.object_id();
        if let Some(user) = tx.users().find_by_object_id(object_id).await? {
            if user.role == Some(Role::Admin) || user.kind != UserKind::Person {
                return Ok(None);
            }
            tx.users().set_role(user.id, Role::Admin).await?;
            let data = json!({ "userId": user.id, "role": Role::Admin.as_str() });
            return Ok(Some(Event::new("identity.role.assigned", data)));
        }
        let user = NewUser {
            id: self.ids.next(),
            kind: UserKind::Person,
            object_id: Some(object_id),
            profile: Profile {
                email: administrator.email().map(str::to_owned),
                display_name: administrator.display_name().map(str::to_owned),
                is_guest: false,
            },
            profile_as_of: administrator.issued_at(),
            role: Some(Role::Admin),
        };
        let added = tx.users().add_if_absent(&user).await?.is_some();
        let data = json!({ "userId": user.id, "kind": user.kind.as_str(), "role": Role::Admin.as_str() });
        Ok(added.then(|| Event::new("identity.user.created", data)))
    }

    /// A way for somebody who is signed in already: it must be their own tenant.
    pub async fn start_for(
        &self,
        initiator: &Identified,
        invitation: Option<&str>,
    ) -> Result<super::Started, super::LinkError> {
        self.start(&Start { tenant: None, invitation, initiator: Some(initiator) }).await
    }
}
