//! The rules of the house that the compiler does not hold: which crate knows which, and where doors are built.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use crate::openapi::operation::operations;

const OURS: [&str; 5] = ["api", "domain", "emulator", "infra", "migration"];

fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// What a crate depends on; its tests' dependencies only when they are asked for.
fn dependencies(name: &str, with_tests: bool) -> BTreeSet<String> {
    let text =
        std::fs::read_to_string(root().join(name).join("Cargo.toml")).expect("each crate has a Cargo.toml");
    let manifest: toml::Table = text.parse().expect("Cargo.toml is TOML");
    assert!(
        !manifest.contains_key("target"),
        "{name}: dependencies by target are not looked at here; add it"
    );
    let tables: &[&str] = if with_tests {
        &["dependencies", "build-dependencies", "dev-dependencies"]
    } else {
        &["dependencies", "build-dependencies"]
    };
    tables
        .iter()
        .filter_map(|table| manifest.get(*table)?.as_table())
        .flat_map(|table| table.keys().cloned())
        .collect()
}

fn members() -> Vec<String> {
    let text = std::fs::read_to_string(root().join("Cargo.toml")).expect("the workspace has a Cargo.toml");
    let manifest: toml::Table = text.parse().expect("Cargo.toml is TOML");
    let members = manifest
        .get("workspace")
        .and_then(|workspace| workspace.get("members"))
        .and_then(toml::Value::as_array);
    members
        .expect("a list of members")
        .iter()
        .map(|member| member.as_str().expect("a path").to_owned())
        .collect()
}

/// A source file: its path from the root, and its lines without comments.
struct Source {
    path: String,
    code: String,
}

impl Source {
    /// Whether the code has this, not as the end of a longer name.
    fn names(&self, what: &str) -> bool {
        let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
        self.code
            .match_indices(what)
            .any(|(at, _)| !self.code.get(..at).is_some_and(|before| before.ends_with(is_name)))
    }
}

/// The Rust files below a folder.
fn sources(folder: &str) -> Vec<Source> {
    let mut found = Vec::new();
    collect(&root().join(folder), folder, &mut found);
    assert!(!found.is_empty(), "{folder} has no sources, so looking through them proves nothing");
    found
}

fn collect(folder: &Path, name: &str, found: &mut Vec<Source>) {
    for entry in std::fs::read_dir(folder).expect("a folder of the repository").filter_map(Result::ok) {
        let path = format!("{name}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            collect(&entry.path(), &path, found);
        } else if entry.path().extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(entry.path()).expect("a source file is text");
            let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            found.push(Source { path, code: lines.collect::<Vec<_>>().join("\n") });
        }
    }
}

/// The files in which the code has this, but for those that may.
#[track_caller]
fn only_in(folders: &[&str], what: &str, allowed: &[&str]) {
    let mut allowed_and_there = 0;
    for source in folders.iter().flat_map(|folder| sources(folder)).filter(|source| source.names(what)) {
        let is_allowed = allowed.iter().any(|allowed| source.path.starts_with(allowed));
        assert!(is_allowed, "{} has `{what}`, which only {allowed:?} may have", source.path);
        allowed_and_there += 1;
    }
    assert!(
        allowed.is_empty() || allowed_and_there > 0,
        "`{what}` is nowhere: the rule looks for the wrong thing"
    );
}

#[test]
fn the_domain_knows_no_database_no_network_and_no_framework() {
    let forbidden = [
        "jsonwebtoken",
        "moka",
        "poem",
        "poem-openapi",
        "redis",
        "reqwest",
        "rustls",
        "sea-orm",
        "sqlx",
        "tokio",
    ];
    for name in dependencies("domain", false) {
        assert!(!forbidden.contains(&name.as_str()), "domain depends on {name}");
        assert!(!OURS.contains(&name.as_str()), "domain depends on {name}");
    }
}

#[test]
fn each_crate_knows_only_those_below_it() {
    let knows = |name: &str| -> Vec<String> {
        dependencies(name, true).into_iter().filter(|name| OURS.contains(&name.as_str())).collect()
    };
    assert_eq!(knows("api"), ["domain", "infra", "migration"]);
    assert_eq!(knows("infra"), ["domain", "migration"]);
    // A step of a migration must mean the same whatever today's code says.
    assert!(knows("migration").is_empty());
    // A second implementation of the authority's protocol: shared code would hide its own mistakes.
    assert!(knows("emulator").is_empty());
}

#[test]
fn the_web_framework_is_in_the_api_and_the_database_is_behind_the_ports() {
    for name in members() {
        for dependency in dependencies(&name, false) {
            match dependency.as_str() {
                "poem" | "poem-openapi" => {
                    assert!(
                        ["api", "emulator", "tests"].contains(&name.as_str()),
                        "{name} depends on {dependency}"
                    );
                }
                "sea-orm" | "sqlx" => {
                    assert!(["infra", "tests"].contains(&name.as_str()), "{name} depends on {dependency}");
                }
                _ => {}
            }
        }
    }
}

#[test]
fn the_implementations_of_the_ports_are_named_only_where_the_process_is_put_together() {
    let here = ["api/src/app.rs", "api/src/app/", "api/src/main.rs"];
    only_in(&["api/src"], "infra::", &here);
    only_in(&["api/src"], "use infra", &here);
}

