//! Every operation, called by those who may not: without a credential, and without the permission that the document
//! says it needs.

use domain::access::{ALL_PERMISSIONS, Role};
use serde_json::Value;
use tests::{Actor, emulator::ids};

use super::{
    fill::{Filled, Place, fill, unknown},
    world::World,
};
use crate::openapi::operation::{Operation, for_operators, walked};

fn of_a(world: &World, operation: &Operation) -> Filled {
    fill(tests::document(), operation, &|place: Place, name: &str| world.a.noun(place, name))
        .expect("the walk can fill it")
}

fn of_nobody(world: &World, operation: &Operation) -> Filled {
    let nouns = |place: Place, name: &str| world.a.noun(place, name).map(unknown);
    fill(tests::document(), operation, &nouns).expect("the walk can fill it")
}

#[tokio::test]
async fn without_a_credential_nobody_gets_in() {
    let world = World::filled().await;
    let before = world.rows_of_a().await;
    for operation in walked(tests::document()) {
        let id = &operation.id;
        let secured = operation.raw["security"].as_array().is_some_and(|schemes| !schemes.is_empty());
        assert!(secured, "{id} can be called by anybody: if it is meant so, list it here with the reason");
        for (actor, challenge) in [
            (world.app.anonymous(), "Bearer"),
            (world.app.token("no token"), "Bearer error=\"invalid_token\""),
            // Claiming to be of an organization is no credential.
            (world.app.anonymous().with("X-Tenant-ID", &world.a.id), "Bearer"),
        ] {
            let (code, challenge) = if operation.is_key_only() {
                ("API_KEY_MISSING", "ApiKey")
            } else {
                ("UNAUTHORIZED", challenge)
            };
            let statements = world.app.app.statements();
            let refused = of_a(&world, &operation).send(&actor).await;
            assert_eq!((refused.status.as_u16(), refused.code().as_str()), (401, code), "{id}");
            assert_eq!(refused.header("www-authenticate"), Some(challenge), "{id}");
            assert_eq!(world.app.app.statements(), statements, "{id}");
            world.assert_silent(&refused, &Value::Null, id);
        }
    }
    assert_eq!(world.rows_of_a().await, before);
}

#[tokio::test]
async fn what_is_for_the_staff_is_shut_for_everybody_of_an_organization() {
    let world = World::filled().await;
    let before = world.rows_of_a().await;
    for operation in for_operators(tests::document()) {
        let id = &operation.id;
        for (actor, challenge) in [
            (world.app.anonymous(), "Bearer"),
            (world.app.token("no token"), "Bearer error=\"invalid_token\""),
        ] {
            let refused = of_a(&world, &operation).send(&actor).await;
            assert_eq!((refused.status.as_u16(), refused.code().as_str()), (401, "UNAUTHORIZED"), "{id}");
            assert_eq!(refused.header("www-authenticate"), Some(challenge), "{id}");
            world.assert_silent(&refused, &Value::Null, id);
        }
        for (who, actor) in world.a.callers().into_iter().chain(world.b.callers()) {
            let what = format!("{id} by {who}");
            let refused = of_a(&world, &operation).send(actor).await;
            assert_eq!((refused.status.as_u16(), refused.code().as_str()), (403, "FORBIDDEN"), "{what}");
            assert!(!refused.text.contains(&world.a.id), "{what}: {}", refused.text);
        }
    }
    assert_eq!(world.rows_of_a().await, before);
}

#[tokio::test]
async fn a_member_may_call_what_the_policy_gives_to_members_and_nothing_else() {
    let world = World::filled().await;
    let granted: Vec<&str> = Role::Member.permissions().collect();
    let (mut refused, mut allowed) = (0, 0);
    for operation in walked(tests::document()) {
        let is_granted = operation.permission.as_deref().is_none_or(|word| granted.contains(&word));
        if operation.is_key_only() {
            needs_a_key(&world, &operation, &world.a.member).await;
        } else if is_granted {
            allowed += 1;
            may(&world, &operation, &world.a.member).await;
        } else {
            refused += 1;
            let before = world.rows_of_a().await;
            may_not(&world, &operation, &world.a.member).await;
            assert_eq!(world.rows_of_a().await, before, "{}", operation.id);
        }
    }
    assert!(refused > 0 && allowed > 0, "{refused} operations were refused and {allowed} allowed");
}

#[tokio::test]
async fn an_app_role_that_means_nothing_here_grants_nothing() {
    let world = World::filled().await;
    let application = world.app.application("Tenantry", ids::CONTOSO, &["Other.Role"]);
    let before = world.rows_of_a().await;
    for operation in walked(tests::document()) {
        if operation.is_key_only() {
            needs_a_key(&world, &operation, &application).await;
        } else if operation.permission.is_some() {
            may_not(&world, &operation, &application).await;
        } else if operation.is_delegated() {
            needs_a_person(&world, &operation, &application).await;
        } else {
            may(&world, &operation, &application).await;
        }
    }
    assert_eq!(world.rows_of_a().await, before);
}

#[tokio::test]
async fn an_app_role_of_a_permissions_name_grants_that_permission_alone() {
    let world = World::filled().await;
    for (word, _) in ALL_PERMISSIONS {
        let application = world.app.application("Tenantry", ids::CONTOSO, &[word]);
        for operation in walked(tests::document()) {
            let is_granted = operation.permission.as_deref().is_none_or(|needed| needed == *word);
            if operation.is_key_only() {
                needs_a_key(&world, &operation, &application).await;
            } else if is_granted && operation.needs_a_person() {
                needs_a_person(&world, &operation, &application).await;
            } else if is_granted {
                may(&world, &operation, &application).await;
            } else {
                may_not(&world, &operation, &application).await;
            }
        }
    }
}

/// The caller is refused, and whether the thing exists makes no difference.
async fn may_not(world: &World, operation: &Operation, actor: &Actor) {
    for filled in [of_a(world, operation), of_nobody(world, operation)] {
        let refused = filled.send(actor).await;
        assert_eq!(
            (refused.status.as_u16(), refused.code().as_str()),
            (403, "FORBIDDEN"),
            "{}",
            operation.id
        );
        let message = "You do not have access to this resource";
        assert_eq!(refused.text_at("/error/message"), message, "{}", operation.id);
    }
}

/// It is for API keys, and whoever comes with something else is not looked at.
async fn needs_a_key(world: &World, operation: &Operation, actor: &Actor) {
    for filled in [of_a(world, operation), of_nobody(world, operation)] {
        let before = world.app.app.statements();
        let refused = filled.send(actor).await;
        let told = (refused.status.as_u16(), refused.code());
        assert_eq!(told, (401, "API_KEY_MISSING".to_owned()), "{}", operation.id);
        assert_eq!(world.app.app.statements(), before, "{}", operation.id);
    }
}

/// An application may do it as far as permissions go, but there is nobody in whose name it could be done.
async fn needs_a_person(world: &World, operation: &Operation, actor: &Actor) {
    let refused = of_nobody(world, operation).send(actor).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (403, "FORBIDDEN"), "{}", operation.id);
    assert!(refused.text_at("/error/message").contains("Only a person"), "{}", operation.id);
}

/// The caller gets past the door. Behind it is nothing that the ids would name, so little is changed by it.
async fn may(world: &World, operation: &Operation, actor: &Actor) {
    let answer = of_nobody(world, operation).send(actor).await;
    assert!(![401, 403].contains(&answer.status.as_u16()), "{}: {}", operation.id, answer.text);
    assert!(!answer.status.is_server_error(), "{}: {}", operation.id, answer.text);
}
