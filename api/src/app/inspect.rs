//! What `tenantry doctor` looks at beyond the configuration. Nothing is changed by it.

use std::{error::Error, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    access::TenantSelector,
    delegation::{AppTokenError, Resource},
};
use infra::{
    cache::SharedRedis,
    db::{Inspection, inspect},
    entra::{Authority, BearerSettings, BearerVerifier, KeysState, probe},
};

use super::{
    Parts,
    credential_ends::{CredentialEnd, Nearness},
    database_url,
    delegation::TokenSources,
    key_vault,
};
use crate::{
    auth::chain,
    config::{Config, DatabaseKind, KeyRing},
};

/// Tokens are judged by the clock, with five minutes of tolerance.
const MUCH_TOO_WRONG: TimeDelta = TimeDelta::minutes(4);
const WRONG: TimeDelta = TimeDelta::seconds(30);

/// How serious a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    Good,
    /// Works, but should be known.
    Note,
    Wrong,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub subject: &'static str,
    pub severity: Severity,
    pub text: String,
    /// What to do about it.
    pub fix: Option<&'static str>,
}

impl Finding {
    fn good(subject: &'static str, text: impl Into<String>) -> Self {
        Self { subject, severity: Severity::Good, text: text.into(), fix: None }
    }

    fn note(subject: &'static str, text: impl Into<String>, fix: &'static str) -> Self {
        Self { subject, severity: Severity::Note, text: text.into(), fix: Some(fix) }
    }

    fn wrong(subject: &'static str, text: impl Into<String>, fix: &'static str) -> Self {
        Self { subject, severity: Severity::Wrong, text: text.into(), fix: Some(fix) }
    }
}

/// Looks at everything that the service needs.
pub async fn findings(config: &Config, parts: &Parts) -> Vec<Finding> {
    let mut findings = vec![database(config).await];
    findings.extend(authority(config, parts).await);
    findings.push(client_credentials(config, parts).await);
    findings.extend(credential_ends(config, parts));
    findings.push(Box::pin(sealing_keys(config, parts)).await);
    findings.push(redis(config).await);
    findings
}

/// The same without what a running service knows of itself: its database, and the signing keys that it has.
pub(super) async fn findings_of_a_running_service(config: &Config, parts: &Parts) -> Vec<Finding> {
    let mut findings = authority(config, parts).await;
    findings.retain(|finding| finding.subject != SIGNING_KEYS || finding.severity != Severity::Good);
    findings.push(client_credentials(config, parts).await);
    findings.extend(credential_ends(config, parts));
    findings.push(sealing_keys_in_use(config));
    findings.push(redis(config).await);
    findings
}

/// Replicas hear of revocations by the database, with Redis and without.
async fn redis(config: &Config) -> Finding {
    const SUBJECT: &str = "redis";
    let Some(url) = &config.redis.url else {
        return Finding::good(SUBJECT, "not configured; each replica counts and remembers for itself");
    };
    let probed = match SharedRedis::new(url) {
        Ok(redis) => redis.probe().await,
        Err(error) => Err(error),
    };
    match probed {
        Ok(()) => Finding::good(SUBJECT, "answers; replicas share rate limits and tokens"),
        Err(error) => Finding::wrong(
            SUBJECT,
            format!("does not answer ({error}); the service runs, each replica for itself"),
            "check REDIS_URL, its password, and that this machine may connect there",
        ),
    }
}

async fn database(config: &Config) -> Finding {
    const SUBJECT: &str = "database";
    match inspect(&database_url(&config.database)).await {
        Ok(Inspection::Current) if config.database.kind == DatabaseKind::Postgres => {
            Finding::good(SUBJECT, "reachable, schema current, and row-level security binds the role")
        }
        Ok(Inspection::Current) => Finding::good(SUBJECT, "opens, schema current"),
        Ok(Inspection::New) => Finding::good(SUBJECT, "not there yet; `tenantry serve` makes it"),
        Ok(Inspection::Older(steps)) => Finding::note(
            SUBJECT,
            format!("the schema is older than this version: {} missing", steps.join(", ")),
            "`tenantry serve` brings it up to date, after copying the file beside itself",
        ),
        // The message says what to do.
        Err(error) => {
            Finding { severity: Severity::Wrong, fix: None, ..Finding::good(SUBJECT, chain(&error)) }
        }
    }
}

