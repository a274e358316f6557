//! `${NAME}` within values, and `$${` for a literal `${`.

use std::collections::BTreeMap;

/// Why a value cannot be expanded.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ExpansionError {
    #[error("refers to ${{{0}}}, which is not set; set it, or write `$${{` for a literal `${{`")]
    Undefined(String),
    #[error("refers to ${{{0}}}, which leads back to itself; give one of them a value")]
    Circular(String),
    #[error("has a `${{` that is not followed by a name and `}}`; write `$${{` for a literal `${{`")]
    Malformed,
}

/// The value with every reference replaced. An empty variable counts as not set.
pub(super) fn expand(value: &str, environment: &BTreeMap<String, String>) -> Result<String, ExpansionError> {
    expand_within(value, environment, &mut Vec::new())
}

fn expand_within<'a>(
    value: &'a str,
    environment: &'a BTreeMap<String, String>,
    open: &mut Vec<&'a str>,
) -> Result<String, ExpansionError> {
    let mut expanded = String::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once("${") {
        if let Some(before) = before.strip_suffix('$') {
            expanded.push_str(before);
            expanded.push_str("${");
            rest = after;
            continue;
        }
        expanded.push_str(before);
        let (name, after) = after.split_once('}').ok_or(ExpansionError::Malformed)?;
        if !is_name(name) {
            return Err(ExpansionError::Malformed);
        }
        if open.contains(&name) {
            return Err(ExpansionError::Circular(name.to_owned()));
        }
        let referred = environment
            .get(name)
            .filter(|value| !value.trim().is_empty())
            .ok_or_else(|| ExpansionError::Undefined(name.to_owned()))?;
        open.push(name);
        expanded.push_str(&expand_within(referred, environment, open)?);
        open.pop();
        rest = after;
    }
    expanded.push_str(rest);
    Ok(expanded)
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(value: &str) -> Result<String, ExpansionError> {
        let environment =
            [("A", "one"), ("B", "${A}-two"), ("LOOP", "${POOL}"), ("POOL", "${LOOP}"), ("E", "")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()));
        expand(value, &environment.into())
    }

    #[test]
    fn names_are_replaced_also_within_what_they_stand_for() {
        assert_eq!(expanded("x${A}y${B}z"), Ok("xoneyone-twoz".to_owned()));
        assert_eq!(expanded("$A $ 5"), Ok("$A $ 5".to_owned()));
    }

    #[test]
    fn a_doubled_dollar_keeps_the_braces() {
        assert_eq!(expanded("$${A}${A}"), Ok("${A}one".to_owned()));
    }

    #[test]
    fn a_name_without_a_value_is_refused() {
        assert_eq!(expanded("${NOPE}"), Err(ExpansionError::Undefined("NOPE".to_owned())));
        assert_eq!(expanded("${E}"), Err(ExpansionError::Undefined("E".to_owned())));
        assert_eq!(
            ExpansionError::Undefined("NOPE".to_owned()).to_string(),
            "refers to ${NOPE}, which is not set; set it, or write `$${` for a literal `${`"
        );
    }

    #[test]
    fn a_circle_is_refused() {
        assert_eq!(expanded("${LOOP}"), Err(ExpansionError::Circular("LOOP".to_owned())));
    }

    #[test]
    fn what_is_not_a_name_is_refused() {
        assert_eq!(expanded("a${b"), Err(ExpansionError::Malformed));
        assert_eq!(expanded("${}"), Err(ExpansionError::Malformed));
        assert_eq!(expanded("${a b}"), Err(ExpansionError::Malformed));
    }
}
