//! Connecting an account on the way through Microsoft: the same two endpoints, for somebody who is signed in here.
//!
//! The session's cookie may be `Strict`, so that it does not come along when Microsoft sends the browser back. So the
//! return is answered with a page of our own that leads to the same address once more, and that step must show the session
//! that the sealed departure names: a departure alone may have been planted, or left behind by whoever used the browser
//! before, and the account would become theirs.

use domain::{
    access::{Authenticated, AuthenticationError, Authorized},
    connections::{Arrived, ConnectingError, ConnectionError, Departing, Write},
    delegation::ClaimsChallenge,
    id::{ConnectionId, SessionId, TypedId},
    identity::MicrosoftArrival,
};
use poem::{Request, Response};
use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;

use super::{
    microsoft::{Departure, Intent, MicrosoftOAuth, PATH, Parameters, Wishes, redirect},
    page::Page,
    refusals::{not_begun_here, unavailable, unforeseen},
};
use crate::{auth::SessionCookies, context::RequestContext, error::ErrorCode};

/// What is kept of a departure to connect an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ConnectIntent {
    /// In which it began.
    session: Uuid,
    /// The connection that is to be mended, or completed.
    connection: Option<Uuid>,
    /// The second way, on which nothing but more permissions is to be had.
    is_completing: bool,
}

/// In the query of the step from a page of our own.
const STEP: &str = "here";

/// Which session a browser shows that came back.
enum Presence {
    Same,
    Another,
    Nobody,
}

/// What a start is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    connection: Option<ConnectionId>,
}

impl Wanted {
    /// `None` for a sign-in.
    pub(super) fn of(parameters: &Parameters) -> Result<Option<Self>, Page> {
        match (parameters.one("connection"), parameters.one("connect")) {
            (Some(id), _) => {
                let id = Uuid::try_parse(id).map_err(|_| no_such_connection())?;
                Ok(Some(Self { connection: Some(ConnectionId::from_uuid(id)) }))
            }
            (None, Some("true")) => Ok(Some(Self { connection: None })),
            (None, _) => Ok(None),
        }
    }
}

impl MicrosoftOAuth {
    /// Sends somebody who is signed in to Microsoft, to choose an account.
    pub(super) async fn start_connecting(
        &self,
        request: &Request,
        parameters: &Parameters,
        wanted: Wanted,
        return_to: String,
    ) -> Result<Response, Page> {
        let Some((session, caller)) = self.signed_in(request).await else {
            return self.sign_in_first(request, parameters);
        };
        let caller = authorized(caller, request)?;
        let departing = self.connecting.depart(&caller, wanted.connection).await;
        let Departing { scopes, login_hint, claims } = departing.map_err(|error| match error {
            ConnectionError::NotFound => no_such_connection(),
            ConnectionError::Store(error) => unavailable(&error),
        })?;
        let given = parameters.one("claims").map(ClaimsChallenge::parse_parameter).transpose();
        let given = given.map_err(|_| Page {
            title: "This link is not complete",
            text: "What Microsoft wants to see was lost on the way. Ask for a new link.",
            code: Some(ErrorCode::ValidationFailed),
            ..Page::default()
        })?;
        let claims = given.or(claims);
        let wishes = Wishes {
            scopes: &scopes,
            // Microsoft takes either a hint or the picker.
            prompt: login_hint.is_none().then_some("select_account"),
            max_age: None,
            login_hint: login_hint.as_deref(),
            domain_hint: None,
            claims: claims.as_ref().map(ClaimsChallenge::json),
        };
        let connection = wanted.connection.map(TypedId::uuid);
        let intent = ConnectIntent { session: session.uuid(), connection, is_completing: false };
        self.depart(request, Intent::Connect(intent), return_to, &wishes)
    }

    /// Whoever is signed in in this browser, and in which session.
    async fn signed_in(&self, request: &Request) -> Option<(SessionId, Authenticated)> {
        let caller = self.gate.authenticate(request).await.ok()?;
        let session = caller.principal().session()?.id;
        Some((session, caller))
    }

