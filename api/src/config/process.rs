//! The process: where it listens, what it calls itself, what it logs.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use tracing_subscriber::filter::{LevelFilter, Targets};
use url::Url;

use super::{
    parse,
    reader::{Parsed, Reader},
    setting::Setting,
};

pub(super) static APP_ENV: Setting = Setting::new("APP_ENV", "process.environment").older(&["NODE_ENV"]);
pub(super) static HOST: Setting = Setting::new("HOST", "process.host");
static PORT: Setting = Setting::new("PORT", "process.port").older(&["SERVER_PORT"]);
static PUBLIC_URL: Setting = Setting::new("PUBLIC_URL", "process.public_url").older(&["BASE_URL"]);
static LOG_LEVEL: Setting = Setting::new("LOG_LEVEL", "process.log_level");
static LOG_FORMAT: Setting = Setting::new("LOG_FORMAT", "process.log_format");
static TRUSTED_PROXIES: Setting = Setting::new("TRUSTED_PROXIES", "process.trusted_proxies").list();

pub(super) static SETTINGS: &[&Setting] =
    &[&APP_ENV, &HOST, &PORT, &PUBLIC_URL, &LOG_LEVEL, &LOG_FORMAT, &TRUSTED_PROXIES];

const DEFAULT_PORT: u16 = 4000;

/// What kind of place this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    Production,
    Development,
    Test,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Json,
    Pretty,
}

/// `[process]`.
#[derive(Clone, Debug)]
pub struct ProcessConfig {
    pub environment: Environment,
    pub host: IpAddr,
    /// 0 takes any free one.
    pub port: u16,
    /// Where clients reach the service: scheme, host and port.
    pub public_url: Url,
    /// Directives of a `tracing` filter.
    pub log_filter: String,
    pub log_format: LogFormat,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
}

impl ProcessConfig {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let environment = reader.value(&APP_ENV, environment).unwrap_or(Environment::Production);
        let port = reader.value(&PORT, port).unwrap_or(DEFAULT_PORT);
        let log_format = reader.value(&LOG_FORMAT, log_format).unwrap_or(match environment {
            Environment::Production => LogFormat::Json,
            Environment::Development | Environment::Test => LogFormat::Pretty,
        });
        Self {
            environment,
            host: reader.value(&HOST, host).unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            port,
            public_url: reader.value(&PUBLIC_URL, parse::origin).unwrap_or_else(|| localhost(port)),
            log_filter: reader.value(&LOG_LEVEL, log_filter).unwrap_or_else(|| "info".to_owned()),
            log_format,
            trusted_proxies: reader.list(&TRUSTED_PROXIES, parse::network).unwrap_or_default(),
        }
    }
}

fn environment(text: &str) -> Parsed<Environment> {
    match text.to_ascii_lowercase().as_str() {
        "production" => Ok(Environment::Production),
        "development" => Ok(Environment::Development),
        "test" => Ok(Environment::Test),
        _ => Err("is not known; give production, development or test"),
    }
}

fn port(text: &str) -> Parsed<u16> {
    text.parse().map_err(|_| "is not a port; give a number from 1 to 65535, or 0 for any free one")
}

