//! Many connections at once, with real secrets, past Microsoft's pages.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{
    access::{AccountScope, KeyRotation, OrgScope, OrganizationIds},
    connections::{Connection, NewGrant, NewToken},
    events::Event,
    id::{ConnectionId, ConnectionTokenId, OrgId, TypedId},
    jobs::Kind,
    secret::Secrets,
    store::{AccountReader, AccountTx, OrgReader, OrgTx, Store, StoreError},
};
use infra::db::Database;
use secrecy::SecretString;
use serde_json::json;
use tests::TestApp;
use uuid::Uuid;

use crate::jobs::queue;

/// Remembers the scope that it is entered with, and lets nobody in.
#[derive(Default)]
struct Doorkeeper(Mutex<Option<OrgScope>>);

fn closed() -> StoreError {
    StoreError::Unavailable("closed".into())
}

#[async_trait]
impl Store for Doorkeeper {
    async fn begin(&self, scope: &OrgScope) -> Result<Box<dyn OrgTx>, StoreError> {
        *self.0.lock().expect("nobody panics at the door") = Some(scope.clone());
        Err(closed())
    }

    async fn read(&self, _: &OrgScope) -> Result<Box<dyn OrgReader>, StoreError> {
        Err(closed())
    }

    async fn begin_account(&self, _: &AccountScope) -> Result<Box<dyn AccountTx>, StoreError> {
        Err(closed())
    }

    async fn read_account(&self, _: &AccountScope) -> Result<Box<dyn AccountReader>, StoreError> {
        Err(closed())
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

/// The organization of somebody, as work of the service's own enters it.
async fn enter(app: &TestApp, database: &Database, who: &str) -> OrgScope {
    let me = app.user(who).get("/api/auth/me").await.expect(200);
    let org_id = OrgId::from_uuid(me.text_at("/data/organization/id").parse().expect("a UUID"));
    let door = Arc::new(Doorkeeper::default());
    let pauses = Arc::new(app.pauses.clone());
    let rotation =
        KeyRotation::new(Arc::clone(&door) as _, Arc::new(Only(org_id)), Arc::new(database.clone()), pauses);
    rotation.status().await.expect_err("nobody is let in");
    door.0.lock().expect("nobody panics at the door").take().expect("it was asked for")
}

/// So many are written in one transaction.
const AT_ONCE: usize = 500;

/// Makes so many more connections of alex's that are like one of his: each has a grant and a token that Microsoft gave,
/// which is in use and is to be refreshed at a time of its own.
pub(crate) async fn multiply(
    app: &TestApp,
    like: &str,
    number: usize,
    refresh_at: impl Fn(usize) -> DateTime<Utc>,
) {
    let database = queue(app, 77).await;
    database.epochs().catch_up().await.expect("the table of epochs can be read");
    let scope = enter(app, &database, "alex").await;
    let id = ConnectionId::from_uuid(like.parse().expect("a UUID"));
    let reader = database.read(&scope).await.expect("it can be read");
    let connection = reader.connections().get(id).await.expect("the database").expect("it is there");
    let token = reader.connections().tokens(id).await.expect("the database").remove(0);
    let sealed = reader.connections().refresh_token(id).await.expect("the database").expect("a grant");
    drop(reader);
    let access_token = database.open(&scope, &token.secret).await.expect("it opens");
    let refresh_token = database.open(&scope, &sealed.refresh_token).await.expect("it opens");
    for numbers in (0..number).collect::<Vec<_>>().chunks(AT_ONCE) {
        let tx = database.begin(&scope).await.expect("a transaction begins");
        for number in numbers {
            let due = refresh_at(*number);
            let new_token = NewToken {
                id: ConnectionTokenId::from_uuid(numbered(2, *number)),
                resource: token.resource.clone(),
                scopes: token.scopes.clone(),
                secret: SecretString::clone(&access_token),
                issued_at: token.issued_at,
                expires_at: token.expires_at,
                refresh_at: due,
            };
            let new = NewGrant {
                connection: another(&connection, *number),
                refresh_token: SecretString::clone(&refresh_token),
                token: new_token,
            };
            assert!(tx.connections().add(&new).await.expect("it is written"), "it is not there yet");
            let key = new.connection.id.uuid();
            tx.connections().note_use(new.token.id, token.issued_at).await.expect("it is written");
            tx.jobs().schedule(Kind::ConnectionRefresh, key, due).await.expect("it is written");
        }
        let event = Event::new("connection.multiplied", json!({ "number": numbers.len() }));
        tx.commit(event.into()).await.expect("it is written");
    }
}

/// The same account by another id.
fn another(connection: &Connection, number: usize) -> Connection {
    let mut another = connection.clone();
    another.id = ConnectionId::from_uuid(id(number));
    another.object_id = numbered(3, number);
    another.version = 1;
    another
}

/// Of one that was made so.
pub(crate) fn id(number: usize) -> Uuid {
    numbered(1, number)
}

fn numbered(kind: u128, number: usize) -> Uuid {
    let number = u128::try_from(number).expect("a number of 128 bits");
    Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0000 + (kind << 40) + number)
}