    /// To the sign-in and back here. On the way back the browser may hold the session's cookie back, since the way led over
    /// another site; a link on a page of our own brings it along.
    fn sign_in_first(&self, request: &Request, parameters: &Parameters) -> Result<Response, Page> {
        let here = |is_back: bool| {
            let mut url = self.public_url.clone();
            url.set_path(&format!("{PATH}/start"));
            url.set_query(request.uri().query());
            if is_back {
                url.query_pairs_mut().append_pair("back", "true");
            }
            String::from(url)
        };
        if parameters.one("back") == Some("true") {
            let again = here(false).replace("&back=true", "");
            return Err(Page {
                title: "Connect a Microsoft account",
                text: "You are signed in. Next you choose the account that is to be connected, at Microsoft.",
                next: Some(("Go on to Microsoft", again)),
                ..Page::default()
            });
        }
        let mut sign_in = self.public_url.clone();
        sign_in.set_path(&format!("{PATH}/start"));
        sign_in.query_pairs_mut().append_pair("return_to", &here(true));
        Ok(redirect(sign_in.as_str()))
    }

    /// Lets the browser go on that shows the session in which it began, and leads one that shows none to a step on which
    /// it does.
    pub(super) async fn check_presence(
        &self,
        request: &Request,
        parameters: &Parameters,
        intent: ConnectIntent,
    ) -> Result<(), Page> {
        match self.presence(request, SessionId::from_uuid(intent.session)).await {
            Presence::Same => Ok(()),
            Presence::Another => {
                tracing::warn!("an account came back to another session than it left");
                Err(not_begun_here())
            }
            Presence::Nobody if parameters.one(STEP).is_some() => Err(session_over()),
            Presence::Nobody => Err(self.step(request)),
        }
    }

    async fn presence(&self, request: &Request, session: SessionId) -> Presence {
        let headers = request.headers();
        if let Some(token) = self.gate.cookies.access(headers)
            && let Ok(shown) = self.gate.authentication.session(token).await
        {
            let is_same = shown.principal().session().is_some_and(|shown| shown.id == session);
            return if is_same { Presence::Same } else { Presence::Another };
        }
        // The access token may have ended on the way. The value against forgery is of the session, too, and lasts longer.
        match SessionCookies::csrf(headers) {
            Some(value) if self.delivery.csrf.is_of(session, value) => Presence::Same,
            Some(_) => Presence::Another,
            None => Presence::Nobody,
        }
    }

    /// To the same address, from a page of our own.
    fn step(&self, request: &Request) -> Page {
        let mut again = self.public_url.clone();
        again.set_path(&format!("{PATH}/callback"));
        again.set_query(request.uri().query());
        again.query_pairs_mut().append_pair(STEP, "true");
        Page {
            title: "Connecting your Microsoft account",
            text: "One moment. If nothing happens, go on by the link.",
            next: Some(("Go on", again.into())),
            is_passing: true,
            ..Page::default()
        }
    }

    /// Keeps what the account gave, for the session in which it began.
    pub(super) async fn connect(
        &self,
        request: &Request,
        departure: &Departure,
        intent: ConnectIntent,
        arrival: MicrosoftArrival,
    ) -> Result<Response, Page> {
        let session = SessionId::from_uuid(intent.session);
        let caller = self.gate.authentication.resumed(session).await.map_err(|error| match error {
            AuthenticationError::Store(error) => unavailable(&error),
            AuthenticationError::Rejected(_)
            | AuthenticationError::TenantNotOnboarded { .. }
            | AuthenticationError::OrganizationDeleted
            | AuthenticationError::OrganizationSuspended
            | AuthenticationError::UserDisabled
            | AuthenticationError::ApiKey { .. }
            | AuthenticationError::SessionRevoked
            | AuthenticationError::Unavailable { .. } => session_over(),
        })?;
        let caller = authorized(caller, request)?;
        let reconnects = intent.connection.map(ConnectionId::from_uuid);
        let connected = self.connecting.arrive(&caller, Arrived { arrival, reconnects, device: None }).await;
        let connected = connected.map_err(|error| not_kept(&error))?;
        let id = connected.connection.id.uuid();
        match connected.more.filter(|_| !intent.is_completing) {
            Some(more) => {
                let wishes = Wishes {
                    scopes: &more.scopes,
                    login_hint: more.login_hint.as_deref(),
                    ..Wishes::default()
                };
                let completing = ConnectIntent { connection: Some(id), is_completing: true, ..intent };
                self.depart(request, Intent::Connect(completing), departure.return_to.clone(), &wishes)
            }
            None => Ok(redirect(&landing(&departure.return_to, id))),
        }
    }

