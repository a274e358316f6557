//! Organization and user, remembered beyond one token.

use chrono::TimeDelta;
use uuid::Uuid;

use super::fakes::{Place, World};
use crate::{access::AuthenticationError, identity::Profile, organizations::OrganizationStatus};

#[tokio::test]
async fn the_next_token_of_somebody_known_reads_nothing_until_something_changes() {
    let world = World::with_identities();
    assert_eq!(world.bearer_of("one").await.unwrap().organization().name, "Contoso");
    "Not told".clone_into(&mut world.state.organization.lock().unwrap().name);
    assert_eq!(world.bearer_of("two").await.unwrap().organization().name, "Contoso");
    assert_eq!(world.state.loads(), 2, "each token is verified");
    world.state.rename_organization("Told");
    assert_eq!(world.bearer_of("three").await.unwrap().organization().name, "Told");
    "Not told".clone_into(&mut world.state.organization.lock().unwrap().name);
    assert_eq!(world.bearer_of("four").await.unwrap().organization().name, "Told");
}

#[tokio::test]
async fn of_a_colleague_only_the_colleague_is_read_until_the_organization_changes() {
    let world = World::with_identities();
    let come = async |token: &str| {
        world.state.token.lock().unwrap().as_mut().unwrap().object_id = Uuid::from_u128(token.len() as u128);
        world.bearer_of(token).await
    };
    assert_eq!(come("a").await.unwrap().organization().name, "Contoso");
    "Not told".clone_into(&mut world.state.organization.lock().unwrap().name);
    assert_eq!(come("bb").await.unwrap().organization().name, "Contoso");
    world.state.rename_organization("Told");
    assert_eq!(come("ccc").await.unwrap().organization().name, "Told");
    world.state.rename_organization("Suspended");
    world.state.organization.lock().unwrap().status = OrganizationStatus::Suspended;
    assert!(matches!(*come("dddd").await.unwrap_err(), AuthenticationError::OrganizationSuspended));
}

#[tokio::test]
async fn who_was_suspended_is_refused_with_every_token() {
    let world = World::with_identities();
    world.bearer_of("one").await.unwrap();
    world.state.suspend_user();
    for token in ["one", "two", "two"] {
        let refusal = world.bearer_of(token).await.unwrap_err();
        assert!(matches!(*refusal, AuthenticationError::UserDisabled));
    }
}

#[tokio::test]
async fn what_was_read_during_a_change_is_stale_at_birth_for_other_tokens_too() {
    let world = World::with_identities();
    let mut held = world.state.hold(Place::HasRead);
    let request = {
        let world = world.clone();
        tokio::spawn(async move { world.bearer_of("one").await })
    };
    held.reached().await;
    world.state.suspend_user();
    held.go_on();
    for refusal in [request.await.unwrap(), world.bearer_of("two").await, world.bearer_of("one").await] {
        assert!(matches!(*refusal.unwrap_err(), AuthenticationError::UserDisabled));
    }
}

#[tokio::test]
async fn while_nobody_can_tell_of_revocations_what_is_remembered_is_not_used() {
    let world = World::with_identities();
    world.bearer_of("one").await.unwrap();
    world.state.epochs_unavailable.store(true, std::sync::atomic::Ordering::SeqCst);
    let refusal = world.bearer_of("two").await.unwrap_err();
    assert!(matches!(*refusal, AuthenticationError::Unavailable { .. }));
}

#[tokio::test]
async fn a_token_that_tells_something_new_goes_to_the_database() {
    let world = World::with_identities();
    world.bearer_of("one").await.unwrap();
    world.state.advance(TimeDelta::minutes(1));
    // The database has it already, as another replica may have written it; nothing was told of that.
    world.state.user.lock().unwrap().profile =
        Profile { email: Some("new@contoso.com".to_owned()), ..Profile::default() };
    if let Ok(token) = world.state.token.lock().unwrap().as_mut() {
        token.email = Some("new@contoso.com".to_owned());
        token.issued_at += TimeDelta::minutes(1);
    }
    let principal = world.bearer_of("two").await.unwrap();
    assert_eq!(principal.user().profile.email.as_deref(), Some("new@contoso.com"));
}
