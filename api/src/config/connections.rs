//! Connected accounts: what they are asked to agree to, and how their tokens are kept fresh.

use std::time::Duration;

use chrono::TimeDelta;
use domain::connections::RefreshPolicy;

use super::{
    parse,
    reader::{Parsed, Reader},
    setting::Setting,
};

static MS_GRAPH_SCOPES: Setting = Setting::new("MS_GRAPH_SCOPES", "connections.graph_scopes");
static MS_SHAREPOINT_SCOPES: Setting = Setting::new("MS_SHAREPOINT_SCOPES", "connections.sharepoint_scopes");
static REFRESH_CYCLE: Setting = Setting::new("REFRESH_CYCLE", "connections.refresh_cycle");
static TOKEN_REFRESH_BUFFER: Setting =
    Setting::new("TOKEN_REFRESH_BUFFER", "connections.token_refresh_buffer");

pub(super) static SETTINGS: &[&Setting] =
    &[&MS_GRAPH_SCOPES, &MS_SHAREPOINT_SCOPES, &REFRESH_CYCLE, &TOKEN_REFRESH_BUFFER];

const OF_OPENID: [&str; 4] = ["openid", "offline_access", "profile", "email"];
const OF_GRAPH: [&str; 11] = [
    "User.Read",
    "Mail.Read",
    "Mail.Send",
    "Calendars.Read",
    "Chat.ReadWrite",
    "ChatMessage.Send",
    "OnlineMeetings.Read",
    "OnlineMeetingTranscript.Read.All",
    "Chat.ReadWrite.All",
    "Files.Read.All",
    "Sites.Read.All",
];
const OF_SHAREPOINT: [&str; 5] =
    ["AllSites.Read", "MyFiles.Read", "Sites.Search.All", "Sites.Selected", "User.Read.All"];

/// `[connections]`.
#[derive(Clone, Debug)]
pub struct ConnectionsConfig {
    /// What an account is asked for, of Microsoft Graph; with what makes the access last.
    pub graph_scopes: Vec<String>,
    /// And of SharePoint: names alone, since the host differs from tenant to tenant. Empty for none.
    pub sharepoint_scopes: Vec<String>,
    pub refresh: RefreshPolicy,
}

impl ConnectionsConfig {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let mut graph_scopes = reader.list(&MS_GRAPH_SCOPES, scope).unwrap_or_else(|| words(&OF_GRAPH));
        for word in OF_OPENID {
            // Without them nobody knows whose the account is, or there is nothing to refresh.
            if !graph_scopes.iter().any(|scope| scope == word) {
                graph_scopes.push(word.to_owned());
            }
        }
        let sharepoint_scopes = match reader.value(&MS_SHAREPOINT_SCOPES, none) {
            Some(true) => Vec::new(),
            _ => reader.list(&MS_SHAREPOINT_SCOPES, scope).unwrap_or_else(|| words(&OF_SHAREPOINT)),
        };
        let defaults = RefreshPolicy::default();
        let cycle = reader.value(&REFRESH_CYCLE, cycle).unwrap_or(defaults.cycle);
        let buffer = reader.value(&TOKEN_REFRESH_BUFFER, buffer).unwrap_or(defaults.buffer);
        Self { graph_scopes, sharepoint_scopes, refresh: RefreshPolicy { cycle, buffer } }
    }
}

/// Whether the text says that there is nothing.
#[expect(clippy::unnecessary_wraps, reason = "it is read like every value")]
fn none(text: &str) -> Parsed<bool> {
    Ok(text.eq_ignore_ascii_case("none"))
}

/// The name of a permission, without its resource.
fn scope(text: &str) -> Parsed<String> {
    let is_name = text.len() <= 128
        && text.chars().all(|character| character.is_ascii_alphanumeric() || "._-".contains(character));
    if is_name {
        Ok(text.to_owned())
    } else {
        Err("is no permission; give names such as Files.Read.All, without the resource before them")
    }
}

fn cycle(text: &str) -> Parsed<TimeDelta> {
    within(text, Duration::from_mins(1), Duration::from_hours(24))
        .ok_or("is no time between 1m and 24h; give one such as 45m")
}

fn buffer(text: &str) -> Parsed<TimeDelta> {
    within(text, Duration::from_secs(10), Duration::from_mins(30))
        .ok_or("is no time between 10s and 30m; give one such as 5m")
}

fn within(text: &str, least: Duration, most: Duration) -> Option<TimeDelta> {
    let duration = parse::duration(text).ok().filter(|time| (least..=most).contains(time))?;
    TimeDelta::from_std(duration).ok()
}

#[cfg(test)]
mod tests {
    use crate::config::testing::{loaded, refused};

    use super::*;

    #[test]
    fn what_is_asked_for_always_says_who_it_is_and_lasts() {
        let connections = loaded(&[]).connections;
        assert!(connections.graph_scopes.contains(&"Sites.Read.All".to_owned()));
        assert!(connections.graph_scopes.contains(&"offline_access".to_owned()));
        assert_eq!(connections.sharepoint_scopes, OF_SHAREPOINT);
        let few = loaded(&[("MS_GRAPH_SCOPES", "User.Read"), ("MS_SHAREPOINT_SCOPES", "none")]).connections;
        assert_eq!(few.graph_scopes, ["User.Read", "openid", "offline_access", "profile", "email"]);
        assert!(few.sharepoint_scopes.is_empty());
        for (name, wrong) in [
            ("MS_GRAPH_SCOPES", "User.Read Mail.Read"),
            ("MS_SHAREPOINT_SCOPES", "https://contoso.sharepoint.com/AllSites.Read"),
        ] {
            assert!(refused(&[(name, wrong)]).contains("is no permission"), "{wrong}");
        }
    }

    #[test]
    fn times_are_within_reason() {
        let refresh = loaded(&[("REFRESH_CYCLE", "30m"), ("TOKEN_REFRESH_BUFFER", "2m")]).connections.refresh;
        assert_eq!((refresh.cycle, refresh.buffer), (TimeDelta::minutes(30), TimeDelta::minutes(2)));
        assert!(refused(&[("REFRESH_CYCLE", "1s")]).contains("between 1m and 24h"));
        assert!(refused(&[("TOKEN_REFRESH_BUFFER", "2h")]).contains("between 10s and 30m"));
    }
}
