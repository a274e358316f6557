//! Ids in the forms that Graph has.

use aws_lc_rs::digest;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use uuid::Uuid;

/// What a name keeps as it is in an address.
const IN_A_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// `b!` and the three GUIDs of where it is.
pub(crate) fn drive_id(collection: Uuid, web: Uuid, list: Uuid) -> String {
    let bytes: Vec<u8> = [collection, web, list].iter().flat_map(Uuid::to_bytes_le).collect();
    format!("b!{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// A GUID that follows from the two ids.
pub(super) fn item_guid(drive: &str, item: &str) -> Uuid {
    guid_of(&format!("{drive}/{item}"))
}

/// A GUID that follows from a text.
pub(crate) fn guid_of(text: &str) -> Uuid {
    let digest = digest::digest(&digest::SHA256, text.as_bytes());
    let mut bytes = [0; 16];
    for (byte, of_digest) in bytes.iter_mut().zip(digest.as_ref()) {
        *byte = *of_digest;
    }
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

/// A name as it stands in an address.
pub(crate) fn in_a_path(name: &str) -> String {
    utf8_percent_encode(name, IN_A_PATH).to_string()
}
