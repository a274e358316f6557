//! The bearer token of one request.

use std::{fmt, sync::Arc};

use secrecy::{ExposeSecret, SecretString};

/// The bearer token of one request, held by what brought it: a copy of its own would have to be made and wiped with each
/// request, though next to none of them needs it again (RFC 6750).
#[derive(Clone)]
pub struct BearerToken(Arc<dyn ExposeSecret<str> + Send + Sync>);

impl BearerToken {
    /// The token that `holder` exposes, which is the same whenever it is asked.
    pub fn new(holder: impl ExposeSecret<str> + Send + Sync + 'static) -> Self {
        Self(Arc::new(holder))
    }

    /// A copy of the token alone, for what outlasts the request, all of whose head the holder may keep.
    #[must_use]
    pub fn outlasting(&self) -> Self {
        self.expose_secret().into()
    }
}

impl From<&str> for BearerToken {
    fn from(token: &str) -> Self {
        Self::new(SecretString::from(token))
    }
}

impl ExposeSecret<str> for BearerToken {
    fn expose_secret(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("BearerToken([REDACTED])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_token_and_does_not_show_it() {
        let token = BearerToken::from("the-secret");
        assert_eq!(token.clone().expose_secret(), "the-secret");
        assert_eq!(token.outlasting().expose_secret(), "the-secret");
        assert_eq!(format!("{token:?} {token:#?}"), "BearerToken([REDACTED]) BearerToken([REDACTED])");
    }
}
