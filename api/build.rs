//! Embeds what the frontend's builds have left: the assets of the documentation pages (`make assets`) and the console
//! (`make console`). Either may be absent.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, Write},
    path::{Path, PathBuf},
};

fn main() -> io::Result<()> {
    let frontend = Path::new(env!("CARGO_MANIFEST_DIR")).join("../frontend");
    // Not the folders in them: cargo takes what is not there for changed, and would build anew each time.
    for watched in ["docs-assets", "built"] {
        writeln!(io::stdout(), "cargo::rerun-if-changed={}", frontend.join(watched).display())?;
    }
    writeln!(io::stdout(), "cargo::rerun-if-changed=build.rs")?;

    let docs = files_below(&frontend.join("docs-assets/dist"))?
        .into_iter()
        .filter(|(_, path)| path.extension().is_some_and(|extension| extension == "gz"))
        .map(|(name, path)| Ok((name.trim_end_matches(".gz").to_owned(), path)));
    embed("docs_assets.rs", docs.collect::<io::Result<_>>()?)?;
    embed("console_assets.rs", files_below(&frontend.join("built/console"))?)
}

/// Every file below a folder, by its path from there; none where there is no folder.
fn files_below(folder: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut files = Vec::new();
    let mut folders = vec![(String::new(), folder.to_owned())];
    while let Some((prefix, folder)) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.file_type()?.is_dir() {
                folders.push((format!("{name}/"), entry.path()));
            } else {
                files.push((name, entry.path()));
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Writes the list of files that the service includes.
fn embed(list: &str, files: Vec<(String, PathBuf)>) -> io::Result<()> {
    let mut entries = Vec::new();
    for (name, path) in files {
        let mut hasher = DefaultHasher::new();
        fs::read(&path)?.hash(&mut hasher);
        let (tag, path) = (format!("\"{:016x}\"", hasher.finish()), fs::canonicalize(&path)?);
        let path = path.to_string_lossy().into_owned();
        entries.push(format!("Asset {{ name: {name:?}, tag: {tag:?}, bytes: include_bytes!({path:?}) }}"));
    }
    #[expect(clippy::disallowed_methods, reason = "the only way in which cargo tells a build script")]
    let out = std::env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?;
    fs::write(Path::new(&out).join(list), format!("&[{}]", entries.join(", ")))
}
