//! The keys that seal what is stored: one, or a ring of which the first seals and the others still open.

use secrecy::{ExposeSecret, SecretString};

use super::{
    DelegationConfig, EntraConfig, KeyVaultConfig, key_vault::TOKEN_KEYS_VAULT_SECRET_ID, reader::Reader,
    setting::Setting,
};

pub(super) static TOKEN_KEY: Setting = Setting::new("TOKEN_KEY", "keys.token_key").secret();
pub(super) static TOKEN_KEYS: Setting = Setting::new("TOKEN_KEYS", "keys.token_keys").secret().list();

pub(super) static SETTINGS: &[&Setting] = &[&TOKEN_KEY, &TOKEN_KEYS];

const LEAST_BYTES: usize = 32;
const LONGEST_ID: usize = 32;

/// A key, and the name under which records refer to it.
#[derive(Clone, Debug)]
pub struct TokenKey {
    pub id: String,
    /// Any text of 32 bytes or more; what seals is derived from it.
    pub key: SecretString,
}

/// At least one key.
#[derive(Clone, Debug)]
pub struct KeyRing {
    /// Seals, and opens what it sealed.
    pub sealing: TokenKey,
    /// Open what was sealed before.
    pub opening: Vec<TokenKey>,
}

impl KeyRing {
    /// The id of a key that was given alone, as `TOKEN_KEY`.
    pub const SINGLE_ID: &str = "default";

    /// A ring of one key, as `TOKEN_KEY` makes it.
    pub fn single(key: SecretString) -> Self {
        Self { sealing: TokenKey { id: Self::SINGLE_ID.to_owned(), key }, opening: Vec::new() }
    }

    /// How many keys there are: one that seals, and those that still open.
    #[expect(clippy::len_without_is_empty, reason = "it is never empty")]
    pub fn len(&self) -> usize {
        1 + self.opening.len()
    }
}

/// `[keys]`.
#[derive(Clone, Debug)]
pub struct KeysConfig {
    /// `None`: nobody gave a key, and where one process owns the database it keeps one of its own. Or they are in a vault.
    pub ring: Option<KeyRing>,
    /// Where the ring is to be read from at start.
    pub vault: Option<KeyVaultConfig>,
}

impl KeysConfig {
    pub(super) fn read(reader: &mut Reader, entra: &EntraConfig, delegation: &DelegationConfig) -> Self {
        let single = reader.secret(&TOKEN_KEY);
        let single = single.filter(|key| {
            let problem = too_short(key.expose_secret());
            if let Some(length) = problem {
                reader.problem(&TOKEN_KEY, format!("the value has {length} bytes; {ADVICE}"));
            }
            problem.is_none()
        });
        let ring = reader.secret(&TOKEN_KEYS).and_then(|text| {
            let read = ring(text.expose_secret());
            read.map_err(|problems| problems.into_iter().for_each(|text| reader.problem(&TOKEN_KEYS, text)))
                .ok()
        });
        if let (Some(single), Some(ring)) = (&single, &ring)
            && single.expose_secret() != ring.sealing.key.expose_secret()
        {
            reader.problem(
                &TOKEN_KEY,
                format!(
                    "and TOKEN_KEYS begin with different keys; keep TOKEN_KEYS alone, with the key of TOKEN_KEY \
                     in it as `{}:…`",
                    KeyRing::SINGLE_ID
                ),
            );
        }
        let vault = KeyVaultConfig::read(reader, entra, delegation);
        for other in [&TOKEN_KEY, &TOKEN_KEYS] {
            if reader.is_set(&TOKEN_KEYS_VAULT_SECRET_ID) && reader.is_set(other) {
                let text = format!("is given together with {}; keep one of them", other.name);
                reader.problem(&TOKEN_KEYS_VAULT_SECRET_ID, text);
            }
        }
        Self { ring: ring.or_else(|| single.map(KeyRing::single)), vault }
    }

    /// Whether the operator says what the keys are, or where.
    pub(super) fn are_given(&self) -> bool {
        self.ring.is_some() || self.vault.is_some()
    }
}

const ADVICE: &str = "give 32 or more, such as the output of `openssl rand -base64 48`";

/// The length of a key that has too few bytes.
fn too_short(key: &str) -> Option<usize> {
    Some(key.len()).filter(|length| *length < LEAST_BYTES)
}

/// What is wrong with a text that should hold keys, without any of it.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct NoKeys(Vec<String>);

impl KeyRing {
    /// The keys of a secret's value: a ring in the form of `TOKEN_KEYS`, or one key, which then has neither a colon nor a
    /// comma. As in a file, one line feed at its end is none of it.
    pub fn of_secret(value: &SecretString) -> Result<Self, NoKeys> {
        let text = value.expose_secret();
        let text = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
        if text.contains([':', ',']) {
            return ring(text).map_err(NoKeys);
        }
        match too_short(text) {
            None => Ok(Self::single(SecretString::from(text))),
            Some(length) => Err(NoKeys(vec![format!("the value has {length} bytes; {ADVICE}")])),
        }
    }
}

