//! One setting: the names it goes by.

/// The names of one setting, and how its value may be given.
#[derive(Debug)]
pub(super) struct Setting {
    /// The name in the environment.
    pub(super) name: &'static str,
    /// Other names in the environment, from earlier deployments.
    pub(super) older: &'static [&'static str],
    /// The key in the file, as `section.key`; `None` where the file has a better way to say it.
    pub(super) key: Option<&'static str>,
    /// Never printed; may be given as the path of a file that holds it.
    pub(super) is_secret: bool,
    /// Whose value somebody may take for the place of a secret: printed only where it is an address.
    pub(super) is_address: bool,
    /// Several values: separated by commas, and an array in the file.
    pub(super) is_list: bool,
}

impl Setting {
    pub(super) const fn new(name: &'static str, key: &'static str) -> Self {
        Self { key: Some(key), ..Self::environment_only(name) }
    }

    pub(super) const fn environment_only(name: &'static str) -> Self {
        Self { name, older: &[], key: None, is_secret: false, is_address: false, is_list: false }
    }

    pub(super) const fn older(self, older: &'static [&'static str]) -> Self {
        Self { older, ..self }
    }

    pub(super) const fn secret(self) -> Self {
        Self { is_secret: true, ..self }
    }

    pub(super) const fn address(self) -> Self {
        Self { is_address: true, ..self }
    }

    /// Whether a text that was given for it is not to be printed. A URL with credentials is a secret, wherever it was put.
    pub(super) fn hides(&self, text: &str) -> bool {
        let is_address = ["https://", "http://"].iter().any(|scheme| text.starts_with(scheme));
        self.is_secret || (self.is_address && !is_address) || (text.contains("://") && text.contains('@'))
    }

    pub(super) const fn list(self) -> Self {
        Self { is_list: true, ..self }
    }

    /// Every name in the environment that carries the value itself.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.older.iter().copied())
    }

    /// Every name in the environment that carries the path of a file with the value.
    pub(super) fn file_names(&self) -> impl Iterator<Item = String> {
        self.names().filter(|_| self.is_secret).map(|name| format!("{name}_FILE"))
    }

    /// The key in the file that carries the path of a file with the value.
    pub(super) fn file_key(&self) -> Option<String> {
        self.key.filter(|_| self.is_secret).map(|key| format!("{key}_file"))
    }
}
