//! Keys that are kept in a file of their own: what a single SQLite deployment has when no key is configured.
//!
//! The file holds one key, or `id:key,id:key` with the sealing one first once it was rotated.

use std::{
    fs::{self, OpenOptions},
    io::{Error, ErrorKind, Write},
    path::Path,
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::entropy::Entropy;
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroizing};

/// The id of a key that stands alone.
pub(super) const ALONE: &str = "default";

/// A key with its id.
type Key = (String, SecretString);

/// Reads the key, or makes one and writes it readable by its owner only. Of two processes that start at once one
/// makes it and the other reads it.
pub fn read_or_create(path: &Path, entropy: &dyn Entropy) -> std::io::Result<SecretString> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(mut file) => {
            let key = make(entropy);
            file.write_all(key.expose_secret().as_bytes())?;
            file.sync_all()?;
            Ok(key)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => read(path),
        Err(error) => Err(error),
    }
}

/// A new key, as text.
pub(super) fn make(entropy: &dyn Entropy) -> SecretString {
    let mut key = Zeroizing::new([0_u8; 64]);
    entropy.fill(key.as_mut());
    SecretString::from(STANDARD.encode(key.as_ref()))
}

/// The keys of the file's text, the sealing one first.
pub(super) fn parse(text: &SecretString) -> std::io::Result<(Key, Vec<Key>)> {
    let mut keys = text.expose_secret().split(',').map(|entry| {
        let (id, key) = entry.trim().split_once(':').unwrap_or((ALONE, entry.trim()));
        (id.to_owned(), SecretString::from(key))
    });
    let first = keys.next().ok_or_else(|| Error::new(ErrorKind::InvalidData, "the key file holds no key"))?;
    Ok((first, keys.collect()))
}

/// Adds a key to the file, which seals from then on; gives its id.
pub fn add(path: &Path, entropy: &dyn Entropy) -> std::io::Result<String> {
    let (first, others) = parse(&read(path)?)?;
    let mut random = [0_u8; 4];
    entropy.fill(&mut random);
    let id = format!("key-{:08x}", u32::from_be_bytes(random));
    let new = (id.clone(), make(entropy));
    write(path, [&new, &first].into_iter().chain(&others))?;
    Ok(id)
}

/// Removes a key from the file, unless it is the sealing one.
pub fn remove(path: &Path, id: &str) -> std::io::Result<()> {
    let (first, mut others) = parse(&read(path)?)?;
    others.retain(|(other, _)| other != id);
    write(path, std::iter::once(&first).chain(&others))
}

/// Replaces the file as a whole: whoever reads it sees the old keys or the new ones.
fn write<'a>(path: &Path, keys: impl Iterator<Item = &'a Key>) -> std::io::Result<()> {
    let entries: Vec<_> =
        keys.map(|(id, key)| Zeroizing::new(format!("{id}:{}", key.expose_secret()))).collect();
    let lines: Vec<&str> = entries.iter().map(|entry| entry.as_str()).collect();
    let text = Zeroizing::new(lines.join(","));
    let beside = path.with_added_extension("new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    // The rename itself must survive a loss of power: what is sealed next cannot be opened without the key.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::File::open(folder)?.sync_all()
}

/// Reads the file. An empty file is one that another process has made and is about to fill.
pub(super) fn read(path: &Path) -> std::io::Result<SecretString> {
    for _ in 0..50 {
        let text = fs::read_to_string(path)?;
        if !text.is_empty() {
            return Ok(SecretString::from(text.trim().to_owned()));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Err(Error::new(
        ErrorKind::UnexpectedEof,
        format!("the key file {} is empty; delete it if nothing was ever sealed with it", path.display()),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{crypto::KeyRing, entropy::SystemEntropy};

    #[test]
    fn a_key_that_is_added_seals_and_the_others_stay_until_they_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tenantry.db.key");
        let ids = || -> Vec<String> {
            KeyRing::in_file(&path, &SystemEntropy).unwrap().ids().map(str::to_owned).collect()
        };
        assert_eq!(ids(), ["default"]);
        let before = fs::read_to_string(&path).unwrap();
        let new = add(&path, &SystemEntropy).unwrap();
        assert_eq!(ids(), [new.as_str(), "default"]);
        assert!(fs::read_to_string(&path).unwrap().ends_with(&format!("default:{before}")));
        remove(&path, &new).unwrap();
        assert_eq!(ids(), [new.as_str(), "default"], "the sealing one stays");
        remove(&path, "default").unwrap();
        assert_eq!(ids(), [new.as_str()]);
        assert!(!fs::read_to_string(&path).unwrap().contains(&before));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}
