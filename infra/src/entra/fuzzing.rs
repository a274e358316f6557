//! What reads a stranger's token, as a function of any text at all, for `tests/fuzz`; the property tests beside this
//! call it too. It panics when what it is about does not hold, and nothing in the service calls it.

use super::{claims::Members, compact::CompactToken};

/// The form of a token, its header and its claims: all that is read before and after a signature is verified.
pub fn token(text: &str) {
    if let Ok(token) = CompactToken::parse(text) {
        assert_eq!(
            format!("{}.{}", token.signed, token.signature),
            text,
            "a part is left out of what is verified"
        );
        assert_eq!(text.matches('.').count(), 2, "another number of parts");
        let _ = token.claims();
    }
    if let Ok(claims) = Members::parse(text.as_bytes()) {
        for name in ["aud", "iss", "tid", "oid", "exp", "name", "scp", "roles", "xms_edov"] {
            let _ = (claims.text(name), claims.has(name));
            if let Some(shown) = claims.display_text(name) {
                assert!(!shown.contains('\0') && !shown.is_empty(), "what cannot be kept is shown");
            }
        }
    }
}
