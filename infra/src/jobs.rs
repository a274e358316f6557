//! Jobs in the database: a repository for those who schedule, a queue for those who work.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{
    id::{OrgId, TypedId},
    jobs::{Job, JobQueue, JobRepository, Kind, LEASE, Lease, Leasing, Settlement},
    store::StoreError,
};
use sea_orm::DbErr;
use uuid::Uuid;

use crate::db::{Database, Unit, jobs as table, store_error};

/// How often a row is looked at by whoever waits for its lease: soon at first, then more patiently.
const FIRST_LOOK: Duration = Duration::from_millis(10);
const LONGEST_LOOK: Duration = Duration::from_millis(200);

fn job(row: &table::Model, owner: Uuid) -> Option<Job> {
    let kind = Kind::parse(&row.kind)?;
    let lease = Lease { kind, key: row.key, owner, version: row.version };
    let org_id = row.org_id.map(OrgId::from_uuid);
    Some(Job { kind, key: row.key, org_id, run_at: row.run_at, attempt: row.attempt + 1, lease })
}

impl Database {
    /// A new owner for leases. It only has to be another one each time.
    fn owner(&self) -> Uuid {
        self.ids().next::<domain::id::EventId>().uuid()
    }

    async fn claim_due(&self, most: u64) -> Result<Vec<Job>, DbErr> {
        // A look before a transaction: most of the time nothing is due, and on SQLite there is one writer.
        if !table::is_due(&self.global(), self.ids().clock().now()).await? {
            return Ok(Vec::new());
        }
        let connection = self.global_transaction().await?;
        let now = self.ids().clock().now();
        let rows = table::due(&connection, most, now).await?;
        let owner = self.owner();
        let keys = rows.iter().map(|row| (row.kind.clone(), row.key)).collect();
        table::lease(&connection, keys, owner, now + LEASE).await?;
        connection.commit().await?;
        Ok(rows.iter().filter_map(|row| job(row, owner)).collect())
    }

    async fn lease_now(&self, org_id: OrgId, kind: Kind, key: Uuid) -> Result<Leasing, DbErr> {
        let connection = self.global_transaction().await?;
        let now = self.ids().clock().now();
        let Some(row) = table::one(&connection, kind, key, org_id).await? else {
            return Ok(Leasing::Absent);
        };
        if row.locked_until.is_some_and(|until| until > now) {
            return Ok(Leasing::Busy);
        }
        let owner = self.owner();
        table::lease_without_attempt(&connection, kind, key, owner, now + LEASE).await?;
        connection.commit().await?;
        Ok(Leasing::Taken(Lease { kind, key, owner, version: row.version }))
    }
}

#[async_trait]
impl JobQueue for Database {
    async fn ensure(&self, kind: Kind, key: Uuid, run_at: DateTime<Utc>) -> Result<(), StoreError> {
        let connection = self.global_transaction().await.map_err(store_error)?;
        table::add_if_absent(&connection, table::row(kind, key, None, run_at)).await.map_err(store_error)?;
        connection.commit().await.map_err(store_error)?;
        self.work().notify_one();
        Ok(())
    }

    async fn claim(&self, most: u64) -> Result<Vec<Job>, StoreError> {
        self.claim_due(most).await.map_err(store_error)
    }

    async fn renew(&self, lease: &Lease) -> Result<bool, StoreError> {
        let until = self.ids().clock().now() + LEASE;
        table::renew(&self.global_writer(), lease, until).await.map_err(store_error)
    }

    async fn settle(&self, lease: &Lease, settlement: Settlement) -> Result<bool, StoreError> {
        let connection = self.global_transaction().await.map_err(store_error)?;
        let now = self.ids().clock().now();
        let settled = table::settle(&connection, lease, settlement, now).await.map_err(store_error)?;
        connection.commit().await.map_err(store_error)?;
        Ok(settled)
    }

    async fn try_lease(&self, org_id: OrgId, kind: Kind, key: Uuid) -> Result<Leasing, StoreError> {
        self.lease_now(org_id, kind, key).await.map_err(store_error)
    }

    async fn wait_until_free(&self, kind: Kind, key: Uuid, patience: Duration) -> Result<bool, StoreError> {
        let mut look = FIRST_LOOK;
        let waiting = async {
            loop {
                let now = self.ids().clock().now();
                if !table::is_leased(&self.global(), kind, key, now).await? {
                    return Ok(());
                }
                tokio::time::sleep(look).await;
                look = (look * 2).min(LONGEST_LOOK);
            }
        };
        match tokio::time::timeout(patience, waiting).await {
            Ok(free) => free.map(|()| true).map_err(store_error),
            Err(_elapsed) => Ok(false),
        }
    }

    async fn wait_for_work(&self, at_most: Duration) {
        // Too long is the ordinary end of it.
        let _ = tokio::time::timeout(at_most, self.work().notified()).await;
    }
}

#[async_trait]
impl JobRepository for Unit {
    async fn schedule(&self, kind: Kind, key: Uuid, run_at: DateTime<Utc>) -> Result<(), StoreError> {
        let row = table::row(kind, key, Some(self.org_id()), run_at);
        self.note_work();
        table::add_or_move(&self.connection, row).await.map_err(store_error)
    }

    async fn schedule_if_absent(
        &self,
        kind: Kind,
        key: Uuid,
        run_at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let row = table::row(kind, key, Some(self.org_id()), run_at);
        self.note_work();
        table::add_if_absent(&self.connection, row).await.map_err(store_error)
    }

    async fn cancel(&self, kind: Kind, key: Uuid) -> Result<bool, StoreError> {
        table::delete(&self.connection, kind, key, self.org_id()).await.map_err(store_error)
    }

    async fn due_at(&self, kind: Kind, key: Uuid) -> Result<Option<DateTime<Utc>>, StoreError> {
        table::due_at(&self.connection, kind, key, self.org_id()).await.map_err(store_error)
    }

    async fn settle(&self, lease: &Lease, settlement: Settlement) -> Result<bool, StoreError> {
        let now = self.ids.clock().now();
        table::settle(&self.connection, lease, settlement, now).await.map_err(store_error)
    }

    async fn hold(&self, lease: &Lease) -> Result<bool, StoreError> {
        table::hold(&self.connection, lease).await.map_err(store_error)
    }
}
