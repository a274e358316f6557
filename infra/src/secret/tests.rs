//! Sealing, rotation, retirement and destruction, on a database in memory with a table of their own.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    access::{AccountScope, KeyRotation, OrgScope, OrganizationIds, RetireError, RotationProgress},
    clock::{Clock, Pauses},
    entropy::Entropy,
    id::{Ids, OrgId, TypedId},
    secret::{DataKeyRepository, ResealCursor, RingKeys, SealError, Sealed, Secrets},
    store::{AccountReader, AccountTx, OrgReader, OrgTx, Store, StoreError},
};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, QueryFilter};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::{
    crypto::KeyRing,
    db::{Database, DatabaseSettings, DatabaseUrl, SEALED_TABLES, SchemaError, Unit, place},
    entropy::SystemEntropy,
};

/// A table with two sealed columns, one of which may be empty.
#[expect(unreachable_pub, reason = "the derive makes public items; what is private is the module")]
pub(crate) mod probe {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "probes")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub org_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub data_key_id: Uuid,
        pub token: Vec<u8>,
        pub hint: Option<Vec<u8>>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl crate::db::OrgOwned for Entity {
        const ORG: Column = Column::OrgId;
    }

    impl crate::db::SealedRows for Entity {
        const ID: Column = Column::Id;
        const DATA_KEY: Column = Column::DataKeyId;
        const SEALED: &'static [Column] = &[Column::Token, Column::Hint];
    }
}

use probe::{ActiveModel, Column, Entity};

const TABLE: &str = "CREATE TABLE probes (org_id BLOB, id BLOB, data_key_id BLOB NOT NULL, token BLOB, hint BLOB, \
                     PRIMARY KEY (org_id, id), \
                     FOREIGN KEY (org_id, data_key_id) REFERENCES data_keys (org_id, id))";

/// Where the table of the tests stands in the list.
const PROBES: ResealCursor = ResealCursor { table: SEALED_TABLES.len() - 1, after: None };

struct Restless;

#[async_trait]
impl Pauses for Restless {
    async fn pause(&self, _: std::time::Duration) {}
}

struct Noon;

impl Clock for Noon {
    fn now(&self) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
    }
}

/// Remembers the scope that the store is entered with, and lets nobody in.
#[derive(Default)]
struct Doorkeeper(Mutex<Option<OrgScope>>);

#[async_trait]
impl Store for Doorkeeper {
    async fn begin(&self, scope: &OrgScope) -> Result<Box<dyn OrgTx>, StoreError> {
        *self.0.lock().unwrap() = Some(scope.clone());
        Err(StoreError::Unavailable("closed".into()))
    }

    async fn read(&self, _: &OrgScope) -> Result<Box<dyn OrgReader>, StoreError> {
        Err(StoreError::Unavailable("closed".into()))
    }

    async fn begin_account(&self, _: &AccountScope) -> Result<Box<dyn AccountTx>, StoreError> {
        Err(StoreError::Unavailable("closed".into()))
    }

    async fn read_account(&self, _: &AccountScope) -> Result<Box<dyn AccountReader>, StoreError> {
        Err(StoreError::Unavailable("closed".into()))
    }
}

struct Only(OrgId);

#[async_trait]
impl OrganizationIds for Only {
    async fn after(&self, _: Option<OrgId>, _: u64) -> Result<Vec<OrgId>, StoreError> {
        Ok(vec![self.0])
    }

    async fn count(&self) -> Result<u64, StoreError> {
        Ok(1)
    }
}

struct World {
    database: Database,
    acme: OrgScope,
    globex: OrgScope,
}

fn ring(ids: &[&str]) -> KeyRing {
    let mut keys = ids.iter().map(|id| ((*id).to_owned(), SecretString::from(id.repeat(32))));
    KeyRing::new(keys.next().unwrap(), keys.collect()).unwrap()
}

async fn opened(url: DatabaseUrl, ring: KeyRing) -> Result<Database, SchemaError> {
    let (clock, entropy): (Arc<dyn Clock>, Arc<dyn Entropy>) = (Arc::new(Noon), Arc::new(SystemEntropy));
    let settings = DatabaseSettings {
        url,
        ids: Ids::new(Arc::clone(&clock), Arc::clone(&entropy)),
        clock,
        entropy,
        ring: Box::new(move || Ok(ring)),
        revocation_max_stale: std::time::Duration::ZERO,
    };
    Database::open(settings).await
}

