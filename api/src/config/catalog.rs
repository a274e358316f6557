//! Every name that means something: what is read, what later versions read, and what never will be.

use std::collections::BTreeSet;

use super::{
    admin, api_keys, browser, connections, database, delegation, development, docs, entra, http, identity,
    key_vault, keys, memory, metrics, onboarding, process, redis, revocation, setting::Setting, sharepoint,
    sources::FILE_NAME, tenants,
};

/// Read by later versions and described in `.env.example` already; nothing reads them today.
pub(super) const LATER: &[&str] = &[];

/// Names of features that are further away: reserved, so that a file which has them starts without a complaint.
const RESERVED: &[&str] = &[
    "AZURE_AUTH_MODE",
    "CLEANUP_SECRET",
    "EMAIL_VERIFICATION_MODE",
    "ENABLE_DEBUG_ROUTES",
    "ENCRYPTION_KEY",
    "GITHUB_CLIENT_ID",
    "GITHUB_CLIENT_SECRET",
    "GITHUB_SPONSOR_PLAN_ID",
    "GITHUB_WEBHOOK_SECRET",
    "GOOGLE_CLIENT_ID",
    "GOOGLE_CLIENT_SECRET",
    "GRAPH_APP_SCOPES",
    "GRAPH_SCOPES",
    "MAILER_API_KEY",
    "MAILER_DEFAULT_LANG",
    "MAILER_ENDPOINT",
    "MAILER_FROM",
    "MAILER_FROM_NAME",
    "MAILER_PROVIDER",
    "MCP_ALLOW_QUERY_KEY",
    "MCP_API_KEY",
    "OAUTH_PROVIDERS",
    "REGISTRATION",
    "REGISTRATION_ORGANIZATION",
    "REQUIRE_EMAIL_VERIFICATION",
    "SMS_API_KEY",
    "SMS_CODE_TTL",
    "SMS_ENDPOINT",
    "SMS_PASSWORD",
    "SMS_USERNAME",
    "SPONSORSHIP_WEBHOOK_PATH",
    "TOOLS",
    "TOTP_APP_NAME",
    "TRANSPORT_TYPE",
    "VITE_API_BASE_URL",
];

/// Of older deployments, without a meaning here: tokens are signed by asymmetric keys, and the console needs no URL.
pub(super) const WITHOUT_MEANING: &[&str] =
    &["ACCESS_TOKEN_SECRET", "JWT_SECRET", "NEXT_PUBLIC_API_BASE_URL", "PRISMA_PORT", "REFRESH_TOKEN_SECRET"];

/// Every setting that is read.
pub(super) fn settings() -> impl Iterator<Item = &'static Setting> {
    [
        process::SETTINGS,
        database::SETTINGS,
        entra::SETTINGS,
        delegation::SETTINGS,
        tenants::SETTINGS,
        keys::SETTINGS,
        key_vault::SETTINGS,
        admin::SETTINGS,
        api_keys::SETTINGS,
        development::SETTINGS,
        memory::SETTINGS,
        revocation::SETTINGS,
        http::SETTINGS,
        redis::SETTINGS,
        docs::SETTINGS,
        metrics::SETTINGS,
        onboarding::SETTINGS,
        browser::SETTINGS,
        identity::SETTINGS,
        sharepoint::SETTINGS,
        connections::SETTINGS,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// Whether the file may have the key.
pub(super) fn is_key(key: &str) -> bool {
    keys().any(|known| known == key)
}

/// Whether the file may have a table of the name.
pub(super) fn is_section(name: &str) -> bool {
    keys().any(|known| known.split_once('.').is_some_and(|(section, _)| section == name))
}

/// The key of the file that was probably meant.
pub(super) fn nearest_key(key: &str) -> String {
    keys().min_by_key(|known| distance(key, known)).unwrap_or_default()
}

fn keys() -> impl Iterator<Item = String> {
    settings().flat_map(|setting| setting.key.map(str::to_owned).into_iter().chain(setting.file_key()))
}

/// Of the names in the environment, those that are probably misspelled ones of ours, with the one meant. The
/// environment belongs to others too, so a name counts only when it is very near and begins with the same word.
pub(super) fn near_misses<'a>(given: impl Iterator<Item = &'a str>) -> Vec<(&'a str, String)> {
    let ours = names();
    given
        .filter(|name| !ours.contains(*name))
        .filter_map(|name| nearest_name(&name.to_ascii_uppercase(), &ours).map(|meant| (name, meant)))
        .collect()
}

