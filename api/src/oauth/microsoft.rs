//! `/api/oauth/microsoft`: a browser goes to Microsoft and comes back with who somebody is.
//!
//! What is kept of a departure (state, nonce, PKCE verifier, and what it is for) is sealed in a cookie of the browser
//! that departs, so a code that somebody else brings, or brings elsewhere, is worth nothing; that it comes back once
//! only is remembered in the database.
//!
//! The two endpoints serve more than signing in: an [`Intent`] says what becomes of whoever comes back.

use std::{sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use domain::{
    access::{AuthenticationError, SessionError},
    clock::Clock,
    connections::Connecting,
    entropy::Entropy,
    identity::{
        AuthorizationRequest, Device, IssuedTokens, MicrosoftArrival, MicrosoftSignIn, Outcome, Redemption,
        SignIn,
    },
    once::Once,
};
use poem::{
    Endpoint, Request, Response,
    http::{HeaderMap, HeaderValue, StatusCode, header},
};
use serde::{Deserialize, Serialize};
use url::{Url, form_urlencoded};

use super::{
    Landing,
    connect::{ConnectIntent, Wanted},
    page::Page,
    refusals::{
        again, not_admitted, not_begun_here, not_configured, not_redeemed, refused_at_microsoft, too_often,
        unavailable, unforeseen,
    },
};
use crate::{
    auth::Gate, compression::NotCompressed, context::RequestContext, error::ErrorCode, http::StateCookies,
    identity::Delivery, rate_limit,
};

/// Where both endpoints are.
pub(crate) const PATH: &str = "/api/oauth/microsoft";
/// How long a person may take at Microsoft.
pub(crate) const LASTS: TimeDelta = TimeDelta::minutes(10);
/// What states are spent as.
const PURPOSE: &str = "microsoft-state";
/// The longest hint or challenge that is passed on, in bytes.
const LONGEST: usize = 2_048;

/// What a departure is for; all of them get a [`MicrosoftArrival`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Intent {
    SignIn,
    /// Connecting an account, begun in a session.
    Connect(ConnectIntent),
}

/// What is kept of a departure.
#[derive(Deserialize, Serialize)]
pub(super) struct Departure {
    pub(super) intent: Intent,
    nonce: String,
    verifier: String,
    /// In seconds.
    #[serde(default)]
    max_age: Option<u32>,
    /// Judged already.
    pub(super) return_to: String,
}

/// What Microsoft is asked for besides.
#[derive(Default)]
pub(super) struct Wishes<'a> {
    pub(super) scopes: &'a [String],
    pub(super) prompt: Option<&'a str>,
    /// In seconds.
    pub(super) max_age: Option<u32>,
    pub(super) login_hint: Option<&'a str>,
    pub(super) domain_hint: Option<&'a str>,
    pub(super) claims: Option<&'a str>,
}

impl Departure {
    fn max_age(&self) -> Option<Duration> {
        self.max_age.map(|seconds| Duration::from_secs(seconds.into()))
    }
}

/// What both endpoints need.
pub(crate) struct MicrosoftOAuth {
    /// `None` without a client secret.
    pub microsoft: Option<Arc<dyn MicrosoftSignIn>>,
    pub gate: Arc<Gate>,
    pub sign_in: SignIn,
    pub delivery: Arc<Delivery>,
    pub connecting: Connecting,
    /// The service's own address.
    pub public_url: Url,
    pub landing: Landing,
    pub departures: StateCookies,
    pub once: Arc<dyn Once>,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
}

/// `GET start`.
pub(crate) struct Start(pub Arc<MicrosoftOAuth>);

/// `GET callback`.
pub(crate) struct Callback(pub Arc<MicrosoftOAuth>);

