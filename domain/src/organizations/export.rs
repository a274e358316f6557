//! All that an organization owns, for taking it along.

use async_trait::async_trait;
use serde_json::Value;
use uuid::Uuid;

use crate::store::StoreError;

/// A part of a row's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyPart {
    Id(Uuid),
    Text(String),
}

/// A place in a table: after the row with this key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportPosition(pub Vec<KeyPart>);

/// Some rows of a table, in the order of its key.
#[derive(Debug, Default)]
pub struct ExportPage {
    /// Each row as its columns by name. Secrets are not among them.
    pub rows: Vec<Value>,
    /// Where the next page begins; `None` when this is the last.
    pub next: Option<ExportPosition>,
}

/// What the organization owns, table by table. Each page is a reading of its own, so that a long export holds nothing
/// up; what changes meanwhile is seen by some pages and not by others.
#[async_trait]
pub trait ExportReader: Send + Sync {
    /// The tables, in the order in which they are best read in again.
    fn tables(&self) -> Vec<&'static str>;

    /// How many rows a table has; `None` for a table that is not exported.
    async fn count(&self, table: &str) -> Result<Option<u64>, StoreError>;

    /// Rows of a table; none for a table that is not exported.
    async fn page(
        &self,
        table: &str,
        after: Option<&ExportPosition>,
        limit: u64,
    ) -> Result<ExportPage, StoreError>;
}
