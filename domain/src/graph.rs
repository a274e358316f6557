//! Microsoft Graph, as every capability behind it sees it: pages that go on at Microsoft, and how it fails.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;

use crate::{access::OnBehalfOf, delegation::DelegationError};

type Source = Box<dyn std::error::Error + Send + Sync>;

/// Where a list goes on: path and query of a link that Microsoft gave, without its host. The host is pinned when the
/// link is taken and again when it is followed; in between the client carries it sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link(String);

impl Link {
    /// `text` is a path with a query. Whoever follows the link checks it once more.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Which page of a list at Microsoft is wanted.
#[derive(Clone, Debug)]
pub enum GraphPage {
    /// The first, with this many items at the most.
    First { limit: u16 },
    /// The one that a link leads to. Its size was decided with the first.
    Next(Link),
}

/// A page of a list at Microsoft. It may be empty and have a next one all the same.
#[derive(Debug)]
pub struct GraphItems<T> {
    pub items: Vec<T>,
    pub next: Option<Link>,
    /// On the last page of changes: where later changes will be.
    pub later: Option<Link>,
}

/// What Microsoft said when it refused; for the one who asks for help.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GraphReport {
    /// The status of the answer.
    pub status: u16,
    /// The most specific code of the error body, such as `activityLimitReached`.
    pub code: Option<String>,
    /// Microsoft's id of the request.
    pub request_id: Option<String>,
}

impl fmt::Display for GraphReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.code.as_deref().unwrap_or("no code");
        let id = self.request_id.as_deref().unwrap_or("none");
        write!(f, "{} ({code}), request {id}", self.status)
    }
}

/// Why Microsoft Graph or SharePoint did not give what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum GraphError {
    /// It does not exist, or the person may not know that it does.
    #[error("there is no such thing at Microsoft")]
    NotFound,
    /// The person may not.
    #[error("Microsoft denies the person access")]
    Denied,
    /// Nobody has let this service do so in the person's name, whatever the person may; this permission would be enough.
    #[error("the token lacks the permission {0}")]
    MissingPermission(&'static str),
    /// The part that is asked for lies outside of the file, which has `size` bytes.
    #[error("the range is outside of the file")]
    RangeNotSatisfiable { size: Option<u64> },
    /// The list of changes is too old to go on from there; it has to be read anew.
    #[error("the changes must be read anew")]
    ResyncRequired,
    /// Microsoft throttles, and it was not over in the time that a request may wait.
    #[error("Microsoft throttles: {report}")]
    Throttled { retry_after: Duration, report: GraphReport },
    /// As many downloads are under way as may be at once: of the person, or of their tenant. Nobody at Microsoft said
    /// so.
    #[error("too many downloads are under way")]
    TooManyDownloads,
    /// Microsoft cannot make sense of what is asked: an id that is none, words that cannot be searched for.
    #[error("Microsoft does not understand the request: {report}")]
    NotUnderstood { report: GraphReport },
    /// An answer that is an error, and none of the above.
    #[error("Microsoft answered {report}")]
    Refused { report: GraphReport, retry_after: Option<Duration> },
    #[error("Microsoft did not answer in time")]
    TimedOut,
    #[error("Microsoft could not be reached")]
    Unreachable(#[source] Source),
    /// An answer that is none: not JSON, too long, or a link that leads elsewhere.
    #[error("Microsoft gave an answer that cannot be used: {0}")]
    Unusable(&'static str),
    /// There is no token to ask with.
    #[error(transparent)]
    Delegation(#[from] DelegationError),
}

/// A person's picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Photo {
    /// `image/jpeg`, `image/png`, `image/gif` or `image/webp`.
    pub content_type: &'static str,
    pub bytes: Bytes,
}

/// What Microsoft Graph tells of the caller and of the caller's tenant.
#[async_trait]
pub trait People: Send + Sync {
    /// The caller's picture; `None` when there is none that could be shown. Remembered for a while. Whoever asks at once
    /// shares one question, and how it fails.
    async fn photo(&self, caller: &OnBehalfOf) -> Result<Option<Photo>, Arc<GraphError>>;

    /// The name of the caller's tenant; `None` for one that has none.
    async fn organization_name(&self, caller: &OnBehalfOf) -> Result<Option<String>, GraphError>;
}
