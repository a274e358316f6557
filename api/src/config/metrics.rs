//! Metrics: whether they are served, and where.

use super::{
    reader::{Parsed, Reader},
    setting::Setting,
};

static METRICS_PORT: Setting = Setting::new("METRICS_PORT", "metrics.port");

pub(super) static SETTINGS: &[&Setting] = &[&METRICS_PORT];

/// `[metrics]`.
#[derive(Clone, Debug)]
pub struct MetricsConfig {
    /// Their own port, so that what faces the world need not hide them. `None`: nothing is counted.
    pub port: Option<u16>,
}

impl MetricsConfig {
    pub(super) fn read(reader: &mut Reader, port_of_the_api: u16) -> Self {
        let port = reader.value(&METRICS_PORT, port);
        if port == Some(port_of_the_api) && port != Some(0) {
            reader.problem(&METRICS_PORT, "is the port of the API; give metrics one of their own");
        }
        Self { port }
    }
}

fn port(text: &str) -> Parsed<u16> {
    text.parse()
        .map_err(|_| "is not a port; give a number up to 65535, or 0 for a free one, which the log names")
}

#[cfg(test)]
mod tests {
    use crate::config::testing::{loaded, refused};

    #[test]
    fn metrics_have_a_port_of_their_own_or_none() {
        assert_eq!(loaded(&[]).metrics.port, None);
        assert_eq!(loaded(&[("METRICS_PORT", "9464")]).metrics.port, Some(9464));
        assert_eq!(loaded(&[("PORT", "0"), ("METRICS_PORT", "0")]).metrics.port, Some(0));
        assert!(refused(&[("METRICS_PORT", "70000")]).contains("is not a port"));
        assert!(refused(&[("METRICS_PORT", "4000")]).contains("is the port of the API"));
    }
}
