//! Permissions: empty types that a handler names in its signature, each with the word that is checked at run time.

use super::Role;

pub(crate) mod sealed {
    pub trait Sealed {}
}

/// A permission. Sealed: the list is [`ALL_PERMISSIONS`] and grows only here in `domain`.
pub trait Permission: sealed::Sealed + Send + Sync + 'static {
    /// The word for it (`annotations:write`); `None` when being signed in is enough.
    const NAME: Option<&'static str>;

    /// The same for a place that takes one word for each permission: `permission:annotations:write`, or
    /// `permission:` alone when being signed in is enough.
    const MARKER: &'static str;
}

/// Being signed in, with whatever credential, is enough.
#[derive(Debug)]
pub struct SignedIn;

impl sealed::Sealed for SignedIn {}
impl Permission for SignedIn {
    const NAME: Option<&'static str> = None;
    const MARKER: &'static str = "permission:";
}

/// Declares a permission in the capability it belongs to.
macro_rules! permission {
    ($(#[$doc:meta])* $name:ident = $word:literal) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;

        impl $crate::access::permission_seal::Sealed for $name {}
        impl $crate::access::Permission for $name {
            const NAME: Option<&'static str> = Some($word);
            const MARKER: &'static str = concat!("permission:", $word);
        }
    };
}
pub(crate) use permission;

/// Every permission there is, with the least role that has it.
pub const ALL_PERMISSIONS: &[(&str, Role)] = &[
    ("annotations:moderate", Role::Admin),
    ("annotations:read", Role::Member),
    ("annotations:write", Role::Member),
    ("api-keys:manage", Role::Admin),
    ("api-keys:own", Role::Member),
    ("connections:manage", Role::Admin),
    ("connections:read", Role::Member),
    ("connections:write", Role::Member),
    ("members:import", Role::Admin),
    ("members:manage", Role::Admin),
    ("members:read", Role::Member),
    ("organization:delete", Role::Admin),
    ("organization:export", Role::Admin),
    ("organization:manage", Role::Admin),
    ("organization:read", Role::Member),
    ("proxy:graph", Role::Member),
    ("proxy:sharepoint", Role::Member),
    ("sharepoint:read", Role::Member),
    ("taxonomies:manage", Role::Admin),
    ("taxonomies:read", Role::Member),
    ("tokens:read", Role::Member),
];