/// A file, so that a second process can come with other keys.
struct File(tempfile::TempDir);

impl File {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn url(&self) -> DatabaseUrl {
        DatabaseUrl::SqliteFile(self.0.path().join("test.db"))
    }

    /// A process with these keys.
    async fn with(&self, ids: &[&str]) -> World {
        let database = opened(self.url(), ring(ids)).await.unwrap();
        database.epochs().catch_up().await.unwrap();
        let [acme, globex] = [1, 2].map(|id| OrgId::from_uuid(Uuid::from_u128(id)));
        World { acme: enter(&database, acme).await, globex: enter(&database, globex).await, database }
    }

    async fn prepared(ids: &[&str]) -> (Self, World) {
        let file = Self::new();
        let world = file.with(ids).await;
        let unit = world.database.changing(&world.acme).await.unwrap();
        unit.connection.execute_unprepared(TABLE).await.unwrap();
        for (id, name) in [(1, "acme"), (2, "globex")] {
            let id = Uuid::from_u128(id).simple();
            unit.connection.execute_unprepared(&organization(&id.to_string(), name)).await.unwrap();
        }
        unit.connection_commit().await;
        (file, world)
    }
}

fn organization(id: &str, name: &str) -> String {
    format!(
        "INSERT INTO organizations (id, origin_key, name, name_source, status, consent, config, version, \
         created_at, updated_at) VALUES (x'{id}', '{name}', '{name}', 'graph', 'active', 'pending', '{{}}', 1, \
         '2026-01-01', '2026-01-01')"
    )
}

async fn enter(database: &Database, org_id: OrgId) -> OrgScope {
    let door = Arc::new(Doorkeeper::default());
    let rotation = KeyRotation::new(
        Arc::clone(&door) as _,
        Arc::new(Only(org_id)),
        Arc::new(database.clone()),
        Arc::new(Restless),
    );
    rotation.status().await.unwrap_err();
    door.0.lock().unwrap().take().unwrap()
}

impl World {
    async fn put(&self, scope: &OrgScope, id: u128, token: &str) -> Result<(), SealError> {
        let unit = self.database.changing(scope).await?;
        let id = Uuid::from_u128(id);
        let key = unit.sealing_key().await?;
        let token = unit.seal_with(&key, place::<Entity>(Column::Token, id), &token.into())?;
        let row = ActiveModel {
            id: Set(id),
            data_key_id: Set(key.id()),
            token: Set(token),
            hint: Set(None),
            ..Default::default()
        };
        unit.scoped().insert(row).exec_without_returning(&unit.connection).await.unwrap();
        unit.connection_commit().await;
        Ok(())
    }

    async fn row(&self, scope: &OrgScope, id: u128) -> probe::Model {
        let unit = self.database.reading(scope).await.unwrap();
        let rows = unit.scoped().find::<Entity>().filter(Column::Id.eq(Uuid::from_u128(id)));
        rows.one(&unit.connection).await.unwrap().unwrap()
    }

    async fn open(&self, scope: &OrgScope, id: u128, token: &[u8]) -> Result<String, SealError> {
        let sealed = Sealed::in_place(place::<Entity>(Column::Token, Uuid::from_u128(id)), token.to_vec());
        Ok(self.database.open(scope, &sealed).await?.expose_secret().to_owned())
    }

    async fn get(&self, scope: &OrgScope, id: u128) -> Result<String, SealError> {
        self.open(scope, id, &self.row(scope, id).await.token).await
    }

    fn rotation(&self) -> KeyRotation {
        let database = Arc::new(self.database.clone());
        KeyRotation::new(Arc::clone(&database) as _, Arc::clone(&database) as _, database, Arc::new(Restless))
    }

    async fn rotate(&self) -> RotationProgress {
        self.rotation().rotate(&mut |_| {}).await.unwrap()
    }

    async fn data_keys(&self) -> u64 {
        self.rotation().status().await.unwrap().keys.iter().map(|used| used.data_keys).sum()
    }
}