fn host(text: &str) -> Parsed<IpAddr> {
    if text.eq_ignore_ascii_case("localhost") {
        return Ok(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    text.parse().map_err(|_| "is not an IP address; give the one to listen on: 127.0.0.1, or 0.0.0.0 for all")
}

fn localhost(port: u16) -> Url {
    Url::parse(&format!("http://localhost:{port}")).expect("a host and a number make a URL")
}

fn log_format(text: &str) -> Parsed<LogFormat> {
    match text.to_ascii_lowercase().as_str() {
        "json" => Ok(LogFormat::Json),
        "pretty" => Ok(LogFormat::Pretty),
        _ => Err("is not a log format; give json or pretty"),
    }
}

fn log_filter(text: &str) -> Parsed<String> {
    const REFUSAL: &str = "is not a log filter; give error, warn, info, debug, trace or off, \
                           optionally with more of the form target=level after commas";
    // A word alone would be the name of a target, and silence all others: nobody means that. Nor what has nothing on one side,
    // or names a span, which no target does.
    // An empty word is a level to the parser.
    let is_level = |level: &str| !level.is_empty() && level.parse::<LevelFilter>().is_ok();
    let is_meant = |directive: &str| match directive.split_once('=') {
        Some((target, level)) => !target.is_empty() && !target.contains(['[', '{']) && is_level(level),
        None => is_level(directive),
    };
    let directives = text.split(',').map(str::trim).filter(|directive| !directive.is_empty());
    let directives: Vec<&str> = directives.collect();
    if directives.is_empty() || !directives.iter().all(|directive| is_meant(directive)) {
        return Err(REFUSAL);
    }
    let text = directives.join(",");
    text.parse::<Targets>().map(|_| text).map_err(|_| REFUSAL)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::testing::{loaded, refused};

    #[test]
    fn the_defaults_are_a_local_production_process() {
        let process = loaded(&[]).process;
        assert_eq!(process.environment, Environment::Production);
        assert_eq!((process.host.to_string().as_str(), process.port), ("127.0.0.1", 4000));
        assert_eq!(process.public_url.as_str(), "http://localhost:4000/");
        assert_eq!((process.log_filter.as_str(), process.log_format), ("info", LogFormat::Json));
        assert!(process.trusted_proxies.is_empty());
    }

    #[test]
    fn what_is_given_is_taken() {
        let process = loaded(&[
            ("APP_ENV", "development"),
            ("HOST", "0.0.0.0"),
            ("PORT", "8080"),
            ("LOG_LEVEL", "info, tenantry=debug"),
            ("TRUSTED_PROXIES", "10.0.0.0/8, ::1"),
        ])
        .process;
        assert_eq!(process.public_url.as_str(), "http://localhost:8080/");
        assert_eq!(
            (process.log_filter.as_str(), process.log_format),
            ("info,tenantry=debug", LogFormat::Pretty)
        );
        assert_eq!(process.trusted_proxies.len(), 2);
    }

    #[test]
    fn older_names_mean_the_same() {
        let process = loaded(&[
            ("NODE_ENV", "test"),
            ("SERVER_PORT", "5000"),
            ("BASE_URL", "https://tenantry.example.com"),
        ])
        .process;
        assert_eq!((process.environment, process.port), (Environment::Test, 5000));
        assert_eq!(process.public_url.as_str(), "https://tenantry.example.com/");
    }

    #[test]
    fn each_bad_value_is_named_with_its_fix() {
        let problems = refused(&[
            ("APP_ENV", "staging"),
            ("HOST", "example.com"),
            ("PORT", "65536"),
            ("PUBLIC_URL", "http://tenantry.example.com"),
            ("LOG_LEVEL", "verbose"),
            ("LOG_FORMAT", "xml"),
            ("TRUSTED_PROXIES", "10.0.0.1, proxy, 10.0.0.0/99"),
        ]);
        let expected = r#"APP_ENV: "staging" is not known; give production, development or test
PORT: "65536" is not a port; give a number from 1 to 65535, or 0 for any free one
LOG_FORMAT: "xml" is not a log format; give json or pretty
HOST: "example.com" is not an IP address; give the one to listen on: 127.0.0.1, or 0.0.0.0 for all
PUBLIC_URL: "http://tenantry.example.com" is http, which is for loopback hosts only; give an https URL
LOG_LEVEL: "verbose" is not a log filter; give error, warn, info, debug, trace or off, optionally with more of the form target=level after commas
TRUSTED_PROXIES: "proxy" is neither an IP address nor a network; give one such as 10.0.0.7 or 10.0.0.0/8
TRUSTED_PROXIES: "10.0.0.0/99" is neither an IP address nor a network; give one such as 10.0.0.7 or 10.0.0.0/8"#;
        assert_eq!(problems, expected);
    }

    #[test]
    fn a_log_filter_may_have_targets_but_not_only_a_word() {
        assert!(log_filter("warn,sqlx=error,tenantry=trace").is_ok());
        assert_eq!(
            log_filter("info,, sqlx=off,"),
            Ok("info,sqlx=off".to_owned()),
            "what is empty says nothing"
        );
        for refused in [
            "warn,tenantry[request{path=/a}]=trace",
            "tenantry{path}=trace",
            "tenantry=loud",
            "info,tenantry",
            "tenantry=",
            "=debug",
            ",",
            "",
        ] {
            assert!(log_filter(refused).is_err(), "{refused}");
        }
    }
}
