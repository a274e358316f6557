//! How much is remembered.

use super::{
    reader::{Parsed, Reader},
    setting::Setting,
};

static TOKEN_MEMORY_MB: Setting = Setting::new("TOKEN_MEMORY_MB", "memory.tokens_mb");

pub(super) static SETTINGS: &[&Setting] = &[&TOKEN_MEMORY_MB];

/// Enough for some 80,000 access tokens.
const DEFAULT_TOKENS_MB: u32 = 64;

/// `[memory]`.
#[derive(Clone, Debug)]
pub struct MemoryConfig {
    /// For credentials that were seen, in megabytes; 0 remembers none of them.
    pub tokens_mb: u32,
}

impl MemoryConfig {
    pub(super) fn read(reader: &mut Reader) -> Self {
        Self { tokens_mb: reader.value(&TOKEN_MEMORY_MB, megabytes).unwrap_or(DEFAULT_TOKENS_MB) }
    }
}

fn megabytes(text: &str) -> Parsed<u32> {
    let number = text.parse().ok().filter(|megabytes| *megabytes <= 65_536);
    number.ok_or("is not a number of megabytes up to 65536")
}

#[cfg(test)]
mod tests {
    use crate::config::testing::{loaded, refused};

    #[test]
    fn it_is_a_number_of_megabytes_and_may_be_none() {
        assert_eq!(loaded(&[]).memory.tokens_mb, 64);
        assert_eq!(loaded(&[("TOKEN_MEMORY_MB", "0")]).memory.tokens_mb, 0);
        for wrong in ["64MB", "-1", "65537"] {
            assert!(refused(&[("TOKEN_MEMORY_MB", wrong)]).contains("TOKEN_MEMORY_MB"), "{wrong}");
        }
    }
}
