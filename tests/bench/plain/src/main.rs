//! `plain`: the service that a team would write by hand, with axum, jsonwebtoken and sqlx. It verifies the token and
//! asks the database on each request, and remembers nothing.
//!
//! Arguments: a port, a JWKS file, the issuer with `{tenantid}`, the audience, an SQLite file.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    routing::get,
};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::JwkSet};
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::{
    Row, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous},
};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS organizations (id TEXT PRIMARY KEY, tid TEXT NOT NULL UNIQUE, name TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS users (
        id TEXT PRIMARY KEY, org_id TEXT NOT NULL REFERENCES organizations (id), oid TEXT NOT NULL,
        email TEXT, name TEXT, role TEXT NOT NULL, disabled INTEGER NOT NULL DEFAULT 0, UNIQUE (org_id, oid));";

const FIND: &str = "
    SELECT u.id, u.email, u.name, u.role, u.disabled, o.id AS org_id, o.name AS org_name, o.tid
    FROM organizations o JOIN users u ON u.org_id = o.id WHERE o.tid = ? AND u.oid = ?";

struct Service {
    keys: HashMap<String, DecodingKey>,
    validation: Validation,
    issuer: String,
    /// SQLite has one writer.
    writer: SqlitePool,
    readers: SqlitePool,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    tid: String,
    oid: String,
    name: Option<String>,
    email: Option<String>,
    scp: Option<String>,
    azp: Option<String>,
}

type Refusal = (StatusCode, &'static str);

async fn me(State(service): State<Arc<Service>>, headers: HeaderMap) -> Result<Json<Value>, Refusal> {
    let claims = service.verify(&headers).ok_or((StatusCode::UNAUTHORIZED, "unauthorized"))?;
    let failed = |_| (StatusCode::INTERNAL_SERVER_ERROR, "the database failed");
    let row = match service.find(&claims).await.map_err(failed)? {
        Some(row) => row,
        None => {
            service.add(&claims).await.map_err(failed)?;
            service.find(&claims).await.map_err(failed)?.ok_or((StatusCode::NOT_FOUND, "gone"))?
        }
    };
    if row.get::<bool, _>("disabled") {
        return Err((StatusCode::FORBIDDEN, "disabled"));
    }
    let text = |column: &str| row.get::<Option<String>, _>(column);
    Ok(Json(json!({ "data": {
        "id": text("id"), "kind": "user", "email": text("email"), "displayName": text("name"), "avatarUrl": null,
        "organization": { "id": text("org_id"), "name": text("org_name"), "azureTenantId": text("tid") },
        "roles": [text("role")],
        "permissions": ["annotations:read", "annotations:write", "members:read", "organization:read", "taxonomies:read"],
        "scopes": claims.scp.unwrap_or_default().split(' ').collect::<Vec<_>>(), "appRoles": [],
        "clientId": claims.azp,
    } })))
}

impl Service {
    fn verify(&self, headers: &HeaderMap) -> Option<Claims> {
        let token = headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")?;
        let key = self.keys.get(&jsonwebtoken::decode_header(token).ok()?.kid?)?;
        let claims = jsonwebtoken::decode::<Claims>(token, key, &self.validation).ok()?.claims;
        (claims.iss == self.issuer.replace("{tenantid}", &claims.tid)).then_some(claims)
    }

    async fn find(&self, claims: &Claims) -> sqlx::Result<Option<SqliteRow>> {
        sqlx::query(FIND).bind(&claims.tid).bind(&claims.oid).fetch_optional(&self.readers).await
    }

    async fn add(&self, claims: &Claims) -> sqlx::Result<()> {
        let id = || uuid::Uuid::new_v4().to_string();
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("INSERT INTO organizations (id, tid, name) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
            .bind(id())
            .bind(&claims.tid)
            .bind(claims.email.as_deref().and_then(|email| email.rsplit('@').next()).unwrap_or(&claims.tid))
            .execute(&mut *transaction)
            .await?;
        sqlx::query(
            "INSERT INTO users (id, org_id, oid, email, name, role)
             SELECT ?, id, ?, ?, ?, 'member' FROM organizations WHERE tid = ? ON CONFLICT DO NOTHING",
        )
        .bind(id())
        .bind(&claims.oid)
        .bind(&claims.email)
        .bind(&claims.name)
        .bind(&claims.tid)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
    }
}

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, port, jwks, issuer, audience, database] = arguments.as_slice() else {
        panic!("usage: plain PORT JWKS ISSUER AUDIENCE DATABASE")
    };
    let jwks: JwkSet = serde_json::from_slice(&std::fs::read(jwks).unwrap()).unwrap();
    let key = |jwk: &jsonwebtoken::jwk::Jwk| Some((jwk.common.key_id.clone()?, DecodingKey::from_jwk(jwk).ok()?));
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_audience(&[audience]);
    let options = SqliteConnectOptions::new()
        .filename(database)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let pool = |connections| SqlitePoolOptions::new().max_connections(connections);
    let writer = pool(1).connect_with(options.clone()).await.unwrap();
    sqlx::raw_sql(SCHEMA).execute(&writer).await.unwrap();
    let readers = pool(8).connect_with(options).await.unwrap();
    let keys = jwks.keys.iter().filter_map(key).collect();
    let service = Service { keys, validation, issuer: issuer.clone(), writer, readers };
    let app = Router::new().route("/healthz", get(async || "")).route("/api/auth/me", get(me)).with_state(Arc::new(service));
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await.unwrap();
    axum::serve(listener, app).await.unwrap();
}
