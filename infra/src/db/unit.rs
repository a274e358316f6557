//! A unit of work inside one organization: the reader and the transaction that `domain::store` promises.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use domain::{
    access::{Actor, OrgScope, Subject},
    annotations::{AnnotationReader, AnnotationRepository, TaxonomyReader, TaxonomyRepository},
    api_keys::{ApiKeyReader, ApiKeyRepository},
    connections::{ConnectionReader, ConnectionRepository, DeviceReader, DeviceRepository},
    events::Events,
    id::{EventId, Ids, TypedId},
    idempotency::{IdempotencyReader, IdempotencyRepository},
    identity::{UserReader, UserRepository},
    jobs::JobRepository,
    organizations::{
        ExportReader, ImportReader, ImportRepository, OrganizationReader, OrganizationRepository,
        onboarding::{OnboardingReader, OnboardingRepository},
    },
    page::{Page, PageRequest},
    secret::DataKeyRepository,
    store::{OrgReader, OrgTx, StoreError},
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, DbErr, EntityTrait, ExprTrait, ModelTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    UpdateMany,
    sea_query::{Expr, LockType, ValueType},
};

use tokio::sync::Notify;

use super::{
    Database,
    connection::Connection,
    entities::{events, outbox},
    epochs,
    error::store_error,
    scoped::{Edited, Scoped},
};
use crate::{crypto::Vault, epochs::EpochWatch};

/// The repositories of one organization, on one connection. The repositories themselves stand beside their nouns.
pub(crate) struct Unit {
    scope: OrgScope,
    pub(crate) connection: Connection,
    /// It was begun to change something.
    changes: bool,
    pub(crate) ids: Ids,
    /// What was changed that cached things depend on; their epochs are written at commit.
    touched: Mutex<Vec<Subject>>,
    watch: EpochWatch,
    pub(crate) vault: Arc<Vault>,
    /// A job was scheduled, so those who work in this process are told at commit.
    has_work: AtomicBool,
    work: Arc<Notify>,
}

impl Unit {
    pub(super) fn reading(scope: OrgScope, connection: Connection, database: &Database) -> Self {
        Self {
            scope,
            connection,
            changes: false,
            ids: database.ids.clone(),
            touched: Mutex::default(),
            watch: database.watch.clone(),
            vault: Arc::clone(&database.vault),
            has_work: AtomicBool::new(false),
            work: Arc::clone(&database.work),
        }
    }

    pub(super) fn changing(scope: OrgScope, connection: Connection, database: &Database) -> Self {
        Self { changes: true, ..Self::reading(scope, connection, database) }
    }

    /// Begins a query on this organization's rows.
    pub(crate) fn scoped(&self) -> Scoped {
        Scoped::new(self.scope.org_id())
    }

    /// For whom this unit was opened.
    pub(crate) fn actor(&self) -> Actor {
        self.scope.actor()
    }

    /// The organization's own row has this id; for everything else there is [`Unit::scoped`].
    pub(crate) fn org_id(&self) -> domain::id::OrgId {
        self.scope.org_id()
    }

    /// One row. Where something is to be changed, nobody else changes it until the transaction ends, so that what is
    /// decided on it holds: without `If-Match` the last write wins and none is refused. SQLite has one writer at a
    /// time and needs no lock. References to the row may still be made meanwhile.
    pub(crate) async fn one<E: Edited>(&self, rows: Select<E>) -> Result<Option<E::Model>, DbErr> {
        let rows = if self.changes { rows.lock(LockType::NoKeyUpdate) } else { rows };
        rows.one(&self.connection).await
    }

    /// Changes one row, whatever its version.
    pub(crate) fn edit<E: Edited>(&self, id: impl TypedId) -> UpdateMany<E> {
        self.scoped()
            .update::<E>()
            .filter(E::ID.eq(id.uuid()))
            .col_expr(E::VERSION, Expr::col(E::VERSION).add(1))
            .col_expr(E::UPDATED_AT, Expr::value(self.ids.clock().now()))
    }

    /// Changes one row if it still has the version that it was read with.
    pub(crate) fn edit_version<E: Edited>(&self, id: impl TypedId, version: i64) -> UpdateMany<E> {
        self.edit::<E>(id).filter(E::VERSION.eq(version))
    }

    /// A page of rows, newest first.
    pub(crate) async fn page<E: Edited>(
        &self,
        rows: Select<E>,
        page: PageRequest,
    ) -> Result<Page<E::Model>, DbErr> {
        let mut rows = rows.order_by_desc(E::ID).limit(u64::from(page.limit) + 1);
        if let Some(after) = page.after {
            rows = rows.filter(E::ID.lt(after));
        }
        let rows = rows.all(&self.connection).await?;
        // `ID` is a column of UUIDs, so there is always one.
        Ok(Page::from_surplus(rows, page.limit, |row| {
            ValueType::try_from(row.get(E::ID)).unwrap_or_default()
        }))
    }