#[tokio::test]
async fn an_organization_has_one_data_key_however_much_it_seals_and_however_many_begin() {
    let (_file, world) = File::prepared(&["a"]).await;
    let puts = (0..16).map(|id| world.put(&world.acme, id, "secret"));
    for put in futures_util::future::join_all(puts).await {
        put.unwrap();
    }
    assert_eq!(world.data_keys().await, 1);
    world.put(&world.globex, 0, "theirs").await.unwrap();
    assert_eq!(world.data_keys().await, 2);
    assert_eq!(world.get(&world.acme, 7).await.unwrap(), "secret");
    assert_eq!(world.get(&world.globex, 0).await.unwrap(), "theirs");
}

#[tokio::test]
async fn a_ciphertext_that_was_swapped_with_another_row_or_organization_is_refused() {
    let (_file, world) = File::prepared(&["a"]).await;
    for id in [1, 2] {
        world.put(&world.acme, id, "secret").await.unwrap();
    }
    world.put(&world.globex, 1, "theirs").await.unwrap();
    let (mine, theirs) = (world.row(&world.acme, 1).await.token, world.row(&world.globex, 1).await.token);
    assert!(matches!(world.open(&world.acme, 2, &mine).await, Err(SealError::Refused)));
    // The data key of another organization is not even found.
    assert!(matches!(world.open(&world.acme, 1, &theirs).await, Err(SealError::DataKeyGone)));
    assert!(matches!(world.open(&world.acme, 1, b"").await, Err(SealError::Refused)));
    assert_eq!(world.open(&world.acme, 1, &mine).await.unwrap(), "secret");
}

#[tokio::test]
async fn a_wrapped_data_key_that_was_moved_to_another_organization_is_refused() {
    let (file, world) = File::prepared(&["a"]).await;
    world.put(&world.acme, 1, "secret").await.unwrap();
    world.put(&world.globex, 1, "theirs").await.unwrap();
    let unit = world.database.changing(&world.acme).await.unwrap();
    let moved = "UPDATE data_keys SET wrapped = (SELECT wrapped FROM data_keys AS other \
                 WHERE other.org_id <> data_keys.org_id)";
    unit.connection.execute_unprepared(moved).await.unwrap();
    unit.connection_commit().await;
    let later = file.with(&["a"]).await;
    assert!(matches!(later.get(&later.acme, 1).await, Err(SealError::Refused)));
}

#[tokio::test]
async fn a_rotation_brings_everything_under_the_new_key_and_the_old_one_can_be_retired() {
    let (file, world) = File::prepared(&["old"]).await;
    for id in 0..1_203 {
        world.put(&world.acme, id, &format!("secret {id}")).await.unwrap();
    }
    let before = world.row(&world.acme, 5).await;

    let later = file.with(&["new", "old"]).await;
    assert_eq!(later.get(&later.acme, 5).await.unwrap(), "secret 5", "old keys open");
    assert!(matches!(
        later.rotation().retire("old", false).await,
        Err(RetireError::InUse { data_keys: 1, .. })
    ));
    assert!(matches!(later.rotation().retire("new", false).await, Err(RetireError::First(_))));
    assert!(matches!(later.rotation().retire("none", false).await, Err(RetireError::Unknown(_))));

    let mut steps = Vec::new();
    let done = later.rotation().rotate(&mut |progress| steps.push(progress.rows)).await.unwrap();
    let expected =
        RotationProgress { organizations: 2, of: 2, rewrapped: 1, made: 1, rows: 1_203, failed: 0 };
    assert_eq!(done, expected);
    assert_eq!(steps, [500, 1_000, 1_203, 1_203], "progress is told");
    assert_eq!(later.rotate().await, RotationProgress { organizations: 2, of: 2, ..Default::default() });

    let after = later.row(&later.acme, 5).await;
    assert_ne!((after.data_key_id, &after.token), (before.data_key_id, &before.token));
    assert_eq!(later.get(&later.acme, 5).await.unwrap(), "secret 5");
    assert_eq!(later.open(&later.acme, 5, &before.token).await.unwrap(), "secret 5", "a cached ciphertext");

    later.rotation().retire("old", false).await.unwrap();
    assert_eq!(later.data_keys().await, 1, "what was superseded is forgotten");
    let alone = file.with(&["new"]).await;
    assert_eq!(alone.get(&alone.acme, 5).await.unwrap(), "secret 5");
    let gone = alone.open(&alone.acme, 5, &before.token).await;
    assert!(matches!(gone, Err(SealError::DataKeyGone)), "{gone:?}");
}