async fn authority(config: &Config, parts: &Parts) -> Vec<Finding> {
    const SUBJECT: &str = "authority";
    let authority = Authority::new(config.entra.authority_host.clone(), config.entra.tenant.clone());
    let address = authority.v2_metadata();
    let fail = |error: &(dyn Error + 'static)| {
        let fix = "check AZURE_AUTHORITY_HOST and AZURE_TENANT_ID, and that a firewall or proxy lets this machine out";
        vec![Finding::wrong(SUBJECT, format!("{address}: {}", chain(error)), fix)]
    };
    // An error means that another one is installed already, which serves as well.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let client = match infra::http::client() {
        Ok(client) => client,
        Err(error) => return fail(&error),
    };
    let skew = match probe(&client, &authority, parts.clock.as_ref()).await {
        Ok(skew) => skew,
        Err(error) => return fail(&error),
    };
    let mut findings = vec![Finding::good(SUBJECT, format!("{address} answers")), clock(skew)];
    let settings = BearerSettings {
        authority,
        client_id: config.entra.client_id,
        extra_audiences: config.entra.audiences.clone(),
    };
    let (clock, entropy) = (Arc::clone(&parts.clock), Arc::clone(&parts.entropy));
    match BearerVerifier::new(settings, client, clock, entropy) {
        Ok(verifier) => {
            verifier.keys().refresh_if_due().await;
            findings.push(signing_keys(&verifier.keys().state()));
        }
        Err(error) => findings.extend(fail(&error)),
    }
    findings
}

/// Whether we can prove who we are. A token for the service itself shows it, where there is a tenant to ask: on behalf
/// of a person it cannot be tried without one.
async fn client_credentials(config: &Config, parts: &Parts) -> Finding {
    const SUBJECT: &str = "client credentials";
    let sources = match TokenSources::new(config, parts) {
        Ok(sources) => sources,
        Err(error) => {
            let fix = "take AZURE_MANAGED_IDENTITY out where there is none";
            return Finding::wrong(SUBJECT, format!("{error:#}"), fix);
        }
    };
    if !config.delegation.has_credential() {
        return Finding::note(
            SUBJECT,
            "none; nothing can be asked of Microsoft 365",
            "give AZURE_CLIENT_CERTIFICATE or AZURE_CLIENT_SECRET (docs/entra-setup.md)",
        );
    }
    let kinds = sources.credentials().join(", then ");
    let TenantSelector::Tenant(tenant) = &config.entra.tenant else {
        let text = format!("{kinds}; not tried, since AZURE_TENANT_ID names no tenant to ask");
        return Finding::note(
            SUBJECT,
            text,
            "run doctor once with AZURE_TENANT_ID set to the id of a tenant that consented",
        );
    };
    match sources.app_only().token(*tenant, &Resource::Graph).await {
        Ok(_) => Finding::good(SUBJECT, format!("{kinds}; a token for Microsoft Graph can be had")),
        Err(error) => {
            let text = format!("{kinds}; no token for Microsoft Graph can be had: {error}");
            Finding::wrong(SUBJECT, text, credentials_fix(&error))
        }
    }
}

/// When what proves us ends. Of a secret without its end nothing can be said.
fn credential_ends(config: &Config, parts: &Parts) -> Vec<Finding> {
    // What is wrong with the credentials themselves is said elsewhere.
    let Ok(sources) = TokenSources::new(config, parts) else { return Vec::new() };
    let now = parts.clock.now();
    let of_one = |end: &CredentialEnd| credential_end(*end, now);
    let mut findings: Vec<Finding> = sources.ends().iter().map(of_one).collect();
    if config.delegation.secret.is_some() && config.delegation.secret_expires_at.is_none() {
        findings.push(Finding::note(
            CREDENTIAL_END,
            "the secret's is not known, so nobody is warned of it",
            "give AZURE_CLIENT_SECRET_EXPIRES: the date that the portal shows beside the secret",
        ));
    }
    findings
}

const CREDENTIAL_END: &str = "credential end";

fn credential_end(end: CredentialEnd, now: DateTime<Utc>) -> Finding {
    let fix = "register a new one beside it (Certificates & secrets), configure that, and take this one out";
    let CredentialEnd { credential, at } = end;
    let (day, left) = (at.date_naive(), (at - now).num_days());
    match end.nearness(now) {
        Nearness::Far => Finding::good(CREDENTIAL_END, format!("the {credential} ends on {day}")),
        Nearness::Month | Nearness::Week => {
            Finding::note(CREDENTIAL_END, format!("the {credential} ends on {day}, in {left} days"), fix)
        }
        Nearness::Day => {
            Finding::wrong(CREDENTIAL_END, format!("the {credential} ends within a day, at {at}"), fix)
        }
        Nearness::Over => Finding::wrong(CREDENTIAL_END, format!("the {credential} ended on {day}"), fix),
    }
}

