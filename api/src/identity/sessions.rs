//! `/api/auth/sessions`: where somebody is signed in; and the value that changes by cookie need.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{
    access::{AccountScope, Sessions, SignedIn},
    id::{OrgId, SessionId},
    identity::{EndReason, Session},
    page::Page,
    store::Store,
};
use poem::Request;
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
    payload::Json,
};

use super::{Delivery, delivery::CsrfValue};
use crate::{
    auth::Caller,
    error::ApiError,
    http::{Data, Listed, NoContent, PageQuery},
    id::Id,
    openapi::Tag,
};

/// A browser or a program in which the caller is signed in.
#[derive(Debug, Object)]
#[oai(rename = "Session", rename_all = "camelCase")]
struct SessionView {
    /// What it is ended by. It is no secret.
    session_handle: Id<SessionId>,
    /// The organization in which it is active.
    tenant_id: Id<OrgId>,
    /// How it began: `microsoft`.
    login_provider: String,
    created_at: DateTime<Utc>,
    /// Unless it is refreshed before.
    expires_at: DateTime<Utc>,
    /// When it was last refreshed.
    last_active_at: DateTime<Utc>,
    /// As the browser or program called itself.
    user_agent: Option<String>,
    /// Where it was begun.
    ip_address: Option<String>,
    /// It is the one that this request came with.
    current: bool,
}

impl SessionView {
    fn of(session: Session, current: Option<SessionId>) -> Self {
        Self {
            session_handle: Id(session.id),
            tenant_id: Id(session.org_id),
            login_provider: session.method.as_str().to_owned(),
            created_at: session.created_at,
            expires_at: session.expires_at,
            last_active_at: session.last_active_at,
            user_agent: session.device.user_agent,
            ip_address: session.device.ip.map(|ip| ip.to_string()),
            current: current == Some(session.id),
        }
    }
}

/// How many sessions were ended.
#[derive(Debug, Object)]
struct EndedSessions {
    ended: u32,
}

/// The caller's sessions.
pub(crate) struct SessionsApi {
    pub store: Arc<dyn Store>,
    pub sessions: Sessions,
    pub delivery: Arc<Delivery>,
    pub pages: PageQuery,
}

fn current(caller: &Caller<SignedIn>) -> Option<SessionId> {
    caller.principal().session().map(|session| session.id)
}

fn account(caller: &Caller<SignedIn>) -> Option<AccountScope> {
    caller.account()
}

#[OpenApi(tag = "Tag::Identity")]
impl SessionsApi {
    /// List the caller's sessions
    ///
    /// Where the caller is signed in, newest first. Empty for an application, and for a person who calls with tokens of
    /// Entra's and has never signed in here.
    #[oai(path = "/api/auth/sessions", method = "get", operation_id = "listSessions")]
    async fn list(
        &self,
        caller: Caller<SignedIn>,
        /// How many at the most; 50 if absent.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u16>>,
        /// `nextCursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<Listed<SessionView>>, ApiError> {
        let account = account(&caller);
        let of_account = account.as_ref().map(|account| account.account_id().to_string()).unwrap_or_default();
        let listing = self.pages.of("listSessions", &caller, &of_account);
        let page = listing.page(limit.0, cursor.0.as_deref())?;
        let sessions = match &account {
            Some(account) => self.store.read_account(account).await?.sessions().list(page).await?,
            None => Page { items: Vec::new(), next: None },
        };
        let current = current(&caller);
        Ok(Json(listing.listed(sessions, |session| SessionView::of(session, current))))
    }

    /// End a session
    ///
    /// It is refused from now on, on every replica, whatever token of it is sent. It may be the one of this request.
    #[oai(path = "/api/auth/sessions/:sessionId", method = "delete", operation_id = "endSession")]
    async fn end(
        &self,
        caller: Caller<SignedIn>,
        #[oai(name = "sessionId")] id: Path<Id<SessionId>>,
    ) -> Result<NoContent, ApiError> {
        let account = account(&caller).ok_or_else(ApiError::not_found)?;
        self.sessions.end(&account, id.0.0, EndReason::Revoked).await?;
        Ok(NoContent)
    }

    /// End all sessions
    ///
    /// All of the caller's but the one of this request; with `includeCurrent`, that one too.
    #[oai(path = "/api/auth/sessions", method = "delete", operation_id = "endSessions")]
    async fn end_all(
        &self,
        caller: Caller<SignedIn>,
        /// Ends the session of this request, too.
        #[oai(name = "includeCurrent")]
        include_current: Query<Option<bool>>,
    ) -> Result<Json<Data<EndedSessions>>, ApiError> {
        let but = current(&caller).filter(|_| include_current.0 != Some(true));
        let ended = match account(&caller) {
            Some(account) => self.sessions.end_all(&account, but).await?,
            None => 0,
        };
        Ok(Json(Data { data: EndedSessions { ended: u32::try_from(ended).unwrap_or(u32::MAX) } }))
    }

    /// Get a CSRF token
    ///
    /// For a page on another site than the service, which cannot read the `csrf-token` cookie: the value of that cookie,
    /// or a new one where there is none yet.
    #[oai(path = "/api/auth/csrf", method = "get", operation_id = "getCsrfToken")]
    async fn csrf(&self, caller: Caller<SignedIn>, request: &Request) -> CsrfValue {
        self.delivery.csrf_value(request, current(&caller))
    }
}
