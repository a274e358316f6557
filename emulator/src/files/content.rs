//! The bytes of documents.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// A document's bytes and what they are.
#[derive(Debug, Clone)]
pub(crate) struct Content {
    pub(crate) mime: &'static str,
    pub(crate) bytes: Arc<[u8]>,
}

impl Content {
    /// Of the kind that the name's ending says.
    pub(crate) fn new(name: &str, bytes: impl Into<Arc<[u8]>>) -> Self {
        let mime = match name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase()).as_deref() {
            Some("txt") => "text/plain",
            Some("pdf") => "application/pdf",
            Some("docx") => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Some("xlsx") => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Some(_) | None => "application/octet-stream",
        };
        Self { mime, bytes: bytes.into() }
    }

    /// Something with the head and the tail of a PDF and `size` bytes in all, each telling where it is.
    pub(super) fn pdf(size: usize) -> Arc<[u8]> {
        let (head, tail) = (b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n".as_slice(), b"\n%%EOF\n".as_slice());
        let middle = size.saturating_sub(head.len() + tail.len());
        // 251 is prime, so that no power of two divides the pattern: a shifted range is seen.
        let pattern = (0..=250_u8).cycle().take(middle);
        head.iter().copied().chain(pattern).chain(tail.iter().copied()).collect()
    }
}

/// The hash of OneDrive, base64.
///
/// <https://learn.microsoft.com/onedrive/developer/code-snippets/quickxorhash>
pub(crate) fn quick_xor_hash(bytes: &[u8]) -> String {
    const BITS: usize = 160;
    let mut hash = [0_u8; BITS / 8];
    for (at, byte) in bytes.iter().enumerate() {
        let bit = (at * 11) % BITS;
        let [low, high] = (u16::from(*byte) << (bit % 8)).to_le_bytes();
        for (cell, part) in [(bit / 8, low), ((bit / 8 + 1) % hash.len(), high)] {
            if let Some(cell) = hash.get_mut(cell) {
                *cell ^= part;
            }
        }
    }
    for (cell, part) in hash.iter_mut().rev().zip((bytes.len() as u64).to_be_bytes()) {
        *cell ^= part;
    }
    STANDARD.encode(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_others() {
        for (bytes, expected) in [
            (b"".as_slice(), "AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
            (b"\x4a", "SgAAAAAAAAAAAAAAAQAAAAAAAAA="),
            (b"\xb5\xb4", "taAFAAAAAAAAAAAAAgAAAAAAAAA="),
            (b"\xd2\x96\x4f", "0rDEEwAAAAAAAAAAAwAAAAAAAAA="),
        ] {
            assert_eq!(quick_xor_hash(bytes), expected);
        }
    }
}
