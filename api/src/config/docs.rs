//! The documentation pages: whether they are served, and what "Authorize" on them signs in with.

use uuid::Uuid;

use super::{
    parse,
    process::Environment,
    reader::{Parsed, Reader},
    setting::Setting,
};

static API_DOCS: Setting = Setting::new("API_DOCS", "docs.enabled");
static DOCS_CLIENT_ID: Setting = Setting::new("DOCS_CLIENT_ID", "docs.client_id");

pub(super) static SETTINGS: &[&Setting] = &[&API_DOCS, &DOCS_CLIENT_ID];

/// `[docs]`.
#[derive(Clone, Debug)]
pub struct DocsConfig {
    /// The OpenAPI document and the pages that show it are served.
    pub enabled: bool,
    /// A single-page registration. Without it "Authorize" asks for one.
    pub client_id: Option<Uuid>,
}

#[derive(Clone, Copy)]
enum When {
    Always,
    Never,
    NotInProduction,
}

impl DocsConfig {
    pub(super) fn read(reader: &mut Reader, environment: Environment) -> Self {
        let enabled = match reader.value(&API_DOCS, when).unwrap_or(When::Always) {
            When::Always => true,
            When::Never => false,
            When::NotInProduction => environment != Environment::Production,
        };
        Self { enabled, client_id: reader.value(&DOCS_CLIENT_ID, parse::guid) }
    }
}

fn when(text: &str) -> Parsed<When> {
    if text.eq_ignore_ascii_case("auto") {
        return Ok(When::NotInProduction);
    }
    match parse::boolean(text) {
        Ok(true) => Ok(When::Always),
        Ok(false) => Ok(When::Never),
        Err(_) => Err("is not known; give true, false or auto (not in production)"),
    }
}

#[cfg(test)]
mod tests {
    use crate::config::testing::{CLIENT_ID, loaded, refused};

    #[test]
    fn the_pages_are_there_unless_they_are_switched_off() {
        let enabled = |variables: &[(&str, &str)]| loaded(variables).docs.enabled;
        assert!(enabled(&[]));
        assert!(enabled(&[("API_DOCS", "true")]));
        assert!(!enabled(&[("API_DOCS", "false")]));
        assert!(!enabled(&[("API_DOCS", "auto")]), "production is the default");
        assert!(enabled(&[("API_DOCS", "AUTO"), ("APP_ENV", "development")]));
        assert!(refused(&[("API_DOCS", "maybe")]).contains("give true, false or auto"));
    }

    #[test]
    fn the_client_is_a_guid() {
        assert_eq!(loaded(&[]).docs.client_id, None);
        assert_eq!(loaded(&[("DOCS_CLIENT_ID", CLIENT_ID)]).docs.client_id, CLIENT_ID.parse().ok());
        assert!(refused(&[("DOCS_CLIENT_ID", "spa")]).contains("is not a GUID"));
    }
}
