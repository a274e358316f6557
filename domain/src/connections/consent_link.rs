//! Where an administrator consents for those who miss it.

use std::sync::Arc;

use uuid::Uuid;

use super::Trouble;
use crate::access::PERSONAL_ACCOUNTS_TENANT;

/// The address at which an administrator of a tenant begins to consent to this application.
#[derive(Clone, Debug)]
pub struct ConsentLink(Arc<str>);

impl ConsentLink {
    /// `{tenant}` in the address stands for the tenant.
    pub fn new(address: &str) -> Self {
        Self(address.into())
    }

    /// The address for a tenant whose account is in trouble; `None` where consent mends nothing, and for personal
    /// accounts, which have no administrator.
    pub fn for_trouble(&self, trouble: Trouble, tenant: Uuid) -> Option<String> {
        let helps = trouble.is_mended_by_admin_consent() && tenant != PERSONAL_ACCOUNTS_TENANT;
        helps.then(|| self.0.replace("{tenant}", &tenant.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_for_a_tenant_that_has_administrators_and_where_it_helps() {
        let link = ConsentLink::new("https://tenantry.example/start?tenant={tenant}");
        let tenant = Uuid::from_u128(7);
        let expected = format!("https://tenantry.example/start?tenant={tenant}");
        assert_eq!(link.for_trouble(Trouble::Consent, tenant), Some(expected));
        assert_eq!(link.for_trouble(Trouble::Revoked, tenant), None);
        assert_eq!(link.for_trouble(Trouble::Consent, PERSONAL_ACCOUNTS_TENANT), None);
    }
}
