//! Redis, for what replicas share; everything works without it.

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{reader::Reader, setting::Setting};

static REDIS_URL: Setting = Setting::new("REDIS_URL", "redis.url").secret();

pub(super) static SETTINGS: &[&Setting] = &[&REDIS_URL];

/// `[redis]`.
#[derive(Clone, Debug)]
pub struct RedisConfig {
    pub url: Option<SecretString>,
}

impl RedisConfig {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let url = reader.secret(&REDIS_URL).map(|url| SecretString::from(url.expose_secret().trim()));
        let is_redis = |url: &SecretString| {
            Url::parse(url.expose_secret())
                .is_ok_and(|url| url.has_host() && matches!(url.scheme(), "redis" | "rediss"))
        };
        if url.as_ref().is_some_and(|url| !is_redis(url)) {
            reader.problem(
                &REDIS_URL,
                "the value is not a Redis URL; give one such as redis://host:6379, or rediss:// for TLS",
            );
        }
        Self { url }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::testing::{loaded, refused};

    #[test]
    fn a_url_of_redis_is_taken_and_no_other() {
        assert!(loaded(&[]).redis.url.is_none());
        assert!(loaded(&[("REDIS_URL", "rediss://:secret@cache:6380/1")]).redis.url.is_some());
        let expected = "REDIS_URL: the value is not a Redis URL; give one such as redis://host:6379, or rediss:// for TLS";
        assert_eq!(refused(&[("REDIS_URL", "http://:secret@cache")]), expected);
        assert_eq!(refused(&[("REDIS_URL", "cache:6379")]), expected);
    }
}
