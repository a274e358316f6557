//! What a request carries from the edge to whoever handles it.
//!
//! It is one thing in the request's extensions, since each costs an allocation and a place of its own there.

use std::sync::Arc;

use domain::access::{Origin, Principal};
use poem::{Request, http::Extensions};
use tracing::{Span, field};

use crate::{admin::AdminGate, auth::Gate, error::ApiError, http::BodySchemas, rate_limit::Meter};

/// What stands ready for every request.
pub(crate) struct Services {
    pub gate: Arc<Gate>,
    pub administration: Arc<AdminGate>,
    pub schemas: BodySchemas,
}

/// What is known of one request, and what stands ready for it.
pub(crate) struct RequestContext {
    pub origin: Origin,
    pub meter: Meter,
    /// Of its lines in the log.
    pub span: Span,
    pub services: Arc<Services>,
}

impl RequestContext {
    /// `None` for a request that did not come through the edge.
    pub(crate) fn of(request: &Request) -> Option<&Self> {
        Self::among(request.extensions())
    }

    pub(crate) fn among(extensions: &Extensions) -> Option<&Self> {
        extensions.get::<Arc<Self>>().map(Arc::as_ref)
    }

    /// What stands ready for a request.
    pub(crate) fn services(request: &Request) -> Result<&Services, ApiError> {
        let context = Self::of(request).ok_or_else(|| ApiError::internal("the edge is not mounted"))?;
        Ok(&context.services)
    }

    /// Where a request comes from.
    pub(crate) fn origin(request: &Request) -> Origin {
        Self::of(request).map(|context| context.origin.clone()).unwrap_or_default()
    }

    /// Notes in the log's lines of a request whose it is.
    pub(crate) fn note_caller(request: &Request, principal: &Principal) {
        let Some(context) = Self::of(request) else { return };
        context.span.record("org.id", field::display(principal.organization().id));
        context.span.record("user.id", field::display(principal.user().id));
    }
}
