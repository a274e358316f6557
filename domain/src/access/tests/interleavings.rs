//! What happens when a change and a request meet.

use crate::access::{AuthenticationError, Subject};

use super::fakes::{Place, World};

#[tokio::test]
async fn who_is_suspended_while_a_load_is_under_way_is_not_let_in_by_it_nor_later() {
    for place in [Place::Verifying, Place::HasRead] {
        let world = World::new();
        let mut held = world.state.hold(place);
        let request = world.bearer_beside().await;
        held.reached().await;
        world.state.suspend_user();
        held.go_on();
        let error = request.await.unwrap().unwrap_err();
        assert!(matches!(*error, AuthenticationError::UserDisabled), "{place:?}: {error}");
        let error = world.bearer().await.unwrap_err();
        assert!(matches!(*error, AuthenticationError::UserDisabled), "{place:?}: {error}");
    }
}

#[tokio::test]
async fn what_was_loaded_during_a_change_is_stale_at_birth_and_never_served() {
    let world = World::new();
    let mut held = world.state.hold(Place::HasRead);
    let request = world.bearer_beside().await;
    held.reached().await;
    world.state.rename_organization("Contoso Ltd");
    held.go_on();
    assert_eq!(request.await.unwrap().unwrap().organization().name, "Contoso Ltd");
    assert_eq!(world.state.loads(), 2, "the request loaded again, after the change");
    assert_eq!(world.bearer().await.unwrap().organization().name, "Contoso Ltd");
    assert_eq!(world.state.loads(), 3, "what the first load read was not kept");
    world.bearer().await.unwrap();
    assert_eq!(world.state.loads(), 3, "what was loaded since is");
}

#[tokio::test]
async fn requests_with_one_token_at_one_time_share_a_load() {
    let world = World::new();
    let mut held = world.state.hold(Place::Verifying);
    let mut requests = Vec::new();
    for _ in 0..5 {
        requests.push(world.bearer_beside().await);
    }
    held.reached().await;
    held.go_on();
    let mut principals = Vec::new();
    for request in requests {
        principals.push(request.await.unwrap().unwrap());
    }
    assert_eq!(world.state.loads(), 1);
    assert!(principals.iter().all(|other| std::sync::Arc::ptr_eq(other, &principals[0])));
}

#[tokio::test]
async fn a_request_that_comes_after_a_change_gets_nothing_from_a_load_that_began_before_it() {
    let world = World::new();
    let mut held = world.state.hold(Place::HasRead);
    let before = world.bearer_beside().await;
    held.reached().await;
    world.state.suspend_user();
    let after = world.bearer_beside().await;
    assert_eq!(world.state.loads(), 1, "it waits for the load that is under way");
    held.go_on();
    for request in [before, after] {
        let error = request.await.unwrap().unwrap_err();
        assert!(matches!(*error, AuthenticationError::UserDisabled), "{error}");
    }
}

#[tokio::test]
async fn a_change_between_a_load_and_a_hit_is_seen_by_the_hit() {
    let world = World::new();
    world.bearer().await.unwrap();
    world.state.rename_organization("Contoso Ltd");
    assert_eq!(world.bearer().await.unwrap().organization().name, "Contoso Ltd");
    world.state.suspend_user();
    let error = world.bearer().await.unwrap_err();
    assert!(matches!(*error, AuthenticationError::UserDisabled), "{error}");
}

#[tokio::test]
async fn a_change_of_somebody_else_disturbs_nobody() {
    let world = World::new();
    world.bearer().await.unwrap();
    world.state.changed(other_user());
    world.bearer().await.unwrap();
    assert_eq!(world.state.loads(), 1);
}

#[tokio::test]
async fn each_hit_asks_only_about_what_changed_since_the_one_before() {
    let world = World::new();
    world.bearer().await.unwrap();
    for _ in 0..3 {
        world.state.changed(other_user());
        world.bearer().await.unwrap();
    }
    assert_eq!(world.state.marks(), [0, 0, 1, 2]);
    assert_eq!(world.state.loads(), 1);
    world.state.suspend_user();
    assert!(world.bearer().await.is_err(), "what changes after the mark is seen");
}

#[tokio::test]
async fn a_change_that_comes_while_a_hit_compares_is_seen_by_the_next() {
    let world = World::new();
    world.bearer().await.unwrap();
    let mut held = world.state.hold(Place::HasCompared);
    let request = world.bearer_beside().await;
    held.reached().await;
    world.state.suspend_user();
    held.go_on();
    assert!(request.await.unwrap().is_ok(), "it was decided before the change");
    let error = world.bearer().await.unwrap_err();
    assert!(matches!(*error, AuthenticationError::UserDisabled), "{error}");
}

fn other_user() -> Subject {
    use crate::id::TypedId;
    Subject::User(crate::id::UserId::from_uuid(uuid::Uuid::from_u128(77)))
}
