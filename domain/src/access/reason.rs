//! What one of the staff writes down of what they do.

use std::str::FromStr;

/// Why something is done, or for whom, which is kept with what was done: some words, without the spaces around them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason(String);

/// The text is no reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoReason {
    #[error("says nothing")]
    Empty,
    #[error("has more than {} characters", Reason::LONGEST)]
    TooLong,
}

impl Reason {
    /// In characters.
    pub const LONGEST: usize = 500;

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Reason {
    type Err = NoReason;

    fn from_str(text: &str) -> Result<Self, NoReason> {
        let text = text.trim();
        if text.is_empty() {
            return Err(NoReason::Empty);
        }
        if text.chars().count() > Self::LONGEST {
            return Err(NoReason::TooLong);
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_has_words_and_not_too_many_of_them() {
        assert_eq!("  ticket 4711\n".parse::<Reason>().unwrap().as_str(), "ticket 4711");
        for empty in ["", " ", "\n\t "] {
            assert_eq!(empty.parse::<Reason>(), Err(NoReason::Empty));
        }
        let longest = "ß".repeat(Reason::LONGEST);
        assert_eq!(longest.parse::<Reason>().unwrap().as_str(), longest);
        assert_eq!(format!("{longest}!").parse::<Reason>(), Err(NoReason::TooLong));
    }
}