/// The keys of `id:key,id:key`. Problems go by position: what looks like an id may be a part of a key.
fn ring(text: &str) -> Result<KeyRing, Vec<String>> {
    let (mut keys, mut problems) = (Vec::<TokenKey>::new(), Vec::new());
    for (index, entry) in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).enumerate() {
        let position = index + 1;
        let Some((id, key)) = entry.split_once(':').filter(|(id, _)| is_id(id)) else {
            problems.push(format!(
                "entry {position} is not `id:key`; give an id of up to {LONGEST_ID} letters, digits, `-` and `_`, a \
                 colon and the key, without commas"
            ));
            continue;
        };
        if let Some(length) = too_short(key) {
            problems.push(format!("the key of entry {position} has {length} bytes; {ADVICE}"));
        }
        if keys.iter().any(|other| other.id == id) {
            problems.push(format!("entry {position} has the id of one before it; give each its own"));
        }
        keys.push(TokenKey { id: id.to_owned(), key: SecretString::from(key) });
    }
    let mut keys = keys.into_iter();
    match keys.next() {
        Some(sealing) if problems.is_empty() => Ok(KeyRing { sealing, opening: keys.collect() }),
        None if problems.is_empty() => {
            Err(vec!["lists nothing; give at least one `id:key`, or leave it out".to_owned()])
        }
        Some(_) | None => Err(problems),
    }
}

fn is_id(text: &str) -> bool {
    (1..=LONGEST_ID).contains(&text.len())
        && text.chars().all(|character| character.is_ascii_alphanumeric() || "-_".contains(character))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::testing::{loaded, refused};

    const KEY: &str = "an-old-key-of-more-than-32-bytes-000001";
    const RING: &str =
        "new:a-new-key-of-more-than-32-bytes-0000002, default:an-old-key-of-more-than-32-bytes-000001";

    #[test]
    fn without_a_key_there_is_no_ring() {
        assert!(loaded(&[]).keys.ring.is_none());
    }

    #[test]
    fn a_single_key_is_a_ring_of_one() {
        let ring = loaded(&[("TOKEN_KEY", KEY)]).keys.ring.unwrap();
        assert_eq!((ring.sealing.id.as_str(), ring.sealing.key.expose_secret()), ("default", KEY));
        assert!(ring.opening.is_empty());
    }

    #[test]
    fn the_first_of_a_ring_seals() {
        let ring = loaded(&[("TOKEN_KEYS", RING)]).keys.ring.unwrap();
        assert_eq!(ring.sealing.id, "new");
        assert_eq!(ring.opening.iter().map(|key| key.id.as_str()).collect::<Vec<_>>(), ["default"]);
    }

    #[test]
    fn both_names_must_begin_with_the_same_key() {
        let problems = refused(&[("TOKEN_KEY", KEY), ("TOKEN_KEYS", RING)]);
        assert!(problems.starts_with("TOKEN_KEY: and TOKEN_KEYS begin with different keys"), "{problems}");
        let same = format!("k1:{KEY}");
        assert_eq!(loaded(&[("TOKEN_KEY", KEY), ("TOKEN_KEYS", &same)]).keys.ring.unwrap().sealing.id, "k1");
    }

    #[test]
    fn bad_keys_are_named_by_place_and_never_printed() {
        let problems = refused(&[
            ("TOKEN_KEY", "hunter2"),
            ("TOKEN_KEYS", &format!("hunter2,a:hunter2,b:{KEY},b:{KEY},hunter2 :{KEY}")),
        ]);
        assert!(problems.contains("TOKEN_KEY: the value has 7 bytes; give 32 or more"), "{problems}");
        assert!(problems.contains("entry 1 is not `id:key`"), "{problems}");
        assert!(problems.contains("the key of entry 2 has 7 bytes"), "{problems}");
        assert!(problems.contains("entry 4 has the id of one before it"), "{problems}");
        assert!(problems.contains("entry 5 is not `id:key`"), "{problems}");
        assert!(!problems.contains("hunter2") && !problems.contains(KEY), "{problems}");
        assert!(refused(&[("TOKEN_KEYS", ", ,")]).contains("lists nothing"));
    }

    #[test]
    fn a_secrets_value_is_a_ring_or_one_key() {
        let of = |text: &str| KeyRing::of_secret(&SecretString::from(text));
        let ids = |text: &str| -> Vec<String> {
            let ring = of(text).unwrap();
            std::iter::once(&ring.sealing).chain(&ring.opening).map(|key| key.id.clone()).collect()
        };
        assert_eq!(ids(KEY), ["default"]);
        assert_eq!(ids(RING), ["new", "default"]);
        for line in ["\n", "\r\n"] {
            let ring = of(&format!("{KEY}{line}")).unwrap();
            assert_eq!(ring.sealing.key.expose_secret(), KEY);
        }
        for (text, told) in [
            ("hunter2", "the value has 7 bytes"),
            ("", "the value has 0 bytes"),
            ("a:hunter2", "the key of entry 1 has 7 bytes"),
            (" , ", "lists nothing"),
            ("hunter2hunter2hunter2hunter2hunter2,", "entry 1 is not `id:key`"),
        ] {
            let error = of(text).unwrap_err();
            assert!(error.to_string().contains(told), "{error}");
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        }
    }

    #[test]
    fn replicas_on_postgres_must_share_a_key() {
        const POSTGRES: (&str, &str) = ("DATABASE_URL", "postgres://tenantry@db/tenantry");
        let problems = refused(&[POSTGRES]);
        assert!(problems.starts_with("TOKEN_KEY: not set, and with PostgreSQL"), "{problems}");
        assert!(refused(&[POSTGRES, ("APP_ENV", "development")]).starts_with("TOKEN_KEY: not set"));
        assert!(loaded(&[POSTGRES, ("TOKEN_KEYS", RING)]).keys.ring.is_some());
        let problems = refused(&[POSTGRES, ("TOKEN_KEYS", "short")]);
        assert_eq!(problems.lines().count(), 1, "{problems}");
    }
}
