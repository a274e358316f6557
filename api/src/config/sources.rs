//! Where settings come from: handed in, so that nothing but [`Sources::from_process`] touches the process.

use std::{collections::BTreeMap, path::PathBuf};

/// The name that points to the file when no flag does.
pub(super) const FILE_NAME: &str = "TENANTRY_CONFIG";

/// The environment and the optional file. Without `Debug`: it is full of secrets.
pub struct Sources {
    pub(super) environment: BTreeMap<String, String>,
    /// Names whose values are not UTF-8 text.
    pub(super) unreadable: Vec<String>,
    pub(super) file: Option<PathBuf>,
}

impl Sources {
    /// These variables and this TOML file. Without one, `TENANTRY_CONFIG` may name it.
    pub fn new(environment: impl IntoIterator<Item = (String, String)>, file: Option<PathBuf>) -> Self {
        let environment: BTreeMap<_, _> = environment.into_iter().collect();
        let named = environment.get(FILE_NAME).filter(|path| !path.trim().is_empty()).map(PathBuf::from);
        Self { environment, unreadable: Vec::new(), file: file.or(named) }
    }

    /// The environment of this process, and the file that its command line names.
    pub fn from_process(file: Option<PathBuf>) -> Self {
        let mut environment = Vec::new();
        let mut unreadable = Vec::new();
        // Not `vars`: it panics for a variable that is not text, whoever it belongs to.
        for (name, value) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            match value.into_string() {
                Ok(value) => environment.push((name, value)),
                Err(_) => unreadable.push(name),
            }
        }
        Self { unreadable, ..Self::new(environment, file) }
    }
}
