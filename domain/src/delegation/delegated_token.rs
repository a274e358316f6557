//! A token that a resource accepts in a person's name.

use std::fmt;

use chrono::{DateTime, Utc};
use secrecy::SecretString;

/// An access token for one resource, on behalf of one caller. Opaque: only the resource may look into it.
pub struct DelegatedToken {
    /// The bearer. Exposed in one place: where the request to the resource is written.
    pub secret: SecretString,
    /// When the resource stops accepting it.
    pub expires_at: DateTime<Utc>,
    /// The delegated scopes that it carries, as Entra ID wrote them; may be empty.
    pub scopes: Vec<String>,
}

/// Says nothing: a token is not to be found in a log by accident, nor what it may do.
impl fmt::Debug for DelegatedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DelegatedToken")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debugging_prints_nothing_of_it() {
        let token = DelegatedToken {
            secret: SecretString::from("the-bearer"),
            expires_at: DateTime::UNIX_EPOCH,
            scopes: vec!["Files.Read.All".to_owned()],
        };
        assert_eq!(format!("{token:?}"), "DelegatedToken");
    }
}
