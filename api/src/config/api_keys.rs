//! API keys.

use super::{parse, reader::Reader, setting::Setting};

static API_KEY_IP_CHECK: Setting = Setting::new("API_KEY_IP_CHECK", "api_keys.ip_check");

pub(super) static SETTINGS: &[&Setting] = &[&API_KEY_IP_CHECK];

/// `[api_keys]`.
#[derive(Clone, Debug)]
pub struct ApiKeysConfig {
    /// Whether a key's list of addresses is looked at: not where no client's own address arrives.
    pub checks_addresses: bool,
}

impl ApiKeysConfig {
    pub(super) fn read(reader: &mut Reader) -> Self {
        Self { checks_addresses: reader.value(&API_KEY_IP_CHECK, parse::boolean).unwrap_or(true) }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::testing::loaded;

    #[test]
    fn addresses_are_checked_unless_that_is_switched_off() {
        assert!(loaded(&[]).api_keys.checks_addresses);
        assert!(!loaded(&[("API_KEY_IP_CHECK", "false")]).api_keys.checks_addresses);
    }
}