#[test]
fn what_makes_principals_and_scopes_is_built_in_one_place() {
    // A false port handed to one of these could forge a principal.
    let crates =
        ["api/src", "infra/src", "migration/src", "emulator/src", "tests/src", "tests/it", "domain/src"];
    // Split, so that this file does not name what it looks for. The domain's own tests hand it ports made by hand.
    let allowed = ["api/src/app.rs", "domain/src/access/tests"];
    only_in(&crates, &["Authentication", "::new("].concat(), &allowed);
    only_in(&crates, &["Operators", "::new("].concat(), &allowed);
    // A refresh token gives a scope, as any credential does.
    only_in(&crates, &[" Sessions", "::new("].concat(), &["api/src/app/sign_in.rs"]);
    only_in(
        &crates,
        &["SessionPorts", " {"].concat(),
        &["api/src/app/sign_in.rs", "domain/src/access/sessions.rs"],
    );
    only_in(&crates, &["Jobs", "::new("].concat(), &allowed);
    // Tests that fill an organization with secrets past Microsoft's pages enter it as a rotation does.
    let rotating = ["api/src/app.rs", "infra/src/secret/tests", "tests/it/connections/seed.rs"];
    only_in(&crates, &["KeyRotation", "::new("].concat(), &rotating);
    let onboarding = &["api/src/app/onboarding.rs"];
    only_in(&crates, &["Onboarding", "::new("].concat(), onboarding);
    only_in(
        &crates,
        &["AuthenticationPorts", " {"].concat(),
        &[&allowed[..], &["domain/src/access/authentication.rs"]].concat(),
    );
}

#[test]
fn queries_that_add_no_organization_begin_only_where_a_reason_stands_beside_them() {
    let door = ["infra/src/db/", "infra/src/organizations.rs"];
    for source in sources("infra/src") {
        // The lints forbid the finders of entities; an expectation opens them again.
        let opens = source.code.contains("clippy::disallowed_methods");
        let finds = source.names("Entity");
        assert!(
            !(opens && finds) || door.iter().any(|door| source.path.starts_with(door)),
            "{} may begin queries on entities without their organization; only {door:?} may",
            source.path
        );
    }
    only_in(
        &["api/src", "domain/src", "infra/src"],
        "Statement::from",
        &["infra/src/db/", "infra/src/epochs"],
    );
    // The tests of sealing change rows as somebody past the service would.
    let door = ["infra/src/db/", "infra/src/secret/tests.rs"];
    only_in(&["api/src", "domain/src", "infra/src"], "execute_unprepared", &door);
    // The builders below the finders, and the loaders of relations, which add no organization either.
    for builder in [
        "sea_query::Query",
        "Query::select",
        "from_raw_sql",
        "find_with_related",
        "find_also_related",
        "load_many",
        "load_one",
    ] {
        only_in(&["api/src", "domain/src", "infra/src"], builder, &[]);
    }
}

/// What the service's staff ask across organizations is one port, answered from tables that are nobody's in particular.
#[test]
fn what_is_asked_across_organizations_is_a_closed_list() {
    only_in(&["infra/src", "api/src", "domain/src"], "OperatorDirectory for", &["infra/src/db/operators.rs"]);
    let domain = std::fs::read_to_string(root().join("domain/src/access/operator.rs")).unwrap();
    let (_, port) = domain.split_once("pub trait OperatorDirectory").expect("the port is there");
    let (port, _) = port.split_once("\n}\n").expect("it ends");
    let questions: Vec<&str> =
        port.split("async fn ").skip(1).filter_map(|rest| rest.split('(').next()).collect();
    assert_eq!(questions, ["tenants", "account_by_id", "accounts_by_email", "staff", "dismiss", "jobs"]);
    let answers = std::fs::read_to_string(root().join("infra/src/db/operators.rs")).unwrap();
    let (_, names) = answers.split_once("use super::{").expect("the tables are imported");
    let (names, _) = names.split_once('}').expect("the list ends");
    let tables: Vec<&str> = names.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    let global = [
        "Database",
        "accounts",
        "epochs",
        "identities",
        "jobs as table",
        "memberships",
        "organizations",
        "store_error",
    ];
    assert_eq!(tables, global, "a table of an organization's is asked inside the organization");
}

#[test]
fn every_crate_takes_the_lints_and_none_is_unsafe() {
    let workspace = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(workspace.contains("\nunsafe_code = \"forbid\"\n"));
    for name in members() {
        let text = std::fs::read_to_string(root().join(&name).join("Cargo.toml")).unwrap();
        let manifest: toml::Table = text.parse().unwrap();
        let lints = manifest.get("lints").and_then(|lints| lints.get("workspace"));
        assert_eq!(lints.and_then(toml::Value::as_bool), Some(true), "{name} has lints of its own, or none");
    }
    for name in members() {
        for source in sources(&name) {
            for word in ["{", "fn", "impl", "trait", "extern"] {
                let found = source.names(&["unsafe ", word].concat());
                assert!(!found, "{} is unsafe", source.path);
            }
        }
    }
}

/// The framework gives a handler's path arguments by their position: two that changed places would swap in silence.
#[tokio::test]
async fn path_parameters_stand_in_the_order_of_the_path() {
    for operation in operations(&api::app::document().unwrap()) {
        let in_path: Vec<&str> =
            operation.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
        let parameters = operation.parameters.iter().filter(|parameter| parameter.place == "path");
        let documented: Vec<&str> = parameters.map(|parameter| parameter.name.as_str()).collect();
        assert_eq!(documented, in_path, "{}", operation.id);
    }
}