/// The parameters of a request; `None` where one that counts is there twice.
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    fn of(request: &Request) -> Self {
        let query = request.uri().query().unwrap_or_default();
        Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// The one of the name; `None` where there is none or more than one.
    pub(super) fn one(&self, name: &str) -> Option<&str> {
        let mut found = self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let value = found.next().filter(|value| !value.is_empty());
        if found.next().is_some() { None } else { value }
    }

    /// What is passed on to Microsoft as it is.
    pub(super) fn passed_on(&self, name: &str) -> Option<&str> {
        self.one(name).filter(|text| text.len() <= LONGEST && !text.contains(char::is_control))
    }
}

impl MicrosoftOAuth {
    fn secret(&self) -> String {
        let mut bytes = [0_u8; 32];
        self.entropy.fill(&mut bytes);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    async fn start(&self, request: &Request) -> Result<Response, Page> {
        if self.microsoft.is_none() {
            return Err(not_configured());
        }
        let parameters = Parameters::of(request);
        let return_to = self.landing.of(parameters.one("return_to")).ok_or_else(|| Page {
            title: "That is not a place to return to",
            text: "The address that you came with leads to a site that does not belong to this service.",
            code: Some(ErrorCode::ValidationFailed),
            ..again(None)
        })?;
        if let Some(wanted) = Wanted::of(&parameters)? {
            return self.start_connecting(request, &parameters, wanted, return_to.into()).await;
        }
        let prompt =
            parameters.one("prompt").filter(|word| matches!(*word, "login" | "select_account" | "consent"));
        // Microsoft takes either a hint or the picker (Microsoft identity platform, "authorization code flow").
        let login_hint = parameters.passed_on("login_hint").filter(|_| prompt != Some("select_account"));
        let max_age = parameters.one("max_age").and_then(|text| text.parse::<u32>().ok());
        let wishes = Wishes {
            scopes: &[],
            prompt,
            max_age,
            login_hint,
            domain_hint: parameters.passed_on("domain_hint"),
            claims: parameters.passed_on("claims"),
        };
        self.depart(request, Intent::SignIn, return_to.into(), &wishes)
    }

    /// Sends a browser to Microsoft; what it takes to understand its return stays with it, sealed.
    pub(super) fn depart(
        &self,
        request: &Request,
        intent: Intent,
        return_to: String,
        wishes: &Wishes<'_>,
    ) -> Result<Response, Page> {
        let Some(microsoft) = &self.microsoft else { return Err(not_configured()) };
        let (nonce, verifier) = (self.secret(), self.secret());
        let departure = Departure { intent, nonce, verifier, max_age: wishes.max_age, return_to };
        let state = self.secret();
        let address = microsoft.authorization_url(&AuthorizationRequest {
            state: &state,
            nonce: &departure.nonce,
            verifier: &departure.verifier,
            scopes: wishes.scopes,
            prompt: wishes.prompt,
            max_age: departure.max_age(),
            login_hint: wishes.login_hint,
            domain_hint: wishes.domain_hint,
            claims: wishes.claims,
        });
        let mut response = redirect(&address);
        let now = self.clock.now();
        let kept = self.departures.keep(request.headers(), response.headers_mut(), &state, now, &departure);
        kept.map_err(|error| unforeseen(&error))?;
        Ok(response)
    }

    async fn callback(&self, request: &Request, headers: &mut HeaderMap) -> Result<Response, Page> {
        let Some(microsoft) = &self.microsoft else { return Err(not_configured()) };
        let parameters = Parameters::of(request);
        let state = parameters.one("state").ok_or_else(not_begun_here)?;
        let found = self.departures.find::<Departure>(request.headers(), state, self.clock.now());
        let (departure, ends) = found.ok_or_else(not_begun_here)?;
        if let (Intent::Connect(intent), None) = (departure.intent, parameters.one("error")) {
            self.check_presence(request, &parameters, intent).await?;
        }
        self.departures.forget(headers, state);
        let is_first = self.once.spend(PURPOSE, state, ends).await.map_err(|error| unavailable(&error))?;
        if !is_first {
            return Err(not_begun_here());
        }
        if let Some(error) = parameters.one("error") {
            let page = refused_at_microsoft(&departure.return_to, error, parameters.one("error_description"));
            return self.refused(&departure, page);
        }
        let code = parameters.one("code").ok_or_else(not_begun_here)?;
        let scopes: &[String] = match departure.intent {
            Intent::SignIn => &[],
            Intent::Connect(_) => self.connecting.redeemed_scopes(),
        };
        let Departure { verifier, nonce, .. } = &departure;
        let redemption = Redemption { code, verifier, nonce, max_age: departure.max_age(), scopes };
        let arrival = match microsoft.redeem(redemption).await {
            Ok(arrival) => arrival,
            Err(error) => return self.refused(&departure, not_redeemed(&departure.return_to, &error)),
        };
        match departure.intent {
            Intent::SignIn => self.sign_in(request, &departure, arrival).await,
            Intent::Connect(intent) => self.connect(request, &departure, intent, arrival).await,
        }
    }

    /// Microsoft gave nothing.
    fn refused(&self, departure: &Departure, page: Page) -> Result<Response, Page> {
        match departure.intent {
            Intent::SignIn => Err(page),
            Intent::Connect(intent) => self.not_connected(departure, intent, page),
        }
    }

    async fn sign_in(
        &self,
        request: &Request,
        departure: &Departure,
        arrival: MicrosoftArrival,
    ) -> Result<Response, Page> {
        let origin = RequestContext::origin(request);
        let refused =
            |error: &AuthenticationError| not_admitted(&departure.return_to, &self.gate.consent_url, error);
        let proven = self.gate.authentication.microsoft(&arrival.identity, &origin).await;
        let proven = proven.map_err(|error| refused(&error))?;
        let limited = rate_limit::take_auth_subject(request, proven.account_id()).await;
        limited.map_err(|error| too_often(&error))?;
        let user_agent = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        let device = Device::new(user_agent, origin.ip);
        let outcome = self.sign_in.complete(proven, device).await.map_err(|error| match error {
            SessionError::TenantNotOnboarded { tenant } => {
                refused(&AuthenticationError::TenantNotOnboarded { tenant })
            }
            SessionError::OrganizationSuspended => refused(&AuthenticationError::OrganizationSuspended),
            SessionError::OrganizationDeleted => refused(&AuthenticationError::OrganizationDeleted),
            SessionError::UserDisabled => refused(&AuthenticationError::UserDisabled),
            SessionError::Store(error) => unavailable(&error),
            error @ (SessionError::Signing(_)
            | SessionError::InvalidRefreshToken
            | SessionError::Revoked
            | SessionError::NotFound) => unforeseen(&error),
        })?;
        match outcome {
            Outcome::SignedIn(issued) => Ok(self.land(departure, &issued)),
        }
    }

    fn land(&self, departure: &Departure, issued: &IssuedTokens) -> Response {
        let mut response = redirect(&departure.return_to);
        self.delivery.give_cookies(response.headers_mut(), issued);
        response.extensions_mut().insert(NotCompressed);
        response
    }
}

/// `303`, which is always followed with `GET` (RFC 9110 §15.4.4).
pub(super) fn redirect(address: &str) -> Response {
    let mut response = Response::builder().status(StatusCode::SEE_OTHER).finish();
    if let Ok(address) = HeaderValue::from_str(address) {
        response.headers_mut().insert(header::LOCATION, address);
    }
    response
}

fn shown(request: &Request, page: Page) -> Response {
    page.into_response(&RequestContext::origin(request).request_id)
}

impl Endpoint for Start {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let started = match rate_limit::take_auth_address(&request).await {
            Ok(()) => Box::pin(self.0.start(&request)).await,
            Err(error) => Err(too_often(&error)),
        };
        Ok(started.unwrap_or_else(|page| shown(&request, page)))
    }
}

impl Endpoint for Callback {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let mut headers = HeaderMap::new();
        let answer = Box::pin(self.0.callback(&request, &mut headers)).await;
        let mut response = answer.unwrap_or_else(|page| shown(&request, page));
        for (name, value) in &headers {
            response.headers_mut().append(name, value.clone());
        }
        Ok(response)
    }
}
