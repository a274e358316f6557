//! A database that does not answer.

use std::net::SocketAddr;

use sea_orm::{ConnectionTrait, Database};
use serde_json::{Value, json};
use tests::{Response, TestApp, TestDatabase, is_postgres};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use url::Url;

use super::refused;

/// What stands between the service and PostgreSQL until it is dropped, and with it every connection.
struct Wire {
    address: SocketAddr,
    _connections: JoinSet<()>,
}

impl Wire {
    async fn to(server: SocketAddr, on: SocketAddr) -> Self {
        let listener = TcpListener::bind(on).await.expect("the port is free");
        let address = listener.local_addr().expect("it listens");
        let mut connections = JoinSet::new();
        connections.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((mut near, _)) = listener.accept().await {
                open.spawn(async move {
                    if let Ok(mut far) = TcpStream::connect(server).await {
                        let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                    }
                });
            }
        });
        Self { address, _connections: connections }
    }
}

#[track_caller]
fn says_to_come_again(response: &Response) {
    assert_eq!(refused(response, 503, "UNAVAILABLE"), Value::Null);
    assert_eq!(response.header("retry-after"), Some("2"));
}

#[tokio::test]
async fn while_postgresql_is_away_requests_are_told_to_come_again() {
    if !is_postgres() {
        return;
    }
    let database = TestDatabase::create().await;
    let mut url = Url::parse(&database.url).unwrap();
    let server = SocketAddr::new(url.host_str().unwrap().parse().unwrap(), url.port().unwrap());
    let wire = Wire::to(server, ([127, 0, 0, 1], 0).into()).await;
    let port = wire.address;
    url.set_port(Some(port.port())).unwrap();
    let app = TestApp::builder().set("DATABASE_URL", url.as_str()).start().await;
    let (known, newcomer, nobody) = (app.user("adele"), app.user("alex"), app.anonymous());
    known.post("/api/taxonomies", json!({ "name": "Before" })).await.expect(201);

    drop(wire);
    let (read, write, stranger, ready, alive) = tokio::join!(
        known.get("/api/taxonomies"),
        known.post("/api/taxonomies", json!({ "name": "Meanwhile" })),
        newcomer.get("/api/auth/me"),
        nobody.get("/readyz"),
        nobody.get("/healthz"),
    );
    for response in [&read, &write, &stranger] {
        says_to_come_again(response);
    }
    assert_eq!(ready.expect(503).at("/checks/database/reason"), json!("the database does not answer"));
    alive.expect(200);

    let _wire = Wire::to(server, port).await;
    let back = known.get("/api/taxonomies").await.expect(200);
    assert_eq!(back.at("/data").as_array().unwrap().len(), 1);
    newcomer.get("/api/auth/me").await.expect(200);
    nobody.get("/readyz").await.expect(200);
}

#[tokio::test]
async fn while_another_process_holds_the_file_writes_are_told_to_come_again() {
    if is_postgres() {
        return;
    }
    let app = TestApp::start().await;
    let (known, newcomer) = (app.user("adele"), app.user("alex"));
    known.post("/api/taxonomies", json!({ "name": "Before" })).await.expect(201);
    let mut options = sea_orm::ConnectOptions::new(&app.database.url);
    options.max_connections(1).sqlx_logging(false);
    let holder = Database::connect(options).await.unwrap();
    holder.execute_unprepared("BEGIN IMMEDIATE").await.unwrap();
    let (write, stranger, read) = tokio::join!(
        known.post("/api/taxonomies", json!({ "name": "Meanwhile" })),
        newcomer.get("/api/auth/me"),
        known.get("/api/taxonomies"),
    );
    says_to_come_again(&write);
    says_to_come_again(&stranger);
    // Readers do not wait for a writer.
    assert_eq!(read.expect(200).at("/data").as_array().unwrap().len(), 1);

    holder.execute_unprepared("ROLLBACK").await.unwrap();
    known.post("/api/taxonomies", json!({ "name": "After" })).await.expect(201);
    newcomer.get("/api/auth/me").await.expect(200);
}
