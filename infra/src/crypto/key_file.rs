//! A key that is kept in a file of its own: what a single SQLite deployment has when no key is configured.

use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind, Write},
    path::Path,
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::entropy::Entropy;
use secrecy::SecretString;

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
            let mut key = [0_u8; 64];
            entropy.fill(&mut key);
            let text = STANDARD.encode(key);
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            Ok(SecretString::from(text))
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => read(path),
        Err(error) => Err(error),
    }
}

/// Reads the key. An empty file is one that another process has made and is about to fill.
fn read(path: &Path) -> std::io::Result<SecretString> {
    for _ in 0..50 {
        let text = fs::read_to_string(path)?;
        if !text.is_empty() {
            return Ok(SecretString::from(text.trim().to_owned()));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Err(std::io::Error::new(
        ErrorKind::UnexpectedEof,
        format!("the key file {} is empty; delete it if nothing was ever sealed with it", path.display()),
    ))
}
