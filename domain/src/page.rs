//! Pages of a list, by keyset: newest first, each page after the last id of the one before.

use uuid::Uuid;

use crate::graph::Link;

/// Which page is wanted.
#[derive(Clone, Copy, Debug)]
pub struct PageRequest {
    /// How many items at the most, 1 to 200.
    pub limit: u16,
    /// The id after which the page begins; `None` for the first page.
    pub after: Option<Uuid>,
}

impl PageRequest {
    /// The most items that one page may have.
    pub const MAX_LIMIT: u16 = 200;
    /// How many items a page has when nothing is said.
    pub const DEFAULT_LIMIT: u16 = 50;
}

/// A page of a list.
#[derive(Debug)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// The id after which the next page begins; `None` when this is the last.
    pub next: Option<Uuid>,
}

impl<T> Page<T> {
    /// Makes a page of rows that were read with one more than the limit: the surplus row only tells that there is
    /// a next page.
    pub fn from_surplus(mut items: Vec<T>, limit: u16, id: impl Fn(&T) -> Uuid) -> Self {
        let more = items.len() > usize::from(limit);
        items.truncate(usize::from(limit));
        let next = if more { items.last().map(id) } else { None };
        Self { items, next }
    }

    /// The same page of something that not every item can be made into.
    pub fn try_map<U, E>(self, f: impl FnMut(T) -> Result<U, E>) -> Result<Page<U>, E> {
        let items = self.items.into_iter().map(f).collect::<Result<_, _>>()?;
        Ok(Page { items, next: self.next })
    }

    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(f).collect(), next: self.next }
    }
}

/// Seals positions in a list, so that a client can carry one but neither read, forge nor use it elsewhere.
pub trait CursorSeal: Send + Sync {
    /// Seals a position. `context` names what the cursor belongs to: operation, organization, filters and order.
    fn seal(&self, context: &str, position: Uuid) -> String;

    /// Opens a cursor; `None` when it was not sealed here for the same context.
    fn open(&self, context: &str, cursor: &str) -> Option<Uuid>;

    /// Seals where a list goes on that somebody else keeps.
    fn seal_link(&self, context: &str, link: &Link) -> String;

    /// Opens such a cursor; `None` when it was not sealed here for the same context.
    fn open_link(&self, context: &str, cursor: &str) -> Option<Link>;
}