#[tokio::test]
async fn a_rotation_that_was_interrupted_goes_on_where_it_was() {
    let (file, world) = File::prepared(&["old"]).await;
    for id in 0..30 {
        world.put(&world.acme, id, "secret").await.unwrap();
    }
    let later = file.with(&["new", "old"]).await;
    // The data keys are renewed and the first ten rows are done when the process ends.
    let unit = later.database.changing(&later.acme).await.unwrap();
    unit.renew().await.unwrap();
    assert_eq!(unit.reseal(PROBES, 10).await.unwrap().rows, 10);
    unit.connection_commit().await;
    // One more is done and lost with the transaction.
    let unit = later.database.changing(&later.acme).await.unwrap();
    unit.reseal(PROBES, 1).await.unwrap();
    drop(unit);

    let status = later.rotation().status().await.unwrap();
    assert_eq!((status.first.as_str(), status.rows_to_seal_again), ("new", 20));
    let done = later.rotate().await;
    assert_eq!((done.made, done.rewrapped, done.rows), (0, 0, 20));
    assert_eq!(later.rotation().status().await.unwrap().rows_to_seal_again, 0);
    for id in 0..30 {
        assert_eq!(later.get(&later.acme, id).await.unwrap(), "secret");
    }
}

#[tokio::test]
async fn a_row_that_does_not_open_is_counted_and_does_not_stop_the_others() {
    let (file, world) = File::prepared(&["old"]).await;
    for id in 0..3 {
        world.put(&world.acme, id, "secret").await.unwrap();
    }
    let unit = world.database.changing(&world.acme).await.unwrap();
    let id = Uuid::from_u128(1).simple();
    unit.connection
        .execute_unprepared(&format!("UPDATE probes SET token = x'00' WHERE id = x'{id}'"))
        .await
        .unwrap();
    unit.connection_commit().await;
    let later = file.with(&["new", "old"]).await;
    let done = later.rotate().await;
    assert_eq!((done.rows, done.failed), (2, 1));
    // Nothing is wrapped by the old key, so it can go; the old data key stays for as long as the row refers to it.
    later.rotation().retire("old", false).await.unwrap();
    assert_eq!(later.data_keys().await, 2);
}

#[tokio::test]
async fn a_retired_key_is_refused_wherever_it_is_configured() {
    let (file, world) = File::prepared(&["old"]).await;
    world.put(&world.acme, 1, "secret").await.unwrap();
    let unit = world.database.reading(&world.acme).await.unwrap();
    let from_backup = unit.scoped().find::<crate::db::data_keys::Entity>().one(&unit.connection).await;
    let from_backup = from_backup.unwrap().unwrap();
    let token = world.row(&world.acme, 1).await.token;

    let later = file.with(&["new", "old"]).await;
    later.rotate().await;
    later.rotation().retire("old", false).await.unwrap();

    // Somebody puts back what a backup had, wrapped by the retired key, under a process that still has it.
    let unit = later.database.changing(&later.acme).await.unwrap();
    let row = crate::db::data_keys::ActiveModel {
        generation: Set(9),
        id: Set(from_backup.id),
        ring_key_id: Set(from_backup.ring_key_id),
        wrapped: Set(from_backup.wrapped),
        created_at: Set(from_backup.created_at),
        ..Default::default()
    };
    unit.scoped().insert(row).exec_without_returning(&unit.connection).await.unwrap();
    unit.connection_commit().await;
    let still = file.with(&["new", "old"]).await;
    let refused = still.open(&still.acme, 1, &token).await;
    assert!(matches!(&refused, Err(SealError::RingKeyGone(id)) if id == "old"), "{refused:?}");
    // And it seals nothing: a process that has it in front does not start.
    let refused = opened(file.url(), ring(&["old"])).await.err().unwrap();
    assert!(matches!(&refused, SchemaError::KeyRetired(id) if id == "old"), "{refused}");
}

