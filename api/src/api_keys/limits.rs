//! What an API key says of the tokens that it gets: encrypted to whom, and what for where it gets none.

use domain::api_keys::{Jwk, ProxyRule};
use poem_openapi::{Enum, Object};

/// The kind of a public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename = "PublicKeyKind", rename_all = "UPPERCASE")]
pub(super) enum PublicKeyKind {
    /// Of the curve P-256: tokens are encrypted by `ECDH-ES` and `A256GCM`.
    Ec,
    /// Of 2048 to 4096 bits: by `RSA-OAEP-256` and `A256GCM`.
    Rsa,
}

/// A JSON Web Key (RFC 7517) without its private part.
#[derive(Clone, Debug, Object)]
#[oai(rename = "PublicKey", rename_all = "camelCase")]
pub(super) struct PublicKeyBody {
    kty: PublicKeyKind,
    /// `P-256`, of an `EC` key.
    crv: Option<String>,
    /// Of an `EC` key.
    #[oai(validator(max_length = 100))]
    x: Option<String>,
    /// Of an `EC` key.
    #[oai(validator(max_length = 100))]
    y: Option<String>,
    /// The modulus of an `RSA` key.
    #[oai(validator(max_length = 1000))]
    n: Option<String>,
    /// The exponent of an `RSA` key.
    #[oai(validator(max_length = 100))]
    e: Option<String>,
    /// Comes back in the header of what is encrypted.
    #[oai(validator(min_length = 1, max_length = 200))]
    kid: Option<String>,
}

impl From<Jwk> for PublicKeyBody {
    fn from(Jwk { kty, crv, x, y, n, e, kid }: Jwk) -> Self {
        let kty = if kty == "RSA" { PublicKeyKind::Rsa } else { PublicKeyKind::Ec };
        Self { kty, crv, x, y, n, e, kid }
    }
}

impl From<PublicKeyBody> for Jwk {
    fn from(PublicKeyBody { kty, crv, x, y, n, e, kid }: PublicKeyBody) -> Self {
        let kty = match kty {
            PublicKeyKind::Ec => "EC",
            PublicKeyKind::Rsa => "RSA",
        };
        Self { kty: kty.to_owned(), crv, x, y, n, e, kid }
    }
}

/// What a key may ask for through the credential proxy.
#[derive(Clone, Debug, Object)]
#[oai(rename = "ProxyRule", rename_all = "camelCase")]
pub(super) struct ProxyRuleBody {
    /// `HEAD` is allowed where `GET` is.
    #[oai(validator(min_items = 1, max_items = 6, unique_items))]
    methods: Vec<ProxyMethod>,
    /// A path below `/api/proxy/{connectionId}`, as `/graph/v1.0/me/messages/*`: `*` is any one segment, `**` at the end
    /// any number of them. It is compared decoded, and letter by letter. `$batch` is within no rule.
    #[oai(validator(min_length = 8, max_length = 500))]
    path: String,
}

/// A method that the credential proxy passes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enum)]
#[oai(rename_all = "UPPERCASE")]
pub(super) enum ProxyMethod {
    Delete,
    Get,
    Options,
    Patch,
    Post,
    Put,
}

impl ProxyMethod {
    const ALL: [Self; 6] = [Self::Delete, Self::Get, Self::Options, Self::Patch, Self::Post, Self::Put];

    fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "DELETE",
            Self::Get => "GET",
            Self::Options => "OPTIONS",
            Self::Patch => "PATCH",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }
}

impl ProxyRuleBody {
    pub(super) fn rule(&self) -> ProxyRule {
        let methods = self.methods.iter().map(|method| method.as_str().to_owned()).collect();
        ProxyRule { methods, path: self.path.clone() }
    }
}

impl From<ProxyRule> for ProxyRuleBody {
    fn from(ProxyRule { methods, path }: ProxyRule) -> Self {
        let is_named = |method: &ProxyMethod| methods.iter().any(|named| named == method.as_str());
        Self { methods: ProxyMethod::ALL.into_iter().filter(is_named).collect(), path }
    }
}