fn credentials_fix(error: &AppTokenError) -> &'static str {
    match error {
        AppTokenError::Misconfigured => {
            "the log says what Entra ID holds against it: a wrong or expired secret (its value, not its id), or \
             a certificate that is not registered"
        }
        AppTokenError::NotConsented => {
            "an administrator of the tenant has to consent; right after that, wait a few minutes"
        }
        AppTokenError::DisabledByTenant => {
            "the tenant's administrator has to enable the enterprise application"
        }
        AppTokenError::NoSuchTenant => "check AZURE_TENANT_ID and AZURE_AUTHORITY_HOST",
        AppTokenError::NoSuchResource => {
            "the tenant has no Microsoft Graph in this cloud; check AZURE_AUTHORITY_HOST"
        }
        AppTokenError::Throttled { .. } | AppTokenError::Unavailable { .. } | AppTokenError::Timeout => {
            "try again; if it lasts, see whether the log says that a credential gives no proof, and whether a \
             firewall or proxy lets this machine out"
        }
    }
}

const SIGNING_KEYS: &str = "signing keys";

fn signing_keys(state: &KeysState) -> Finding {
    const SUBJECT: &str = SIGNING_KEYS;
    match state {
        KeysState::Fresh { .. } => Finding::good(SUBJECT, "fetched"),
        KeysState::NotYetFetched | KeysState::Stale { .. } | KeysState::Expired { .. } => Finding::wrong(
            SUBJECT,
            "the metadata can be had, the keys it names cannot",
            "the log says why; the address of the keys (jwks_uri) must be reachable from here",
        ),
    }
}

fn clock(ahead: Option<TimeDelta>) -> Finding {
    const SUBJECT: &str = "clock";
    let fix = "let a time service (NTP) set this machine's clock";
    let Some(ahead) = ahead else {
        return Finding::note(SUBJECT, "the authority does not tell its time", fix);
    };
    let text = format!("{:+.1} s against the authority's", ahead.as_seconds_f64());
    match ahead.abs() {
        off if off > MUCH_TOO_WRONG => Finding::wrong(
            SUBJECT,
            format!("{text}; good tokens may be refused as expired or not yet valid"),
            fix,
        ),
        off if off > WRONG => Finding::note(SUBJECT, text, fix),
        _ => Finding::good(SUBJECT, text),
    }
}

const KEYS: &str = "keys";

/// Those of a vault are read, as a start would.
async fn sealing_keys(config: &Config, parts: &Parts) -> Finding {
    let (Some(vault), None) = (&config.keys.vault, &config.keys.ring) else {
        return sealing_keys_in_use(config);
    };
    let keys = match key_vault::read(config, vault, parts).await {
        Ok(keys) => keys,
        Err(error) => {
            let fix = "the service does not start without its keys (docs/keys.md)";
            return Finding::wrong(KEYS, format!("{error:#}"), fix);
        }
    };
    match keys.expires_at.filter(|end| *end <= parts.clock.now()) {
        Some(end) => Finding::note(
            KEYS,
            format!(
                "{}; it expired on {}, and is used all the same",
                told(&keys.ring, config),
                end.date_naive()
            ),
            "take the expiry off it: what was sealed needs its key for as long as it is kept",
        ),
        None => Finding::good(KEYS, told(&keys.ring, config)),
    }
}

/// How many there are, and from where.
fn told(ring: &KeyRing, config: &Config) -> String {
    let number = match ring.opening.len() {
        0 => "one, which seals".to_owned(),
        others => format!("one that seals, {others} that still open"),
    };
    match &config.keys.vault {
        Some(vault) => format!("{number}; of the secret {}", vault.secret),
        None => number,
    }
}

fn sealing_keys_in_use(config: &Config) -> Finding {
    match (&config.keys.ring, &config.database.kind) {
        (Some(ring), _) => Finding::good(KEYS, told(ring, config)),
        (None, DatabaseKind::SqliteFile(path)) => Finding::note(
            KEYS,
            format!("kept in {}.key, beside the database", path.display()),
            "back it up with the database, or give TOKEN_KEY",
        ),
        (None, DatabaseKind::SqliteMemory | DatabaseKind::Postgres) => Finding::note(
            KEYS,
            "none; one is made for as long as the process lives, and what it sealed is lost with it",
            "give TOKEN_KEY: the output of `openssl rand -base64 48`",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_clock_is_noted_before_tokens_are_refused() {
        let severity = |seconds| clock(Some(TimeDelta::seconds(seconds))).severity;
        assert_eq!(severity(2), Severity::Good);
        assert_eq!(severity(-45), Severity::Note);
        assert_eq!(severity(-300), Severity::Wrong);
        assert_eq!(clock(Some(TimeDelta::seconds(-45))).text, "-45.0 s against the authority's");
        assert_eq!(clock(None).severity, Severity::Note);
    }
}
