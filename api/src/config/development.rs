//! The development identity: who calls without a credential, where that is allowed at all.

use domain::access::DevelopmentIdentity;

use super::{
    parse,
    process::{APP_ENV, Environment, HOST, ProcessConfig},
    reader::Reader,
    setting::Setting,
};

static DEV_USER_EMAIL: Setting = Setting::new("DEV_USER_EMAIL", "development.user_email");
static DEV_USER_NAME: Setting = Setting::new("DEV_USER_NAME", "development.user_name");
static DEV_ORG_ID: Setting = Setting::new("DEV_ORG_ID", "development.org_id");

pub(super) static SETTINGS: &[&Setting] = &[&DEV_USER_EMAIL, &DEV_USER_NAME, &DEV_ORG_ID];

/// The identity, when one of its names is given; the others then have their defaults.
pub(super) fn read(reader: &mut Reader, process: &ProcessConfig) -> Option<DevelopmentIdentity> {
    read_in(cfg!(debug_assertions), reader, process)
}

fn read_in(
    is_debug_build: bool,
    reader: &mut Reader,
    process: &ProcessConfig,
) -> Option<DevelopmentIdentity> {
    let text = |text: &str| Ok(text.to_owned());
    let email = reader.value(&DEV_USER_EMAIL, parse::email);
    let name = reader.value(&DEV_USER_NAME, text);
    let organization = reader.value(&DEV_ORG_ID, text);
    let given: Vec<_> = SETTINGS.iter().copied().filter(|setting| reader.is_set(setting)).collect();
    if given.is_empty() {
        return None;
    }
    if let Some(refusal) = refusal(is_debug_build, reader, process) {
        for setting in given {
            reader.problem(setting, refusal);
        }
        return None;
    }
    Some(DevelopmentIdentity {
        email: email.unwrap_or_else(|| "developer@localhost".to_owned()),
        name: name.unwrap_or_else(|| "Developer".to_owned()),
        organization: organization.unwrap_or_else(|| "dev-org-id".to_owned()),
    })
}

/// Why the identity may not be used here.
fn refusal(is_debug_build: bool, reader: &Reader, process: &ProcessConfig) -> Option<&'static str> {
    if !is_debug_build {
        Some(
            "lets requests in without a credential, which only a debug build can do, and this is a release build; \
             remove it",
        )
    } else if process.environment != Environment::Development && !reader.failed(&APP_ENV) {
        Some(
            "lets requests in without a credential, which is for development only; remove it, or set \
             APP_ENV=development (production is the default)",
        )
    } else if !process.host.is_loopback() && !reader.failed(&HOST) {
        Some(
            "lets requests in without a credential, so HOST must be a loopback address; remove it, or set \
             HOST=127.0.0.1",
        )
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::testing::{loaded, reader, refused};

    const DEVELOPMENT: (&str, &str) = ("APP_ENV", "development");

    #[test]
    fn nobody_comes_without_a_credential_unless_asked_for() {
        assert!(loaded(&[DEVELOPMENT]).development.is_none());
    }

    #[test]
    #[cfg(debug_assertions)]
    fn one_name_is_enough_and_the_others_have_defaults() {
        let identity = loaded(&[DEVELOPMENT, ("DEV_ORG_ID", "acme")]).development.unwrap();
        assert_eq!(
            (identity.email.as_str(), identity.name.as_str(), identity.organization.as_str()),
            ("developer@localhost", "Developer", "acme")
        );
    }

    #[test]
    #[cfg(debug_assertions)]
    fn production_and_test_refuse_every_name() {
        for environment in [&[][..], &[("APP_ENV", "production")], &[("APP_ENV", "test")]] {
            let mut variables = environment.to_vec();
            variables.extend([
                ("DEV_USER_EMAIL", "a@b.example"),
                ("DEV_USER_NAME", "A"),
                ("DEV_ORG_ID", "x"),
            ]);
            let problems = refused(&variables);
            assert_eq!(problems.matches("which is for development only").count(), 3, "{problems}");
        }
    }

    #[test]
    #[cfg(debug_assertions)]
    fn only_loopback_will_do() {
        let problems = refused(&[DEVELOPMENT, ("HOST", "0.0.0.0"), ("DEV_USER_NAME", "A")]);
        assert!(
            problems.starts_with("DEV_USER_NAME: lets requests in without a credential, so HOST"),
            "{problems}"
        );
        assert!(loaded(&[DEVELOPMENT, ("HOST", "::1"), ("DEV_USER_NAME", "A")]).development.is_some());
    }

    #[test]
    fn a_release_build_refuses_and_says_what_it_is() {
        let mut reader = reader(&[DEVELOPMENT, ("DEV_USER_NAME", "A")]);
        let process = ProcessConfig::read(&mut reader);
        assert!(read_in(false, &mut reader, &process).is_none());
        let problems = reader.finish().unwrap_err().to_string();
        assert!(problems.contains("this is a release build; remove it"), "{problems}");
    }

    #[test]
    fn a_wrong_environment_is_said_once() {
        let problems = refused(&[("APP_ENV", "dev"), ("DEV_USER_EMAIL", "nobody")]);
        assert!(problems.contains("is not an e-mail address"), "{problems}");
        #[cfg(debug_assertions)]
        assert_eq!(problems.lines().count(), 2, "{problems}");
    }
}