    /// Microsoft gave nothing. Where only more permissions were to be had, the connection works without them.
    pub(super) fn not_connected(
        &self,
        departure: &Departure,
        intent: ConnectIntent,
        page: Page,
    ) -> Result<Response, Page> {
        if let (true, Some(id)) = (intent.is_completing, intent.connection) {
            return Ok(redirect(&landing(&departure.return_to, id)));
        }
        let mut again = self.public_url.clone();
        again.set_path(&format!("{PATH}/start"));
        match intent.connection {
            Some(id) => again.query_pairs_mut().append_pair("connection", &id.to_string()),
            None => again.query_pairs_mut().append_pair("connect", "true"),
        };
        again.query_pairs_mut().append_pair("return_to", &departure.return_to);
        Err(Page { next: Some(("Try again", again.into())), ..page })
    }
}

/// Where the person goes, with the connection's id.
fn landing(return_to: &str, id: Uuid) -> String {
    let Ok(mut url) = Url::parse(return_to) else { return return_to.to_owned() };
    // The page may have been landed on before.
    let others: Vec<(String, String)> =
        url.query_pairs().into_owned().filter(|(name, _)| name != "connection").collect();
    url.query_pairs_mut().clear().extend_pairs(others).append_pair("connection", &id.to_string());
    url.into()
}

fn authorized(caller: Authenticated, request: &Request) -> Result<Authorized<Write>, Page> {
    caller.authorize::<Write>(RequestContext::origin(request)).map_err(|_| Page {
        title: "You cannot connect accounts",
        text: "Your role in the organization does not allow it. Ask an administrator.",
        code: Some(ErrorCode::Forbidden),
        ..Page::default()
    })
}

fn no_such_connection() -> Page {
    Page {
        title: "There is no such connection",
        text: "It was deleted, or it is not yours. Ask for a new link, or connect the account anew.",
        code: Some(ErrorCode::NotFound),
        ..Page::default()
    }
}

fn session_over() -> Page {
    Page {
        title: "Your session has ended",
        text: "Nothing was connected. Sign in here again and begin anew.",
        next: Some(("Sign in", format!("{PATH}/start"))),
        code: Some(ErrorCode::SessionRevoked),
        ..Page::default()
    }
}

fn not_kept(error: &ConnectingError) -> Page {
    match error {
        ConnectingError::NotFound => no_such_connection(),
        ConnectingError::AnotherAccount { wanted } => {
            tracing::info!("a reconnect came back as another account");
            Page {
                title: "That was another account",
                text: "The connection is of the account named below, and nothing was changed. Open the link again and \
                       sign in with that one; another account is connected as a new connection.",
                code: Some(ErrorCode::Conflict),
                details: wanted.clone().unwrap_or_default(),
                ..Page::default()
            }
        }
        ConnectingError::TenantNotAllowed => Page {
            title: "This account cannot be connected here",
            text: "The service does not take accounts of this kind or of this organization.",
            code: Some(ErrorCode::Forbidden),
            ..Page::default()
        },
        ConnectingError::NoGrant => Page {
            title: "Microsoft gave no lasting access",
            text: "Without it nothing can be kept. Try again; if it stays so, show the line below to whoever runs this \
                   service.",
            code: Some(ErrorCode::OauthTokenExchangeFailed),
            ..Page::default()
        },
        ConnectingError::Unavailable { .. } => unavailable(error),
        ConnectingError::Seal(error) => unforeseen(error),
        ConnectingError::Store(error) => unavailable(error),
    }
}
