//! The steps that a browser takes: to Microsoft's page and back.

use std::{collections::HashMap, sync::Arc};

use domain::{
    access::{Identified, TenantSelector},
    clock::Clock,
    organizations::onboarding::{
        Answer, ConfirmError, LinkError, Onboarding, OrganizationState, Progress, Redirect, Start,
    },
    sealed_text::TextSeal,
};
use poem::{
    Endpoint, IntoResponse, Request, Response, get,
    http::{HeaderValue, StatusCode, header},
    post,
    web::Json,
};
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

use super::{
    cookie::{Way, WayCookie},
    pages::{Page, STYLE},
    return_to::ReturnTo,
    words::{self, Words},
};
use crate::{
    context::RequestContext,
    error::{ApiError, ErrorCode},
    routes::Beside,
};

const START: &str = "/api/onboarding/start";
const PROGRESS: &str = "/api/onboarding/progress";

/// What the steps need.
pub(crate) struct Browser {
    onboarding: Onboarding,
    cookie: WayCookie,
    clock: Arc<dyn Clock>,
    settings: Settings,
}

/// Where Microsoft's page is, and where people may be sent.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) authority_host: Url,
    pub(crate) authority_tenant: TenantSelector,
    pub(crate) client_id: Uuid,
    pub(crate) scope: String,
    pub(crate) public_url: Url,
    pub(crate) origins: Vec<String>,
}

impl Browser {
    pub(crate) fn new(
        onboarding: Onboarding,
        seal: Arc<dyn TextSeal>,
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Self {
        Self { onboarding, cookie: WayCookie::new(seal, &settings.public_url), clock, settings }
    }

    /// `/{tenant|organizations}/v2.0/adminconsent` (Microsoft identity platform, "Admin consent protocols").
    fn consent_page(&self, tenant: Option<Uuid>, state: &str) -> Result<Url, ApiError> {
        let settings = &self.settings;
        let segment = match (tenant, &settings.authority_tenant) {
            (Some(tenant), _) => tenant.to_string(),
            (None, single @ (TenantSelector::Tenant(_) | TenantSelector::Domain(_))) => single.to_string(),
            // The page knows neither `common` nor `consumers`.
            (None, TenantSelector::Common | TenantSelector::Organizations | TenantSelector::Consumers) => {
                "organizations".to_owned()
            }
        };
        let mut url = settings
            .authority_host
            .join(&format!("/{segment}/v2.0/adminconsent"))
            .map_err(|error| ApiError::internal(error.to_string()))?;
        let public_url = settings.public_url.as_str().trim_end_matches('/');
        url.query_pairs_mut()
            .append_pair("client_id", &settings.client_id.to_string())
            .append_pair("scope", &settings.scope)
            .append_pair("redirect_uri", &format!("{public_url}/api/onboarding/callback"))
            .append_pair("state", state);
        Ok(url)
    }

    async fn start(&self, request: &Request) -> Result<Response, ApiError> {
        let query = query(request);
        let return_to = match query.get("return_to") {
            Some(text) => {
                Some(ReturnTo::parse(text, &self.settings.public_url, &self.settings.origins).ok_or_else(
                    || {
                        ApiError::invalid_field(
                            "return_to",
                            "is neither a path of this service nor at a known origin",
                        )
                    },
                )?)
            }
            None => None,
        };
        let tenant = match query.get("tenant") {
            Some(text) => {
                Some(text.parse().map_err(|_| ApiError::invalid_field("tenant", "is not a tenant's id"))?)
            }
            None => None,
        };
        let initiator = match bearer(request) {
            Some(_) => Some(identify(request).await?),
            None => None,
        };
        let start = Start {
            tenant,
            invitation: query.get("invitation").map(String::as_str),
            initiator: initiator.as_ref(),
        };
        let started = match self.onboarding.start(&start).await {
            Ok(started) => started,
            Err(LinkError::Store(error)) => return Err(error.into()),
            Err(LinkError::InvitationEnded) => return Self::refused(request, &words::INVITATION_ENDED),
            Err(LinkError::OtherTenant) => return Self::refused(request, &words::OTHER_TENANT),
        };
        let url = self.consent_page(started.tenant, &started.state)?;
        let mut response = if wants_page(request) {
            redirect(StatusCode::FOUND, url.as_str())
        } else {
            Json(json!({ "data": { "url": url, "expiresAt": started.expires_at } })).into_response()
        };
        let way = Way { browser: started.browser, return_to };
        let given = self.cookie.give(response.headers_mut(), &way, self.clock.now());
        given.map_err(|error| ApiError::internal(error.to_string()))?;
        Ok(response)
    }

    async fn callback(&self, request: &Request) -> Result<Response, ApiError> {
        let mut query = query(request);
        let redirect_back = Redirect {
            state: query.remove("state"),
            tenant: query.remove("tenant"),
            scope: query.remove("scope"),
            error: query.remove("error"),
            error_description: query.remove("error_description"),
        };
        let way = self.cookie.read(request, self.clock.now());
        let browser = way.as_ref().map(|way| way.browser.as_str());
        let progress =
            self.onboarding.callback(&redirect_back, browser, &RequestContext::origin(request)).await?;
        match progress {
            None => Self::refused(request, &words::INVALID),
            // Away from the address with the state, so that loading the page again looks and does nothing.
            Some(_) if wants_page(request) => Ok(redirect(StatusCode::SEE_OTHER, PROGRESS)),
            Some(progress) => Ok(shown(&progress)),
        }
    }

    async fn progress(&self, request: &Request) -> Result<Response, ApiError> {
        let Some(way) = self.cookie.read(request, self.clock.now()) else {
            return Self::refused(request, &words::INVALID);
        };
        let Some(progress) = self.onboarding.progress(&way.browser, &RequestContext::origin(request)).await?
        else {
            return Self::refused(request, &words::INVALID);
        };
        if !wants_page(request) {
            return Ok(shown(&progress));
        }
        let page = Page {
            words: &words::of(&progress),
            progress: Some(&progress),
            return_to: way.return_to.as_ref(),
            start: START,
            is_waiting: progress.answer == Answer::Verifying,
        };
        Ok(page.response(StatusCode::OK))
    }

    /// The other proof: an administrator's own token.
    async fn confirm(&self, request: &Request) -> Result<Response, ApiError> {
        let administrator = identify(request).await?;
        match self.onboarding.confirm(&administrator, &RequestContext::origin(request)).await {
            Ok(state) => Ok(Json(json!({ "data": { "state": state.as_str() } })).into_response()),
            Err(error) => Err(error.into()),
        }
    }

    fn refused(request: &Request, words: &Words) -> Result<Response, ApiError> {
        if !wants_page(request) {
            return Err(ApiError::new(ErrorCode::OnboardingLinkInvalid, words.title));
        }
        let page = Page { words, progress: None, return_to: None, start: START, is_waiting: false };
        Ok(page.response(StatusCode::BAD_REQUEST))
    }
}

impl From<ConfirmError> for ApiError {
    fn from(error: ConfirmError) -> Self {
        match error {
            ConfirmError::NotAdministrator => Self::new(
                ErrorCode::Forbidden,
                "Only an administrator of your Microsoft 365 organization can connect it",
            ),
            ConfirmError::Personal => Self::conflict("A personal account has no organization to connect"),
            ConfirmError::Suspended => {
                Self::new(ErrorCode::OrganizationSuspended, "Your organization is suspended")
            }
            ConfirmError::Deleted => {
                Self::new(ErrorCode::OrganizationDeleted, "Your organization is deleted")
            }
            ConfirmError::Store(error) => error.into(),
        }
    }
}

/// Where somebody stands, as JSON.
fn shown(progress: &Progress) -> Response {
    let Words { title, text, next_step, may_retry } = words::of(progress);
    let missing: Vec<Value> = progress
        .missing
        .iter()
        .map(|permission| json!({ "name": permission.as_str(), "meaning": permission.meaning() }))
        .collect();
    let view = json!({ "data": {
        "outcome": progress.answer.as_str(),
        "state": progress.state.map(OrganizationState::as_str),
        "organization": progress.name,
        "title": title,
        "text": text,
        "nextStep": next_step,
        "startUrl": may_retry.then_some(START),
        "missing": missing,
    } });
    Json(view).into_response()
}

fn redirect(status: StatusCode, to: &str) -> Response {
    let mut response = Response::builder().status(status).finish();
    if let Ok(to) = HeaderValue::from_str(to) {
        response.headers_mut().insert(header::LOCATION, to);
    }
    response
}

/// The first of each name counts, as for everything that reads an address.
fn query(request: &Request) -> HashMap<String, String> {
    let mut query = HashMap::new();
    for (name, value) in url::form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()) {
        query.entry(name.into_owned()).or_insert_with(|| value.into_owned());
    }
    query
}

