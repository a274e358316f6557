//! The optional TOML file, as one flat table of `section.key`.

use std::{collections::BTreeMap, fs, path::Path};

use ::config::{FileFormat, Format, Value, ValueKind};

use super::{catalog, problems::Problem};

/// A value of the file, as the text it would be in the environment.
#[derive(Debug)]
pub(super) struct FileValue {
    pub(super) text: String,
    pub(super) is_list: bool,
}

/// The values of the file; what is wrong with it is added to `problems`.
pub(super) fn read(path: &Path, problems: &mut Vec<Problem>) -> BTreeMap<String, FileValue> {
    let mut refuse = |text: String| problems.push(Problem { setting: path.display().to_string(), text });
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            refuse(format!("the configuration file cannot be read ({error}); correct the path"));
            return BTreeMap::new();
        }
    };
    let table = match FileFormat::Toml.parse(None, &text) {
        Ok(table) => table,
        Err(error) => {
            // The rest of the message shows the line, and with it what may be a secret.
            let message = error.to_string();
            let place = message.lines().next().unwrap_or_default();
            refuse(format!("not a TOML file ({place}); correct that line"));
            return BTreeMap::new();
        }
    };
    let mut values = BTreeMap::new();
    for (key, value) in table {
        flatten(key, value, &mut values, &mut refuse);
    }
    values.retain(|key, _| {
        let known = catalog::is_key(key);
        if !known {
            refuse(unknown(key));
        }
        known
    });
    values
}

fn flatten(
    path: String,
    value: Value,
    values: &mut BTreeMap<String, FileValue>,
    refuse: &mut impl FnMut(String),
) {
    match value.kind {
        ValueKind::Table(table) => {
            if table.is_empty() && !catalog::is_section(&path) {
                refuse(unknown(&path));
            }
            for (key, value) in table {
                flatten(format!("{path}.{key}"), value, values, refuse);
            }
        }
        ValueKind::Array(items) => {
            let texts: Option<Vec<String>> = items.into_iter().map(|item| scalar(item.kind)).collect();
            match texts {
                Some(texts) => {
                    values.insert(path, FileValue { text: texts.join(","), is_list: true });
                }
                None => refuse(format!("`{path}` is a list of lists or tables; list plain values")),
            }
        }
        kind @ (ValueKind::Nil
        | ValueKind::Boolean(_)
        | ValueKind::I64(_)
        | ValueKind::I128(_)
        | ValueKind::U64(_)
        | ValueKind::U128(_)
        | ValueKind::Float(_)
        | ValueKind::String(_)) => {
            if let Some(text) = scalar(kind) {
                values.insert(path, FileValue { text, is_list: false });
            }
        }
    }
}

fn scalar(kind: ValueKind) -> Option<String> {
    match kind {
        ValueKind::String(text) => Some(text),
        ValueKind::Boolean(value) => Some(value.to_string()),
        ValueKind::I64(number) => Some(number.to_string()),
        ValueKind::U64(number) => Some(number.to_string()),
        ValueKind::I128(number) => Some(number.to_string()),
        ValueKind::U128(number) => Some(number.to_string()),
        ValueKind::Float(number) => Some(number.to_string()),
        ValueKind::Nil | ValueKind::Table(_) | ValueKind::Array(_) => None,
    }
}

fn unknown(key: &str) -> String {
    format!("unknown key `{key}`; the nearest known one is `{}`", catalog::nearest_key(key))
}