#[tokio::test]
async fn a_process_that_runs_with_a_key_seals_nothing_with_it_once_it_is_being_retired() {
    let (file, world) = File::prepared(&["old"]).await;
    let later = file.with(&["new", "old"]).await;
    later.rotation().retire("old", false).await.unwrap();
    let refused = world.put(&world.acme, 1, "secret").await;
    assert!(matches!(&refused, Err(SealError::RingKeyGone(id)) if id == "old"), "{refused:?}");
}

#[tokio::test]
async fn another_key_under_a_known_id_does_not_start() {
    let (file, _world) = File::prepared(&["a"]).await;
    let other = KeyRing::new(("a".to_owned(), SecretString::from("b".repeat(32))), Vec::new()).unwrap();
    let refused = opened(file.url(), other).await.err().unwrap();
    assert!(matches!(&refused, SchemaError::KeyChanged(id) if id == "a"), "{refused}");
}

#[tokio::test]
async fn a_new_key_in_the_file_is_found_by_a_process_that_runs() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept.key");
    let in_file = || KeyRing::in_file(&kept, &SystemEntropy).unwrap();
    let (file, first) = (File::new(), in_file());
    {
        let database = opened(file.url(), first).await.unwrap();
        database.epochs().catch_up().await.unwrap();
        let acme = enter(&database, OrgId::from_uuid(Uuid::from_u128(1))).await;
        let globex = acme.clone();
        let running = World { database, acme, globex };
        let unit = running.database.changing(&running.acme).await.unwrap();
        unit.connection.execute_unprepared(TABLE).await.unwrap();
        let id = Uuid::from_u128(1).simple();
        unit.connection.execute_unprepared(&organization(&id.to_string(), "acme")).await.unwrap();
        unit.connection_commit().await;
        running.put(&running.acme, 1, "secret").await.unwrap();

        crate::crypto::key_file::add(&kept, &SystemEntropy).unwrap();
        let other = opened(file.url(), in_file()).await.unwrap();
        other.epochs().catch_up().await.unwrap();
        let acme = enter(&other, OrgId::from_uuid(Uuid::from_u128(1))).await;
        let other = World { database: other, globex: acme.clone(), acme };
        other.rotate().await;

        running.put(&running.acme, 2, "later").await.unwrap();
        assert_eq!(other.get(&other.acme, 2).await.unwrap(), "later");
        assert_eq!(running.get(&running.acme, 1).await.unwrap(), "secret");
        assert_ne!(running.database.first(), "default");
    }
}

#[tokio::test]
async fn what_was_sealed_is_gone_with_the_destroyed_key_and_nothing_is_sealed_again() {
    let (file, world) = File::prepared(&["a"]).await;
    world.put(&world.acme, 1, "secret").await.unwrap();
    world.put(&world.globex, 1, "theirs").await.unwrap();
    let token = world.row(&world.acme, 1).await.token;
    assert_eq!(world.open(&world.acme, 1, &token).await.unwrap(), "secret", "the key is in memory");

    let unit: Box<dyn OrgTx> = Box::new(world.database.changing(&world.acme).await.unwrap());
    assert_eq!(unit.data_keys().destroy().await.unwrap(), 1);
    let event = domain::events::Event::new("organization.purged", serde_json::json!({}));
    unit.commit(event.into()).await.unwrap();

    let gone = world.open(&world.acme, 1, &token).await;
    assert!(matches!(gone, Err(SealError::DataKeyGone)), "memory or not: {gone:?}");
    assert!(matches!(world.put(&world.acme, 2, "again").await, Err(SealError::DataKeyGone)));
    assert_eq!(world.get(&world.globex, 1).await.unwrap(), "theirs");
    let later = file.with(&["new", "a"]).await;
    let done = later.rotate().await;
    assert_eq!((done.rewrapped, done.failed), (1, 0), "only the other organization's");
    later.rotation().retire("a", false).await.unwrap();
}

impl Unit {
    /// Ends it without events, which only a test may.
    async fn connection_commit(self) {
        self.connection.execute_unprepared("COMMIT; BEGIN").await.unwrap();
    }
}