    /// Notes that what is cached of the subject is stale once this unit commits.
    pub(crate) fn touch(&self, subject: Subject) {
        let mut touched = self.touched.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if !touched.contains(&subject) {
            touched.push(subject);
        }
    }

    /// Notes that a job was scheduled.
    pub(crate) fn note_work(&self) {
        self.has_work.store(true, Ordering::Relaxed);
    }

    /// Ends a unit that wrote nothing but a log, of which no event tells.
    pub(crate) async fn commit_log(self) -> Result<(), StoreError> {
        self.connection.commit().await.map_err(store_error)
    }

    async fn record(&self, events: &Events) -> Result<(), DbErr> {
        let actor = self.scope.actor();
        let origin = self.scope.origin();
        for event in events.iter() {
            let id: EventId = self.ids.next();
            let now = self.ids.clock().now();
            let row = events::ActiveModel {
                id: Set(id.uuid()),
                name: Set(event.name().to_owned()),
                actor_kind: Set(actor.kind().to_owned()),
                actor_id: Set(actor.id()),
                request_id: Set(origin.request_id.clone()),
                ip: Set(origin.ip.map(|ip| ip.to_string())),
                data: Set(event.data().clone()),
                created_at: Set(now),
                ..Default::default()
            };
            self.scoped().insert(row).exec_without_returning(&self.connection).await?;
            let pointer = outbox::ActiveModel {
                event_id: Set(id.uuid()),
                org_id: Set(self.org_id().uuid()),
                created_at: Set(now),
            };
            #[expect(
                clippy::disallowed_methods,
                reason = "a global table of pointers, which the relay reads"
            )]
            outbox::Entity::insert(pointer).exec_without_returning(&self.connection).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl OrgTx for Unit {
    fn organization(&self) -> &dyn OrganizationRepository {
        self
    }

    fn onboarding(&self) -> &dyn OnboardingRepository {
        self
    }

    fn imports(&self) -> &dyn ImportRepository {
        self
    }

    fn users(&self) -> &dyn UserRepository {
        self
    }

    fn taxonomies(&self) -> &dyn TaxonomyRepository {
        self
    }

    fn annotations(&self) -> &dyn AnnotationRepository {
        self
    }

    fn api_keys(&self) -> &dyn ApiKeyRepository {
        self
    }

    fn connections(&self) -> &dyn ConnectionRepository {
        self
    }

    fn devices(&self) -> &dyn DeviceRepository {
        self
    }

    fn idempotency(&self) -> &dyn IdempotencyRepository {
        self
    }

    fn jobs(&self) -> &dyn JobRepository {
        self
    }

    fn data_keys(&self) -> &dyn DataKeyRepository {
        self
    }

    async fn commit(self: Box<Self>, events: Events) -> Result<(), StoreError> {
        self.record(&events).await.map_err(store_error)?;
        let touched =
            std::mem::take(&mut *self.touched.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        let now = self.ids.clock().now();
        let epochs = epochs::advance(&self.connection, &touched, now).await.map_err(store_error)?;
        let Self { connection, watch, has_work, work, .. } = *self;
        // A client that hangs up drops the request's future. What is committed must also be known in this process,
        // so the two are done together, whoever still waits. The outcome of a commit that fails is unknown: taking
        // the epochs over regardless costs a reload and is safe.
        let finish = tokio::spawn(async move {
            let committed = connection.commit().await;
            watch.apply(&epochs);
            if has_work.into_inner() {
                work.notify_one();
            }
            committed
        });
        match finish.await {
            Ok(committed) => committed.map_err(store_error),
            Err(stopped) => Err(StoreError::Unexpected(Box::new(stopped))),
        }
    }
}

impl OrgReader for Unit {
    fn organization(&self) -> &dyn OrganizationReader {
        self
    }

    fn onboarding(&self) -> &dyn OnboardingReader {
        self
    }

    fn imports(&self) -> &dyn ImportReader {
        self
    }

    fn export(&self) -> &dyn ExportReader {
        self
    }

    fn users(&self) -> &dyn UserReader {
        self
    }

    fn taxonomies(&self) -> &dyn TaxonomyReader {
        self
    }

    fn annotations(&self) -> &dyn AnnotationReader {
        self
    }

    fn api_keys(&self) -> &dyn ApiKeyReader {
        self
    }

    fn connections(&self) -> &dyn ConnectionReader {
        self
    }

    fn devices(&self) -> &dyn DeviceReader {
        self
    }

    fn idempotency(&self) -> &dyn IdempotencyReader {
        self
    }
}
