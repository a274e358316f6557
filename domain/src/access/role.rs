//! Roles: names for sets of permissions.

use super::ALL_PERMISSIONS;

/// A role in an organization. Ordered: a greater role has all that a lesser one has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Uses the product.
    Member,
    /// Also looks after the organization: its settings, members and taxonomies.
    Admin,
}

impl Role {
    /// The word for it, in the API and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Admin => "admin",
        }
    }

    /// The role of a word; `None` for a word that is none.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "member" => Some(Self::Member),
            "admin" => Some(Self::Admin),
            _ => None,
        }
    }

    /// What the role may do.
    pub fn permissions(self) -> impl Iterator<Item = &'static str> {
        ALL_PERMISSIONS.iter().filter(move |(_, least)| *least <= self).map(|(word, _)| *word)
    }
}
