//! What signing in is put together from.

use std::sync::Arc;

use domain::{
    access::{RecentSignIn, SessionPolicy, SessionPorts, Sessions, TenantPolicy},
    connections::Connecting,
    delegation::SignInPlace,
    identity::{MicrosoftSignIn, SessionTokens, SignIn},
};
use infra::{
    crypto::{CsrfSigner, KeyRing, SealedTexts, SessionSigner},
    db::Database,
    entra::{AuthorityKeys, EntraSignIn},
};

use poem::get;
use url::Url;

use super::{Parts, delegation::TokenSources};
use crate::{
    auth::{CsrfGuard, Gate, Recency, SessionCookies},
    config::{BrowserConfig, Config},
    http::{SealedCookies, StateCookies},
    identity::{Delivery, Jwks},
    oauth::{Callback, DEPARTURE_LASTS, Landing, MICROSOFT_PATH, MicrosoftOAuth, SignedIn, Start},
    routes::Beside,
};

/// Where browsers are led to and back, and the keys of sessions.
pub(super) fn mount(routes: Beside, microsoft: Arc<MicrosoftOAuth>, signer: Arc<SessionSigner>) -> Beside {
    routes
        .at("/api/oauth/microsoft/start", get(Start(Arc::clone(&microsoft))))
        .at("/api/oauth/microsoft/callback", get(Callback(microsoft)))
        .at("/signed-in", get(SignedIn))
        .at("/.well-known/jwks.json", get(Jwks(Arc::new(move || signer.jwks()))))
}

/// Signs and reads the tokens of sessions: they are from the service's address, and for it.
pub(super) fn signer(
    public_url: &Url,
    policy: SessionPolicy,
    parts: &Parts,
    ring: &KeyRing,
) -> anyhow::Result<SessionSigner> {
    let issuer = public_url.as_str().trim_end_matches('/').to_owned();
    Ok(SessionSigner::new(ring, issuer, policy.refresh_lasts, Arc::clone(&parts.clock))?)
}

pub(super) fn sessions(
    (policy, tenants): (SessionPolicy, TenantPolicy),
    parts: &Parts,
    database: &Database,
    tokens: Arc<dyn SessionTokens>,
) -> Sessions {
    let (store, accounts) = (Arc::new(database.clone()), Arc::new(database.clone()));
    Sessions::new(SessionPorts { store, accounts, tokens, ids: parts.ids() }, policy, tenants)
}

/// `origins` are those whose pages may call.
pub(super) fn delivery(
    browser: &BrowserConfig,
    origins: Vec<String>,
    policy: SessionPolicy,
    parts: &Parts,
    ring: &KeyRing,
) -> Delivery {
    let tokens = CsrfSigner::new(ring, Arc::clone(&parts.entropy));
    Delivery {
        cookies: SessionCookies::new(browser),
        csrf: Arc::new(CsrfGuard::new(Arc::new(tokens), origins, browser.csrf)),
        clock: Arc::clone(&parts.clock),
        session_lasts: policy.refresh_lasts,
    }
}

/// What asks callers to sign in once more.
pub(super) fn recency(config: &Config, parts: &Parts) -> Recency {
    let public_url = config.process.public_url.as_str().trim_end_matches('/');
    Recency {
        policy: RecentSignIn::new(config.identity.recent_sign_in, Arc::clone(&parts.clock)),
        start_url: format!("{public_url}{MICROSOFT_PATH}/start"),
        sign_in: sign_in_place(config),
    }
}

/// Where clients have tokens for us from.
pub(super) fn sign_in_place(config: &Config) -> SignInPlace {
    let host = config.entra.authority_host.as_str().trim_end_matches('/');
    SignInPlace {
        authorization_uri: format!("{host}/{}/oauth2/v2.0/authorize", config.entra.tenant),
        client_id: config.entra.client_id,
    }
}

/// What the endpoints of the sign-in with Microsoft share with the rest.
pub(super) struct Shared<'a> {
    pub database: &'a Database,
    pub keys: &'a Arc<AuthorityKeys>,
    pub ring: &'a KeyRing,
    pub gate: &'a Arc<Gate>,
    pub sessions: &'a Sessions,
    pub delivery: &'a Arc<Delivery>,
    pub connecting: &'a Connecting,
    pub sources: &'a TokenSources,
}

pub(super) fn microsoft(
    config: &Config,
    parts: &Parts,
    shared: &Shared<'_>,
) -> anyhow::Result<Arc<MicrosoftOAuth>> {
    let settings = shared.sources.sign_in_settings(config.entra.redirect_uri.to_string());
    let microsoft: Option<Arc<dyn MicrosoftSignIn>> = match settings {
        Some(settings) => {
            let (keys, clock) = (Arc::clone(shared.keys), Arc::clone(&parts.clock));
            Some(Arc::new(EntraSignIn::new(settings, keys, infra::http::client()?, clock)?))
        }
        None => None,
    };
    let seal = Arc::new(SealedTexts::new(shared.ring, Arc::clone(&parts.entropy)));
    let secure = config.browser.secure;
    // For all paths, so that over https no neighboring domain can put somebody else's departure into a browser.
    let departures = SealedCookies::new(seal, "microsoft", "/", DEPARTURE_LASTS, secure);
    Ok(Arc::new(MicrosoftOAuth {
        microsoft,
        gate: Arc::clone(shared.gate),
        sign_in: SignIn::new(shared.sessions.clone()),
        delivery: Arc::clone(shared.delivery),
        connecting: shared.connecting.clone(),
        public_url: config.process.public_url.clone(),
        landing: Landing::new(config),
        departures: StateCookies::new(departures),
        once: Arc::new(shared.database.clone()),
        clock: Arc::clone(&parts.clock),
        entropy: Arc::clone(&parts.entropy),
    }))
}
