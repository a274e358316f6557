//! Finds the value of a setting, and collects what is wrong.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use secrecy::SecretString;

use super::{
    catalog, expansion,
    file::{self, FileValue},
    problems::{Problem, Problems},
    report::GivenSetting,
    setting::Setting,
    sources::Sources,
};

/// A value, or why it is none and what to give instead. The text never repeats the value: the reader shows it,
/// unless it is a secret.
pub(super) type Parsed<T> = Result<T, &'static str>;

/// One of the places where a value stands.
struct Given {
    /// The name that the operator wrote.
    from: String,
    text: String,
    /// The text is the path of a file that holds the value.
    is_path: bool,
    /// An array of the file.
    is_list: bool,
}

/// Gives each section its values; remembers problems and warnings.
pub(super) struct Reader {
    sources: Sources,
    file: BTreeMap<String, FileValue>,
    /// Where the value of each setting was found.
    origins: BTreeMap<&'static str, String>,
    failed: BTreeSet<&'static str>,
    problems: Vec<Problem>,
    warnings: Vec<String>,
}

impl Reader {
    pub(super) fn new(sources: Sources) -> Self {
        let mut problems = Vec::new();
        let file = sources.file.as_deref().map(|path| file::read(path, &mut problems)).unwrap_or_default();
        let mut reader = Self {
            sources,
            file,
            origins: BTreeMap::new(),
            failed: BTreeSet::new(),
            problems,
            warnings: Vec::new(),
        };
        reader.look_at_names();
        reader
    }

    /// The value; `None` when it is not set, or wrong, which is then among the problems.
    pub(super) fn value<T>(
        &mut self,
        setting: &'static Setting,
        parse: impl Fn(&str) -> Parsed<T>,
    ) -> Option<T> {
        let text = self.text(setting)?;
        self.parsed(setting, text.trim(), parse)
    }

    /// The values of a list. `None` when it is not set; without those that are wrong.
    pub(super) fn list<T>(
        &mut self,
        setting: &'static Setting,
        parse: impl Fn(&str) -> Parsed<T>,
    ) -> Option<Vec<T>> {
        let text = self.text(setting)?;
        let items: Vec<&str> = text.split(',').map(str::trim).filter(|item| !item.is_empty()).collect();
        if items.is_empty() {
            self.problem(setting, "lists nothing; give at least one value, or leave it out");
        }
        Some(items.into_iter().filter_map(|item| self.parsed(setting, item, &parse)).collect())
    }

    /// The value of a secret.
    pub(super) fn secret(&mut self, setting: &'static Setting) -> Option<SecretString> {
        self.text(setting).map(SecretString::from)
    }

    /// Something is wrong with the setting.
    pub(super) fn problem(&mut self, setting: &'static Setting, text: impl Into<String>) {
        let from = self.origins.get(setting.name).cloned().unwrap_or_else(|| setting.name.to_owned());
        self.refuse(setting, from, text.into());
    }

    pub(super) fn warn(&mut self, text: impl Into<String>) {
        self.warnings.push(text.into());
    }

    /// A value was given, be it right or wrong. Asked after the setting was read.
    pub(super) fn is_set(&self, setting: &Setting) -> bool {
        self.origins.contains_key(setting.name)
    }

    /// The setting has a problem already, so what follows from it need not be said.
    pub(super) fn failed(&self, setting: &Setting) -> bool {
        self.failed.contains(setting.name)
    }

    /// The setting as it was given, for a report; the texts of secrets and of URLs with credentials are not.
    pub(super) fn given(&self, setting: &'static Setting) -> GivenSetting {
        let mut given = self.given_in_environment(setting);
        if given.is_empty() {
            given = self.given_in_file(setting);
        }
        let Some(first) = given.into_iter().next() else {
            return GivenSetting { name: setting.name, value: None, source: "default".to_owned() };
        };
        let shown = if setting.hides(&first.text) { "***".to_owned() } else { first.text };
        GivenSetting { name: setting.name, value: Some(shown), source: first.from }
    }

    /// The warnings, or everything that is wrong.
    pub(super) fn finish(self) -> Result<Vec<String>, Problems> {
        if self.problems.is_empty() { Ok(self.warnings) } else { Err(Problems::new(self.problems)) }
    }

    fn refuse(&mut self, setting: &'static Setting, from: String, text: String) {
        self.failed.insert(setting.name);
        self.problems.push(Problem { setting: from, text });
    }

