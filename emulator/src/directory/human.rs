//! One human, who has one handle, a home, and an object in each tenant that knows him.

use super::{Authority, Directory, PERSONAL, Tenant, User};

impl Directory {
    /// The object of a human at home.
    pub(crate) fn at_home(&self, handle: &str) -> Option<&User> {
        let mut users = self.tenants.iter().flat_map(|tenant| &tenant.users);
        users.find(|user| user.handle == handle && user.home.is_none())
    }

    /// The tenant a human is at home in.
    pub(crate) fn home_of(&self, handle: &str) -> Option<&Tenant> {
        self.tenants
            .iter()
            .find(|tenant| tenant.users.iter().any(|user| user.handle == handle && user.home.is_none()))
    }

    /// Whom a typed name means, which must be his address at home.
    pub(crate) fn sign_in(&self, typed: &str) -> Option<&User> {
        let typed = typed.trim();
        let mut users = self.tenants.iter().flat_map(|tenant| &tenant.users);
        users.find(|user| user.home.is_none() && user.is_called(typed))
    }

    /// The object a human has where `authority` leads him; or the tenant that does not know him, if it is one.
    pub(crate) fn object_at(
        &self,
        authority: Authority,
        handle: &str,
    ) -> Result<(&Tenant, &User), Option<&Tenant>> {
        let tenant = match authority {
            Authority::Tenant(id) => self.tenants.iter().find(|tenant| tenant.id == id),
            Authority::Common => self.home_of(handle),
            Authority::Organizations => self.home_of(handle).filter(|tenant| tenant.id != PERSONAL),
            Authority::Consumers => self.home_of(handle).filter(|tenant| tenant.id == PERSONAL),
        };
        let tenant = tenant.ok_or(None)?;
        let user = tenant.users.iter().find(|user| user.handle == handle).ok_or(Some(tenant))?;
        Ok((tenant, user))
    }
}
