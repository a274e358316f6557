//! Embeds the assets of the documentation pages, where `make assets` has put any.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, Write},
    path::Path,
};

fn main() -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../frontend/docs-assets");
    // Not `dist` within it: cargo takes what is not there for changed, and would build anew each time.
    writeln!(io::stdout(), "cargo::rerun-if-changed={}", folder.display())?;
    writeln!(io::stdout(), "cargo::rerun-if-changed=build.rs")?;

    let mut files: Vec<_> = match fs::read_dir(folder.join("dist")) {
        Ok(entries) => entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>()?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    files.retain(|path| path.extension().is_some_and(|extension| extension == "gz"));
    files.sort();
    let mut entries = Vec::new();
    for path in files {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let mut hasher = DefaultHasher::new();
        fs::read(&path)?.hash(&mut hasher);
        let (tag, path) = (format!("\"{:016x}\"", hasher.finish()), fs::canonicalize(&path)?);
        let path = path.to_string_lossy().into_owned();
        entries.push(format!("Asset {{ name: {name:?}, tag: {tag:?}, gzip: include_bytes!({path:?}) }}"));
    }
    let code = format!("&[{}]", entries.join(", "));

    #[expect(clippy::disallowed_methods, reason = "the only way in which cargo tells a build script")]
    let out = std::env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?;
    fs::write(Path::new(&out).join("docs_assets.rs"), code)
}