/// A browser says that it takes HTML; a client that does not gets JSON.
fn wants_page(request: &Request) -> bool {
    let accepted = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accepted.is_some_and(|accepted| accepted.contains("text/html"))
}

fn bearer(request: &Request) -> Option<&HeaderValue> {
    request.headers().get(header::AUTHORIZATION)
}

async fn identify(request: &Request) -> Result<Identified, ApiError> {
    RequestContext::services(request)?.gate.identify(request).await
}

/// A step, as the router wants it.
struct Step {
    browser: Arc<Browser>,
    which: Which,
}

#[derive(Clone, Copy)]
enum Which {
    Start,
    Callback,
    Progress,
    Confirm,
}

impl Endpoint for Step {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let answer = match self.which {
            Which::Start => self.browser.start(&request).await,
            Which::Callback => self.browser.callback(&request).await,
            Which::Progress => self.browser.progress(&request).await,
            Which::Confirm => self.browser.confirm(&request).await,
        };
        Ok(answer?)
    }
}

/// Adds the steps to the routes.
pub(crate) fn mount(routes: Beside, browser: Browser) -> Beside {
    let browser = Arc::new(browser);
    let step = |which| Step { browser: Arc::clone(&browser), which };
    routes
        .at(START, get(step(Which::Start)))
        .at("/api/onboarding/callback", get(step(Which::Callback)))
        .at(PROGRESS, get(step(Which::Progress)))
        .at("/api/onboarding/confirm", post(step(Which::Confirm)))
        .at("/api/onboarding/page.css", get(Style))
}

struct Style;

impl Endpoint for Style {
    type Output = Response;

    async fn call(&self, _request: Request) -> poem::Result<Response> {
        Ok(Response::builder()
            .content_type("text/css; charset=utf-8")
            .header(header::CACHE_CONTROL, "public, max-age=3600")
            .body(STYLE))
    }
}