fn nearest_name(name: &str, ours: &BTreeSet<String>) -> Option<String> {
    let (word, _) = name.split_once('_')?;
    ours.iter()
        .filter(|known| known.split_once('_').is_some_and(|(first, _)| first == word))
        .map(|known| (distance(name, known), known))
        .filter(|(distance, _)| *distance <= 2)
        .min()
        .map(|(_, known)| known.clone())
}

/// Every name of ours in the environment.
fn names() -> BTreeSet<String> {
    let read = settings().flat_map(|setting| setting.names().map(str::to_owned).chain(setting.file_names()));
    let unread = [LATER, RESERVED].into_iter().flatten().flat_map(|name| {
        let may_be_secret = ["SECRET", "KEY", "PASSWORD", "URL"].iter().any(|end| name.ends_with(end));
        std::iter::once((*name).to_owned()).chain(may_be_secret.then(|| format!("{name}_FILE")))
    });
    let meaningless = WITHOUT_MEANING.iter().map(|name| (*name).to_owned());
    read.chain(unread).chain(meaningless).chain([FILE_NAME.to_owned()]).collect()
}

/// How many letters must be put in, left out or changed to make one of the other (Levenshtein).
fn distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.chars().count()).collect();
    for (index, a) in left.chars().enumerate() {
        let mut last = index + 1;
        let mut next = vec![last];
        for (b, pair) in right.chars().zip(row.windows(2)) {
            if let &[diagonal, above] = pair {
                last = (diagonal + usize::from(a != b)).min(above + 1).min(last + 1);
                next.push(last);
            }
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant(name: &str) -> Option<String> {
        near_misses([name].into_iter()).pop().map(|(_, meant)| meant)
    }

    #[test]
    fn the_distance_counts_what_differs() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("PORT", "PORT"), 0);
    }

    #[test]
    fn a_misspelled_name_of_ours_is_noticed() {
        assert_eq!(meant("AZURE_CLIENTID").as_deref(), Some("AZURE_CLIENT_ID"));
        assert_eq!(meant("RATE_LIMIT_ADRESS").as_deref(), Some("RATE_LIMIT_ADDRESS"));
        assert_eq!(meant("TENANT_POLCIY").as_deref(), Some("TENANT_POLICY"));
        assert_eq!(meant("DEV_USER_MAIL").as_deref(), Some("DEV_USER_EMAIL"));
        assert_eq!(meant("TOKEN_KEY_FLE").as_deref(), Some("TOKEN_KEY_FILE"));
        assert_eq!(meant("azure_tenant_id").as_deref(), Some("AZURE_TENANT_ID"));
    }

    #[test]
    fn names_of_others_and_of_later_versions_are_left_alone() {
        for name in ["PATH", "HOSTS", "PORTS", "AZURE_USERNAME", "GITHUB_ACTION", "APP_URL", "DEV_MODE"] {
            assert_eq!(meant(name), None, "{name}");
        }
        for name in LATER.iter().chain(RESERVED).chain(WITHOUT_MEANING) {
            assert_eq!(meant(name), None, "{name}");
        }
        assert_eq!(meant("AZURE_CLIENT_SECRET_FILE"), None);
    }

    #[test]
    fn no_two_settings_share_a_name_or_a_key() {
        let names: Vec<_> =
            settings().flat_map(|s| s.names().map(str::to_owned).chain(s.file_names())).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        assert_eq!(keys().collect::<BTreeSet<_>>().len(), keys().count());
        for name in LATER.iter().chain(RESERVED).chain(WITHOUT_MEANING) {
            assert!(!names.iter().any(|read| read == name), "{name} is read, and listed as unread");
        }
    }
}
