//! A configuration that cannot be.

use std::collections::BTreeMap;

use api::config::{self, Sources};

use super::refusal;

#[test]
fn all_that_is_wrong_with_the_configuration_is_told_at_once() {
    let settings = [
        ("DATABASE_URL", "mysql://root:hunter2@db/tenantry"),
        ("PORT", "many"),
        ("TOKEN_KEY", "hunter2"),
        ("AZURE_TENANT_ID", "organizations"),
    ];
    let settings: BTreeMap<String, String> =
        settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let problems = config::load(Sources::new(settings, None)).unwrap_err().to_string();
    for name in ["DATABASE_URL", "PORT", "TOKEN_KEY", "AZURE_CLIENT_ID", "TENANT_POLICY"] {
        assert!(problems.lines().any(|line| line.starts_with(name)), "{name} in {problems}");
    }
    assert!(!problems.contains("hunter2"), "{problems}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_refused_without_its_password() {
    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let reason = refusal(&format!("postgres://tenantry:hunter2@{unused}/tenantry")).await;
    assert!(reason.starts_with("the database cannot be reached: check DATABASE_URL"), "{reason}");
    assert!(!reason.contains("hunter2"), "{reason}");
}
