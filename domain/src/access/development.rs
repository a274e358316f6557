//! The development identity: who calls without a credential while somebody builds a client against us.
//!
//! It exists in debug builds only; the API decides, request by request, whether it may be used.

/// Who a request without a credential is, in development.
#[derive(Clone, Debug)]
pub struct DevelopmentIdentity {
    /// `DEV_USER_EMAIL`.
    pub email: String,
    /// `DEV_USER_NAME`.
    pub name: String,
    /// `DEV_ORG_ID`: any label; the organization behind it has an ordinary id.
    pub organization: String,
}

#[cfg(debug_assertions)]
mod bypass {
    use std::sync::Arc;

    use uuid::Uuid;

    use super::DevelopmentIdentity;
    use crate::{
        access::{
            Authenticated, AuthenticatedBy, Authentication, AuthenticationError, Principal, Role,
            authentication::permissions_of, provisioning::Newcomer,
        },
        identity::{NewUser, Profile, UserKind},
        organizations::{NameSource, OrganizationOrigin},
    };

    /// The one person of the development organization, whatever they are called today.
    const OBJECT_ID: Uuid = uuid::uuid!("00000000-0000-4000-8000-00000000de70");

    impl Authentication {
        /// The principal of a request without a credential.
        pub async fn development(
            &self,
            identity: &DevelopmentIdentity,
        ) -> Result<Authenticated, AuthenticationError> {
            let newcomer = Newcomer {
                origin: OrganizationOrigin::Development(identity.organization.clone()),
                user: NewUser {
                    id: self.provisioning.ids.next(),
                    kind: UserKind::Person,
                    object_id: Some(OBJECT_ID),
                    profile: Profile {
                        email: Some(identity.email.clone()),
                        display_name: Some(identity.name.clone()),
                        is_guest: false,
                    },
                    profile_as_of: self.provisioning.ids.clock().now(),
                    role: Some(Role::Admin),
                },
                organization_name: (identity.organization.clone(), NameSource::TenantId),
                needs_consent: None,
                first_is_admin: true,
            };
            let (organization, user) = self.provisioning.find_or_create(&newcomer, None).await?;
            Ok(Authenticated::without_assertion(Arc::new(Principal {
                permissions: permissions_of(user.role),
                role: user.role,
                organization: Arc::new(organization.as_ref().into()),
                user: Arc::new(user),
                scopes: Vec::new(),
                app_roles: Vec::new(),
                client_id: None,
                authenticated_by: AuthenticatedBy::Development,
                session: None,
                authenticated_at: None,
                delegable: None,
                api_key: None,
                is_operator: false,
            })))
        }
    }
}
