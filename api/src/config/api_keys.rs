//! API keys.

use super::{keys::KeysConfig, parse, reader::Reader, setting::Setting};

static API_KEY_IP_CHECK: Setting = Setting::new("API_KEY_IP_CHECK", "api_keys.ip_check");

static EXTERNAL_TOKENS_SHARED_KEY: Setting =
    Setting::new("EXTERNAL_TOKENS_SHARED_KEY", "api_keys.external_tokens_shared_key");

pub(super) static SETTINGS: &[&Setting] = &[&API_KEY_IP_CHECK, &EXTERNAL_TOKENS_SHARED_KEY];

/// `[api_keys]`.
#[derive(Clone, Debug)]
pub struct ApiKeysConfig {
    /// Whether a key's list of addresses is looked at: not where no client's own address arrives.
    pub checks_addresses: bool,
    /// Whether the key that seals is the wire key of all API keys too.
    pub shares_wire_key: bool,
}

impl ApiKeysConfig {
    pub(super) fn read(reader: &mut Reader, keys: &KeysConfig) -> Self {
        let is_shared = reader.value(&EXTERNAL_TOKENS_SHARED_KEY, parse::boolean).unwrap_or(false);
        if is_shared && !keys.are_given() {
            reader.problem(
                &EXTERNAL_TOKENS_SHARED_KEY,
                "is on, and there is no TOKEN_KEY that automations could share with the service",
            );
        }
        Self {
            checks_addresses: reader.value(&API_KEY_IP_CHECK, parse::boolean).unwrap_or(true),
            shares_wire_key: is_shared,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::testing::loaded;

    #[test]
    fn every_api_key_has_a_wire_key_of_its_own_unless_that_is_switched_off() {
        use secrecy::ExposeSecret;

        const KEY: &str = "a key for tests, which is long enough to be one";
        assert!(loaded(&[("TOKEN_KEY", KEY)]).shared_wire_key().is_none());
        let shared = loaded(&[("TOKEN_KEY", KEY), ("EXTERNAL_TOKENS_SHARED_KEY", "true")]);
        assert_eq!(shared.shared_wire_key().as_ref().map(ExposeSecret::expose_secret), Some(KEY));
        assert!(!format!("{:?}", shared.api_keys).contains(KEY));
    }

    #[test]
    fn addresses_are_checked_unless_that_is_switched_off() {
        assert!(loaded(&[]).api_keys.checks_addresses);
        assert!(!loaded(&[("API_KEY_IP_CHECK", "false")]).api_keys.checks_addresses);
    }
}
