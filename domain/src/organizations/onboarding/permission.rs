//! What the service asks of a tenant for itself, in Microsoft's words and in plain ones.

/// An application permission of Microsoft Graph (Microsoft Graph permissions reference).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AppPermission {
    OrganizationRead,
    SitesRead,
    UsersRead,
}

impl AppPermission {
    pub const ALL: [Self; 3] = [Self::OrganizationRead, Self::SitesRead, Self::UsersRead];

    /// Microsoft's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OrganizationRead => "Organization.Read.All",
            Self::SitesRead => "Sites.Read.All",
            Self::UsersRead => "User.Read.All",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|permission| permission.as_str() == name)
    }

    /// What it is for, for somebody who decides about it.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::OrganizationRead => {
                "See the organization's name, its verified domains and what kind of tenant it is."
            }
            Self::SitesRead => {
                "Read documents and lists in all SharePoint sites, without a person signed in."
            }
            Self::UsersRead => {
                "See the people of the organization: names, e-mail addresses, whether their accounts are on."
            }
        }
    }
}
