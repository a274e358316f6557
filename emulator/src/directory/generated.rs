//! Users of a large tenant, each of whom follows from his number.

use uuid::Uuid;

use super::{Tenant, User};

const GIVEN: [&str; 10] =
    ["Aylin", "Björn", "Chloé", "Dmitri", "Esra", "Fatou", "Giulia", "Hiroshi", "Ingrid", "José"];
const FAMILY: [&str; 10] =
    ["Abe", "Bauer", "Costa", "Dubois", "Eriksen", "Fischer", "García", "Hoang", "Ivanova", "Jansen"];

impl Tenant {
    /// The user with this number, counted from 1. Every fiftieth is disabled, every ninetieth has no mailbox.
    pub(crate) fn generated_user(&self, number: usize) -> User {
        let name = |names: &[&str], at: usize| names.get(at % names.len()).map(|name| (*name).to_owned());
        let domain = self.domains.first().cloned().unwrap_or_default();
        let upn = format!("user{number:05}@{domain}");
        User {
            handle: format!("user{number:05}"),
            id: Uuid::from_u128((self.id.as_u128() >> 32 << 32) | (0x1_0000 + number as u128)),
            photo: false,
            given_name: name(&GIVEN, number).unwrap_or_default(),
            family_name: name(&FAMILY, number / GIVEN.len()).unwrap_or_default(),
            display_name: None,
            mail: (!number.is_multiple_of(90)).then(|| upn.clone()),
            upn,
            administrator: false,
            enabled: !number.is_multiple_of(50),
            mfa_required: false,
            home: None,
            assigned: Vec::new(),
            sessions_valid_from: None,
            password_changed: None,
        }
    }
}
