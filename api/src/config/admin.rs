//! Administration: who is an operator without an account, and from where.

use domain::{
    api_keys::{AllowedAddresses, RawKey},
    identity::SESSION_TOKEN_PREFIX,
};
use secrecy::SecretString;

use super::{
    reader::{Parsed, Reader},
    setting::Setting,
};

static ADMIN_SECRET: Setting = Setting::new("ADMIN_SECRET", "admin.secret").secret();
static ADMIN_ALLOWED_IPS: Setting = Setting::new("ADMIN_ALLOWED_IPS", "admin.allowed_ips").list();

pub(super) static SETTINGS: &[&Setting] = &[&ADMIN_SECRET, &ADMIN_ALLOWED_IPS];

/// It opens a great deal, and no person types it.
const LEAST: usize = 32;

/// `[admin]`.
#[derive(Clone, Debug)]
pub struct AdminConfig {
    /// A bearer for `/api/admin`; `None`: only operators' accounts are let in.
    pub secret: Option<SecretString>,
    /// From where the secret may be used; never empty. `None`: from this machine alone, by nobody who passes it on.
    pub addresses: Option<AllowedAddresses>,
}

impl AdminConfig {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let secret = reader.value(&ADMIN_SECRET, secret);
        let listed = reader.list(&ADMIN_ALLOWED_IPS, address).filter(|listed| !listed.is_empty());
        if secret.is_none() && reader.is_set(&ADMIN_ALLOWED_IPS) && !reader.is_set(&ADMIN_SECRET) {
            reader.warn("ADMIN_ALLOWED_IPS: there is no ADMIN_SECRET that it would be for");
        }
        // Each was read before; and what could not be read permits nobody.
        let addresses = listed
            .map(|listed| AllowedAddresses::parse(listed).unwrap_or_else(|_| AllowedAddresses::nobody()));
        Self { secret, addresses }
    }
}

/// It travels as a bearer (RFC 6750 §2.1), where other credentials of ours travel too.
fn secret(text: &str) -> Parsed<SecretString> {
    if text.len() < LEAST {
        Err("is shorter than 32 characters; give the output of `openssl rand -hex 32`")
    } else if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Err("has characters that no header carries; give the output of `openssl rand -hex 32`")
    } else if RawKey::is_meant(text) || text.starts_with(SESSION_TOKEN_PREFIX) {
        Err("begins as another credential of the service does; give the output of `openssl rand -hex 32`")
    } else {
        Ok(SecretString::from(text))
    }
}

fn address(text: &str) -> Parsed<String> {
    let read = AllowedAddresses::parse(vec![text.to_owned()]);
    read.map(|_| text.to_owned())
        .map_err(|_| "is not an address or a network; give one such as 203.0.113.7 or 203.0.113.0/24")
}

#[cfg(test)]
mod tests {
    use crate::config::testing::{loaded, refused};

    const SECRET: &str = "a-secret-of-the-tests-and-a-long-one";

    #[test]
    fn the_secret_is_for_this_machine_unless_addresses_are_named() {
        let of = |text: &str| Some(text.parse().unwrap());
        let admin = loaded(&[("ADMIN_SECRET", SECRET)]).admin;
        assert!(admin.secret.is_some() && !format!("{admin:?}").contains(SECRET));
        assert!(admin.addresses.is_none());
        let admin =
            loaded(&[("ADMIN_SECRET", SECRET), ("ADMIN_ALLOWED_IPS", "192.0.2.0/24, 2001:db8::1")]).admin;
        let permits = |text: &str| admin.addresses.as_ref().unwrap().permit(of(text));
        assert!(permits("192.0.2.1") && permits("2001:db8::1"));
        assert!(!permits("127.0.0.1"));
    }

    #[test]
    fn without_the_setting_there_is_no_secret_and_addresses_alone_are_noted() {
        assert!(loaded(&[]).admin.secret.is_none());
        let config = loaded(&[("ADMIN_ALLOWED_IPS", "192.0.2.0/24")]);
        assert!(config.admin.secret.is_none());
        assert!(config.warnings.iter().any(|warning| warning.starts_with("ADMIN_ALLOWED_IPS")));
    }

    #[test]
    fn each_bad_value_is_named_with_its_fix_and_the_secret_is_not_shown() {
        let refused = |name: &str, value: &str| {
            let problems = refused(&[("ADMIN_SECRET", SECRET), (name, value)]);
            assert!(problems.contains(name), "{problems}");
            problems
        };
        assert!(refused("ADMIN_SECRET", "short-secret").contains("the value is shorter than 32"));
        assert!(!refused("ADMIN_SECRET", "short-secret").contains("short-secret"));
        assert!(refused("ADMIN_SECRET", "a secret with spaces in it, and a long one").contains("no header"));
        let key = format!("ak_{}", "0".repeat(48));
        assert!(refused("ADMIN_SECRET", &key).contains("begins as another credential"));
        assert!(refused("ADMIN_ALLOWED_IPS", "everywhere").contains("is not an address or a network"));
        assert!(refused("ADMIN_ALLOWED_IPS", "10.0.0.1/8").contains("is not an address or a network"));
    }
}
