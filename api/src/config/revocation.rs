//! How long a cached identity may be trusted while nobody can say whether it was revoked.

use std::time::Duration;

use super::{parse, reader::Reader, setting::Setting};

static REVOCATION_MAX_STALE: Setting = Setting::new("REVOCATION_MAX_STALE", "revocation.max_stale");

pub(super) static SETTINGS: &[&Setting] = &[&REVOCATION_MAX_STALE];

const DEFAULT_MAX_STALE: Duration = Duration::from_secs(30);

/// `[revocation]`.
#[derive(Clone, Debug)]
pub struct RevocationConfig {
    /// With the database gone, hot entries serve this much longer.
    pub max_stale: Duration,
}

impl RevocationConfig {
    pub(super) fn read(reader: &mut Reader) -> Self {
        Self { max_stale: reader.value(&REVOCATION_MAX_STALE, parse::duration).unwrap_or(DEFAULT_MAX_STALE) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::testing::{loaded, refused};

    #[test]
    fn the_limit_is_half_a_minute_unless_another_is_given() {
        assert_eq!(loaded(&[]).revocation.max_stale, Duration::from_secs(30));
        assert_eq!(loaded(&[("REVOCATION_MAX_STALE", "2m")]).revocation.max_stale, Duration::from_mins(2));
        assert!(
            refused(&[("REVOCATION_MAX_STALE", "30")]).contains(r#"REVOCATION_MAX_STALE: "30" is not a"#)
        );
    }
}
