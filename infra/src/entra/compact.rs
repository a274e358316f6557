//! The form of a token, and its header: all that is looked at before a key is.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::access::Rejection;

use super::claims::Members;

/// Entra's tokens have 1 to 3 KiB; with many groups and roles some more. A request head could not carry this much.
const MAX_BYTES: usize = 16 * 1024;
/// The one algorithm that Entra signs its access tokens with.
const ALGORITHM: &str = "RS256";

/// A token in compact serialization (RFC 7515 §3.1) whose header is acceptable. Nothing of it is proven yet.
#[derive(Debug)]
pub(super) struct CompactToken<'a> {
    /// What the signature is over: header and payload as they arrived.
    pub signed: &'a str,
    /// Still in base64url.
    pub signature: &'a str,
    /// `kid`. The only member of the header that is used: `jku`, `jwk`, `x5u` and `x5c` are not looked at.
    pub key_id: String,
    payload: &'a str,
}

impl<'a> CompactToken<'a> {
    pub(super) fn parse(token: &'a str) -> Result<Self, Rejection> {
        if token.len() > MAX_BYTES {
            return Err(Rejection::TooLarge);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(Rejection::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(Rejection::Malformed)?;
        if payload.contains('.') {
            return Err(Rejection::Malformed);
        }
        let header = Members::parse(&decode(header)?)?;
        check_algorithm(&header)?;
        check_extensions(&header)?;
        check_type(&header)?;
        let key_id = header.text("kid")?.ok_or(Rejection::UnknownKey)?.to_owned();
        Ok(Self { signed, signature, key_id, payload })
    }

    /// The claims. To be called once the signature is proven.
    pub(super) fn claims(&self) -> Result<Members, Rejection> {
        Members::parse(&decode(self.payload)?)
    }
}

fn decode(part: &str) -> Result<Vec<u8>, Rejection> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Rejection::Malformed)
}

/// Exactly RS256: not `none`, nothing symmetric, and no other that the key's owner did not choose (RFC 8725 §3.1).
fn check_algorithm(header: &Members) -> Result<(), Rejection> {
    match header.text("alg") {
        Ok(Some(ALGORITHM)) => Ok(()),
        Ok(_) | Err(_) => Err(Rejection::Algorithm),
    }
}

/// A critical extension that is not understood must be refused (RFC 7515 §4.1.11); we understand none.
fn check_extensions(header: &Members) -> Result<(), Rejection> {
    if header.has("crit") { Err(Rejection::Malformed) } else { Ok(()) }
}

/// `JWT`, or the form of RFC 9068 §2.1; other kinds of token are not access tokens.
fn check_type(header: &Members) -> Result<(), Rejection> {
    let is_known = |typ: &str| {
        let typ = typ.to_ascii_lowercase();
        matches!(typ.strip_prefix("application/").unwrap_or(&typ), "jwt" | "at+jwt")
    };
    if header.text("typ")?.is_none_or(is_known) { Ok(()) } else { Err(Rejection::Malformed) }
}
