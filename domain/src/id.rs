//! Typed identifiers: plain UUIDs on the wire and in the database, different types in the code, so that an
//! annotation's id cannot be passed where a term's is wanted.

use std::{fmt::Display, hash::Hash, sync::Arc};

use uuid::Uuid;

use crate::{clock::Clock, entropy::Entropy};

/// An identifier of one kind of thing.
pub trait TypedId: Copy + Eq + Hash + Ord + Display + Send + Sync + 'static {
    /// What it identifies, in the words of the API (`annotation`).
    const NOUN: &'static str;

    /// Gives a UUID its kind. Nothing is checked: whether such a thing exists is the store's answer.
    fn from_uuid(uuid: Uuid) -> Self;

    /// The bare UUID.
    fn uuid(self) -> Uuid;
}

macro_rules! typed_ids {
    ($($(#[$doc:meta])* $name:ident = $noun:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl TypedId for $name {
            const NOUN: &'static str = $noun;

            fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

typed_ids! {
    /// An organization: a customer of the product, usually one Entra ID tenant.
    OrgId = "organization";
    /// A membership of one organization: a person or a service principal.
    UserId = "user";
    /// A person's login, which belongs to no organization.
    AccountId = "account";
    /// A session of an account.
    SessionId = "session";
    /// A taxonomy of an organization.
    TaxonomyId = "taxonomy";
    /// A term of a taxonomy.
    TermId = "term";
    /// An annotation of a SharePoint or OneDrive item.
    AnnotationId = "annotation";
    /// An API key of an organization.
    ApiKeyId = "API key";
    /// A secret that an API key answers to.
    ApiKeySecretId = "secret of an API key";
    /// Uses of an API key that are alike.
    ApiKeyUseId = "use of an API key";
    /// A Microsoft account that a member connected.
    ConnectionId = "connection";
    /// An account that is being connected from a device.
    DeviceSignInId = "sign-in on a device";
    /// An access token of a connection.
    ConnectionTokenId = "token of a connection";
    /// A key that seals what an organization stores.
    DataKeyId = "data key";
    /// An event of an organization.
    EventId = "event";
}

/// Makes new identifiers: UUID version 7 from the clock and the entropy we hold.
#[derive(Clone)]
pub struct Ids {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Ids {
    pub fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { clock, entropy }
    }

    /// The clock that the identifiers are made from.
    pub fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    /// A new identifier. Ids made one after the other sort in that order down to about a quarter of a
    /// microsecond: the twelve bits after the milliseconds hold their fraction (RFC 9562 §6.2, method 3).
    pub fn next<T: TypedId>(&self) -> T {
        let now = self.clock.now();
        let millis = u64::try_from(now.timestamp_millis()).unwrap_or_default();
        let fraction =
            u16::try_from(now.timestamp_subsec_micros() % 1_000 * 4_096 / 1_000).unwrap_or_default();
        let mut random = [0_u8; 10];
        self.entropy.fill(&mut random);
        let [high, low] = fraction.to_be_bytes();
        let [_, _, rest @ ..] = random;
        let [r0, r1, r2, r3, r4, r5, r6, r7] = rest;
        let bytes = [high, low, r0, r1, r2, r3, r4, r5, r6, r7];
        T::from_uuid(uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use chrono::{DateTime, TimeDelta, Utc};

    use super::*;

    struct Ticking(Mutex<DateTime<Utc>>);

    impl Clock for Ticking {
        fn now(&self) -> DateTime<Utc> {
            let mut now = self.0.lock().unwrap();
            *now += TimeDelta::microseconds(1);
            *now
        }
    }

    struct Falling(Mutex<u8>);

    impl Entropy for Falling {
        fn fill(&self, bytes: &mut [u8]) {
            let mut next = self.0.lock().unwrap();
            *next = next.wrapping_sub(1);
            bytes.fill(*next);
        }
    }

    #[test]
    fn ids_made_a_microsecond_apart_sort_in_the_order_they_were_made_whatever_the_entropy_says() {
        let start = DateTime::parse_from_rfc3339("2026-01-01T00:00:00.000900Z").unwrap().to_utc();
        let ids = Ids::new(Arc::new(Ticking(Mutex::new(start))), Arc::new(Falling(Mutex::new(255))));
        let made: Vec<OrgId> = (0..300).map(|_| ids.next()).collect();
        assert!(made.is_sorted_by(|a, b| a < b));
        assert!(made.iter().all(|id| id.uuid().get_version_num() == 7));
    }
}
