//! Each setting with where its value comes from, for `tenantry check-config` and `tenantry doctor`.

use super::{Config, catalog, problems::Problems, reader::Reader, sources::Sources};

/// One setting as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenSetting {
    /// The name in the environment.
    pub name: &'static str,
    /// As written; `***` for a secret; `None` where the default holds.
    pub value: Option<String>,
    /// The name or key that gave it; `default` where none did.
    pub source: String,
}

/// The settings, and the configuration that they make.
pub struct Report {
    pub settings: Vec<GivenSetting>,
    pub config: Result<Config, Problems>,
}

/// Reads the configuration, remembering where each value came from. The environment wins over the file.
pub fn report(sources: Sources) -> Report {
    let mut reader = Reader::new(sources);
    let sections = Config::read(&mut reader);
    let settings = catalog::settings().map(|setting| reader.given(setting)).collect();
    Report { settings, config: sections.finish(reader) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::testing::CLIENT_ID;

    fn given(variables: &[(&str, &str)]) -> Report {
        report(Sources::new(variables.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())), None))
    }

    #[test]
    fn each_setting_says_where_it_is_from_and_no_secret_is_shown() {
        let report = given(&[
            ("SERVER_PORT", "5000"),
            ("AZURE_CLIENT_ID", CLIENT_ID),
            ("AZURE_TENANT_ID", "contoso.com"),
            ("TOKEN_KEY", "hunter2 hunter2 hunter2 hunter2 hunter2"),
            ("PUBLIC_URL", "https://me:hunter2@tenantry.example.com"),
        ]);
        let of = |name: &str| {
            let setting = report.settings.iter().find(|setting| setting.name == name).unwrap();
            (setting.value.clone(), setting.source.clone())
        };
        assert_eq!(of("PORT"), (Some("5000".to_owned()), "SERVER_PORT".to_owned()));
        assert_eq!(of("TOKEN_KEY"), (Some("***".to_owned()), "TOKEN_KEY".to_owned()));
        assert_eq!(of("HOST"), (None, "default".to_owned()));
        assert!(!format!("{:?}", report.settings).contains("hunter2"));
        assert!(
            report.config.is_err(),
            "credentials in a URL are refused, and the settings shown all the same"
        );
    }
}
