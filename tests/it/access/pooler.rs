//! A transaction pooler between a replica and PostgreSQL: every question is answered, and no notification arrives.

#![expect(clippy::unwrap_used, reason = "what a helper cannot do is the test's failure")]

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::json;
use tests::{TestApp, is_postgres};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use url::Url;

use super::support::{ME, id_of};

/// The kind of message in which PostgreSQL notifies (PostgreSQL documentation, "Message Formats").
const NOTIFICATION: u8 = b'A';

/// Passes everything on but notifications; gives the database's URL by that way.
async fn pooler(database: &str) -> String {
    let mut url = Url::parse(database).unwrap();
    let server = (url.host_str().unwrap().to_owned(), url.port().unwrap());
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
    // So that the server's bytes are messages from the first on.
    url.query_pairs_mut().append_pair("sslmode", "disable");
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect((server.0.as_str(), server.1)).await.unwrap();
            let (mut from_client, to_client) = client.into_split();
            let (from_server, mut to_server) = server.into_split();
            tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
            tokio::spawn(pass_on(from_server, to_client));
        }
    });
    url.into()
}

async fn pass_on(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) -> std::io::Result<()> {
    loop {
        let kind = from.read_u8().await?;
        let length = from.read_u32().await?;
        let mut rest = vec![0; length as usize - 4];
        from.read_exact(&mut rest).await?;
        if kind != NOTIFICATION {
            to.write_all(&[&[kind][..], &length.to_be_bytes(), &rest].concat()).await?;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_behind_a_pooler_notices_that_it_hears_nothing_and_asks_the_table() {
    if !is_postgres() {
        return;
    }
    let app = TestApp::start().await;
    let replica = app.replica_at(&pooler(&app.database.url).await).await;
    let (admin, alex) = (app.user("adele"), replica.user("alex"));
    let id = id_of(&alex).await;
    let _tasks = (app.app.start_background(), replica.app.start_background());
    // Long enough for a listener that only asks whether the server lives to believe that it hears.
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_millis(400)).await;
        app.advance(TimeDelta::milliseconds(1_100));
        let ready = replica.anonymous().get("/readyz").await.expect(200);
        assert_eq!(ready.at("/checks/revocation/status"), json!("degraded"));
    }
    let direct = app.anonymous().get("/readyz").await.expect(200);
    assert_eq!(direct.at("/checks/database/status"), json!("ok"));
    alex.get(ME).await.expect(200);
    admin.post(&format!("/api/members/{id}/suspend"), json!(null)).await.expect(200);
    assert_eq!(alex.get(ME).await.expect(403).code(), "USER_DISABLED");
}
