//! Lists by pages: `?limit=&cursor=`, answered with `nextCursor`.

use std::sync::Arc;

use domain::{
    access::{Authorized, Permission},
    graph::{GraphItems, GraphPage, Link},
    page::{CursorSeal, Page, PageRequest},
};
use poem_openapi::types::{ParseFromJSON, ToJSON, Type};

use super::respond::Listed;
use crate::error::ApiError;

/// One list: what its cursors belong to.
pub(crate) struct Listing {
    seal: Arc<dyn CursorSeal>,
    context: String,
}

/// Seals and opens the cursors of all lists.
#[derive(Clone)]
pub(crate) struct PageQuery {
    seal: Arc<dyn CursorSeal>,
}

impl PageQuery {
    pub(crate) fn new(seal: Arc<dyn CursorSeal>) -> Self {
        Self { seal }
    }

    /// The list of an operation, as its caller's organization has it, with these filters.
    pub(crate) fn of<P: Permission>(
        &self,
        operation: &str,
        caller: &Authorized<P>,
        filters: &str,
    ) -> Listing {
        let organization = caller.principal().organization().id;
        Listing { seal: Arc::clone(&self.seal), context: format!("{operation}\n{organization}\n{filters}") }
    }
}

impl PageQuery {
    /// The list of an operation that Microsoft keeps, as this caller sees it and nobody else: another one, of the same
    /// organization too, may be shown less.
    pub(crate) fn of_caller<P: Permission>(
        &self,
        operation: &str,
        caller: &Authorized<P>,
        filters: &str,
    ) -> Listing {
        let user = caller.principal().user().id;
        self.of(operation, caller, &format!("{user}\n{filters}"))
    }
}

impl Listing {
    /// The page that is asked for, of a list that Microsoft keeps. A cursor's page has the size of the first one.
    pub(crate) fn graph_page(&self, limit: Option<u16>, cursor: Option<&str>) -> Result<GraphPage, ApiError> {
        let Some(cursor) = cursor else {
            let limit = limit.unwrap_or(PageRequest::DEFAULT_LIMIT).clamp(1, PageRequest::MAX_LIMIT);
            return Ok(GraphPage::First { limit });
        };
        let link = self.seal.open_link(&self.context, cursor);
        link.map(GraphPage::Next)
            .ok_or_else(|| ApiError::invalid_field("cursor", "is not one that this list gave"))
    }

    /// The same on the wire.
    pub(crate) fn graph_listed<T, V>(&self, page: GraphItems<T>, view: impl FnMut(T) -> V) -> Listed<V>
    where
        V: Type + ParseFromJSON + ToJSON,
    {
        let next_cursor = page.next.map(|link| self.link(&link));
        Listed { data: page.items.into_iter().map(view).collect(), next_cursor }
    }

    /// A cursor that leads to a page that Microsoft keeps.
    pub(crate) fn link(&self, link: &Link) -> String {
        self.seal.seal_link(&self.context, link)
    }

    /// The page that is asked for. `limit` was checked against the document by the framework.
    pub(crate) fn page(&self, limit: Option<u16>, cursor: Option<&str>) -> Result<PageRequest, ApiError> {
        let limit = limit.unwrap_or(PageRequest::DEFAULT_LIMIT).clamp(1, PageRequest::MAX_LIMIT);
        let after = match cursor {
            Some(cursor) => {
                let position = self.seal.open(&self.context, cursor);
                Some(
                    position
                        .ok_or_else(|| ApiError::invalid_field("cursor", "is not one that this list gave"))?,
                )
            }
            None => None,
        };
        Ok(PageRequest { limit, after })
    }

    /// The page on the wire.
    pub(crate) fn listed<T, V>(&self, page: Page<T>, view: impl FnMut(T) -> V) -> Listed<V>
    where
        V: Type + ParseFromJSON + ToJSON,
    {
        let next_cursor = page.next.map(|position| self.seal.seal(&self.context, position));
        Listed { data: page.items.into_iter().map(view).collect(), next_cursor }
    }
}
