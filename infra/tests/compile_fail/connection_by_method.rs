//! No method gives a connection away.

use domain::access::OrgScope;
use infra::db::Database;

async fn connection(database: &Database, scope: &OrgScope) {
    let _ = database.global();
    let _ = database.transaction(scope).await;
}

fn main() {}
