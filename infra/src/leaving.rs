//! All that an organization owns: read out for its export, and taken away by its purge.

use async_trait::async_trait;
use domain::{
    access::OrgScope,
    organizations::{ExportPage, ExportPosition, ExportReader, Purger},
    store::StoreError,
};

use crate::db::{Database, Unit, owned, purge, store_error};

/// How many rows one transaction deletes.
const AT_ONCE: u64 = 1_000;

/// The tables that organizations own, each with the reason why it is not exported, where it is not. For the test that
/// holds the list against the database.
pub fn owned_tables() -> Vec<(&'static str, Option<&'static str>)> {
    owned::tables().iter().map(|table| (table.name(), table.kept_back())).collect()
}

#[async_trait]
impl ExportReader for Unit {
    fn tables(&self) -> Vec<&'static str> {
        let all = owned::tables();
        all.iter().filter(|table| table.kept_back().is_none()).map(|table| table.name()).collect()
    }

    async fn count(&self, table: &str) -> Result<Option<u64>, StoreError> {
        let all = owned::tables();
        match all.iter().find(|known| known.name() == table && known.kept_back().is_none()) {
            Some(known) => known.count(self).await.map(Some).map_err(store_error),
            None => Ok(None),
        }
    }

    async fn page(
        &self,
        table: &str,
        after: Option<&ExportPosition>,
        limit: u64,
    ) -> Result<ExportPage, StoreError> {
        let all = owned::tables();
        match all.iter().find(|known| known.name() == table && known.kept_back().is_none()) {
            Some(known) => known.page(self, after, limit).await.map_err(store_error),
            None => Ok(ExportPage::default()),
        }
    }
}

#[async_trait]
impl Purger for Database {
    async fn some_rows(&self, scope: &OrgScope) -> Result<u64, StoreError> {
        for table in owned::tables().iter().rev() {
            let unit = self.unit(scope).await.map_err(store_error)?;
            if !purge::is_deleted(&unit).await.map_err(store_error)? {
                return Ok(0);
            }
            purge::loosen(&unit, table.name()).await.map_err(store_error)?;
            let deleted = table.purge(&unit, AT_ONCE).await.map_err(store_error)?;
            unit.connection.commit().await.map_err(store_error)?;
            if deleted > 0 {
                return Ok(deleted);
            }
        }
        Ok(0)
    }

    async fn organization(&self, scope: &OrgScope) -> Result<bool, StoreError> {
        let unit = self.unit(scope).await.map_err(store_error)?;
        let is_gone = purge::organization(&unit).await.map_err(store_error)?;
        unit.connection.commit().await.map_err(store_error)?;
        Ok(is_gone)
    }
}
