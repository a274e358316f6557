//! Who may do what, printed into a committed file, so that a change of policy is seen in review.

use std::{fmt::Write, path::PathBuf};

use domain::access::{ALL_PERMISSIONS, Role};

use crate::openapi::operation::{Operation, operations};

const ROLES: [Role; 2] = [Role::Member, Role::Admin];

const BEGINNING: &str = "\
# Permissions

Written by a test from the code; do not edit. When the policy changes, the test fails once and writes this file anew:
look at the difference, and commit it if it is what you meant.

A person has the role that their organization or their token gives them. An application that calls for itself has what
its app roles say: `Tenantry.Admin` makes it an administrator, and an app role of a permission's name is that
permission alone.

The service's own staff ([operators](operators.md)) are of no organization: no role opens what is theirs, and being one of
them opens nothing of an organization's.
";

/// What the document says of an operation that no role opens.
const OPERATOR: &str = "operator";

fn least_role(permission: &str) -> &'static str {
    let found = ALL_PERMISSIONS.iter().find(|(word, _)| *word == permission);
    found.map_or("nobody: there is no such permission", |(_, role)| role.as_str())
}

fn role_table(page: &mut String) {
    page.push_str("\n## Roles\n\n| permission |");
    for role in ROLES {
        let _ = write!(page, " {} |", role.as_str());
    }
    page.push_str("\n|---|---|---|\n");
    for (word, _) in ALL_PERMISSIONS {
        let _ = write!(page, "| `{word}` |");
        for role in ROLES {
            let has = role.permissions().any(|permission| permission == *word);
            page.push_str(if has { " yes |" } else { " – |" });
        }
        page.push('\n');
    }
}

fn operation_table(page: &mut String, operations: &[Operation]) {
    page.push_str(
        "\n## Operations\n\n| operation | method and path | permission | least role |\n|---|---|---|---|\n",
    );
    for Operation { id, method, path, permission, .. } in operations {
        let (word, role) = match permission {
            Some(word) if word == OPERATOR => ("the service's own staff".to_owned(), "–"),
            Some(word) => (format!("`{word}`"), least_role(word)),
            None => ("being signed in".to_owned(), "–"),
        };
        let _ = writeln!(page, "| `{id}` | `{method} {path}` | {word} | {role} |");
    }
    let inside: Vec<String> = ALL_PERMISSIONS
        .iter()
        .filter(|(word, _)| !operations.iter().any(|operation| operation.permission.as_deref() == Some(word)))
        .map(|(word, _)| format!("`{word}`"))
        .collect();
    if !inside.is_empty() {
        let _ = writeln!(
            page,
            "\nAsked for inside an operation that also those without it may call: {}.",
            inside.join(", ")
        );
    }
}

#[tokio::test]
async fn the_committed_page_says_who_may_do_what() {
    let mut operations = operations(&api::app::document().unwrap());
    operations.sort_by(|a, b| (&a.path, a.method.as_str()).cmp(&(&b.path, b.method.as_str())));
    let mut page = BEGINNING.to_owned();
    role_table(&mut page);
    operation_table(&mut page, &operations);

    let file = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/permissions.md"));
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    if committed != page {
        std::fs::write(&file, &page).unwrap();
    }
    assert!(
        committed == page,
        "the policy has changed; docs/permissions.md was written anew, review and commit it"
    );
}

#[test]
fn an_administrator_may_do_all_that_a_member_may() {
    let admin: Vec<_> = Role::Admin.permissions().collect();
    assert!(Role::Member.permissions().all(|permission| admin.contains(&permission)));
}
