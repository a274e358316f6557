//! `tenantry check-config` and `tenantry doctor`: what is configured, where from, and whether it works.

use std::fmt::Write;

use anyhow::bail;

use super::print;
use crate::{
    app::{Finding, Parts, Severity, findings},
    config::{Config, Report},
};

/// Prints the settings; an error when something is wrong with them.
pub(super) fn check_config(report: Report) -> anyhow::Result<Config> {
    print(&settings(&report))?;
    let config = report.config?;
    for warning in &config.warnings {
        print(&format!("note   {warning}"))?;
    }
    print("good   configuration")?;
    Ok(config)
}

/// Prints each finding with its fix; an error when something is wrong.
pub(super) async fn doctor(report: Report) -> anyhow::Result<()> {
    let config = check_config(report)?;
    let findings = findings(&config, &Parts::system()).await;
    for finding in &findings {
        print(&line(finding))?;
    }
    match findings.iter().filter(|finding| finding.severity == Severity::Wrong).count() {
        0 => Ok(()),
        1 => bail!("one thing is wrong"),
        several => bail!("{several} things are wrong"),
    }
}

/// What was given, in the order of the sections; the environment wins over the file.
fn settings(report: &Report) -> String {
    let given = report.settings.iter().filter(|setting| setting.value.is_some());
    let width = given.clone().map(|setting| setting.name.len()).max().unwrap_or_default();
    let mut text = String::from("Settings (environment, then file, then default):\n");
    for setting in given {
        let value = setting.value.as_deref().unwrap_or_default();
        let from =
            if setting.source == setting.name { "environment".to_owned() } else { setting.source.clone() };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {:width$}  {value}  (from {from})", setting.name);
    }
    let defaults: Vec<&str> = report
        .settings
        .iter()
        .filter(|setting| setting.value.is_none())
        .map(|setting| setting.name)
        .collect();
    let _ = writeln!(text, "  default: {}", defaults.join(", "));
    text
}

fn line(finding: &Finding) -> String {
    let word = match finding.severity {
        Severity::Good => "good ",
        Severity::Note => "note ",
        Severity::Wrong => "WRONG",
    };
    let fix = finding.fix.map(|fix| format!("\n       fix: {fix}")).unwrap_or_default();
    format!("{word}  {}: {}{fix}", finding.subject, finding.text)
}