    fn parsed<T>(
        &mut self,
        setting: &'static Setting,
        text: &str,
        parse: impl Fn(&str) -> Parsed<T>,
    ) -> Option<T> {
        parse(text)
            .map_err(|refusal| {
                let shown = if setting.hides(text) { "the value".to_owned() } else { format!("{text:?}") };
                self.problem(setting, format!("{shown} {refusal}"));
            })
            .ok()
    }

    /// The text of the setting, with references expanded and files read.
    fn text(&mut self, setting: &'static Setting) -> Option<String> {
        debug_assert!(
            catalog::settings().any(|known| std::ptr::eq(known, setting)),
            "{} is not in its section's SETTINGS",
            setting.name
        );
        let mut given = self.given_in_environment(setting);
        if given.is_empty() {
            given = self.given_in_file(setting);
        }
        self.origins.insert(setting.name, given.first()?.from.clone());
        if let (Some(path), Some(direct)) =
            (given.iter().find(|one| one.is_path), given.iter().find(|one| !one.is_path))
        {
            let text = format!("given together with {}; keep one of them", path.from);
            self.refuse(setting, direct.from.clone(), text);
            return None;
        }
        let mut values = Vec::new();
        for one in given {
            match self.resolve(setting, &one) {
                Ok(value) => values.push((one.from, value)),
                Err(text) => self.refuse(setting, one.from, text),
            }
        }
        let mut values = values.into_iter();
        let (from, value) = values.next()?;
        if let Some((other, _)) = values.find(|(_, other)| *other != value) {
            let text = format!("has another value than {other}, which means the same; keep one of them");
            self.refuse(setting, from, text);
            return None;
        }
        (!self.failed(setting)).then_some(value)
    }

    fn given_in_environment(&self, setting: &Setting) -> Vec<Given> {
        let direct = setting.names().map(|name| (name.to_owned(), false));
        let paths = setting.file_names().map(|name| (name, true));
        direct
            .chain(paths)
            .filter_map(|(from, is_path)| {
                let text =
                    self.sources.environment.get(&from).filter(|text| !text.trim().is_empty())?.clone();
                Some(Given { from, text, is_path, is_list: false })
            })
            .collect()
    }

    fn given_in_file(&self, setting: &Setting) -> Vec<Given> {
        let Some(path) = &self.sources.file else { return Vec::new() };
        let direct = setting.key.map(|key| (key.to_owned(), false));
        let paths = setting.file_key().map(|key| (key, true));
        direct
            .into_iter()
            .chain(paths)
            .filter_map(|(key, is_path)| {
                let value = self.file.get(&key).filter(|value| !value.text.trim().is_empty())?;
                let from = format!("{key} in {}", path.display());
                Some(Given { from, text: value.text.clone(), is_path, is_list: value.is_list })
            })
            .collect()
    }

    fn resolve(&self, setting: &Setting, given: &Given) -> Result<String, String> {
        if given.is_list && (given.is_path || !setting.is_list) {
            return Err("takes one value, not a list; give the value without brackets".to_owned());
        }
        let text =
            expansion::expand(&given.text, &self.sources.environment).map_err(|error| error.to_string())?;
        if !given.is_path {
            return Ok(text);
        }
        let path = text.trim();
        let held = fs::read_to_string(path).map_err(|error| {
            format!("{path:?} cannot be read ({error}); correct the path or its permissions")
        })?;
        let held =
            held.strip_suffix('\n').map_or(held.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
        if held.trim().is_empty() {
            return Err(format!("{path:?} is empty; put the value into it"));
        }
        Ok(held.to_owned())
    }

    /// What the names alone tell, before any value is read.
    fn look_at_names(&mut self) {
        for setting in catalog::settings() {
            let mut names = setting.names().map(str::to_owned).chain(setting.file_names());
            if let Some(name) = names.find(|name| self.sources.unreadable.contains(name)) {
                self.refuse(setting, name, "the value is not UTF-8 text; correct its encoding".to_owned());
            }
        }
        let given: Vec<&str> = self
            .sources
            .environment
            .iter()
            .filter(|(_, value)| !value.trim().is_empty())
            .map(|(name, _)| name.as_str())
            .collect();
        let misses = catalog::near_misses(given.iter().copied());
        let misses: Vec<String> =
            misses.iter().map(|(name, meant)| format!("{name} is not read; was {meant} meant?")).collect();
        let meaningless: Vec<&str> =
            given.into_iter().filter(|name| catalog::WITHOUT_MEANING.contains(name)).collect();
        if !meaningless.is_empty() {
            let text = format!("without a meaning here, and not read: {}", meaningless.join(", "));
            self.warnings.push(text);
        }
        self.warnings.extend(misses);
    }
}
