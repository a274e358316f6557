//! What is remembered of a token, and for how long.

use std::{sync::atomic::Ordering, time::Duration};

use chrono::TimeDelta;

use crate::{
    access::{AuthenticationError, Rejection, VerificationError},
    identity::UserStatus,
    organizations::OrganizationStatus,
};

use super::fakes::World;

#[tokio::test]
async fn a_token_is_verified_once_while_nothing_changes() {
    let world = World::new();
    for _ in 0..5 {
        world.bearer().await.unwrap();
        world.state.advance(TimeDelta::minutes(10));
    }
    assert_eq!(world.state.loads(), 1);
}

#[tokio::test]
async fn a_refusal_is_never_remembered() {
    let world = World::new();
    let good = world.state.token.lock().unwrap().clone();
    let unavailable = VerificationError::Unavailable { retry_after: Duration::from_secs(7) };
    for error in [Rejection::UnknownKey.into(), unavailable] {
        *world.state.token.lock().unwrap() = Err(error);
        assert!(world.bearer().await.is_err());
        assert!(world.bearer().await.is_err());
    }
    assert_eq!(world.state.loads(), 4);
    *world.state.token.lock().unwrap() = good;
    world.state.user.lock().unwrap().status = UserStatus::Disabled;
    assert!(matches!(*world.bearer().await.unwrap_err(), AuthenticationError::UserDisabled));
    world.state.user.lock().unwrap().status = UserStatus::Active;
    world.state.organization.lock().unwrap().status = OrganizationStatus::Suspended;
    assert!(matches!(*world.bearer().await.unwrap_err(), AuthenticationError::OrganizationSuspended));
    world.state.organization.lock().unwrap().status = OrganizationStatus::Active;
    world.bearer().await.unwrap();
}

#[tokio::test]
async fn a_token_whose_key_is_not_trusted_any_more_is_verified_again() {
    let world = World::new();
    world.bearer().await.unwrap();
    world.state.trusts.store(false, Ordering::SeqCst);
    *world.state.token.lock().unwrap() = Err(Rejection::UnknownKey.into());
    let error = world.bearer().await.unwrap_err();
    assert!(matches!(*error, AuthenticationError::Rejected(Rejection::UnknownKey)), "{error}");
    assert_eq!(world.state.loads(), 2);
}

#[tokio::test]
async fn a_token_is_not_served_from_memory_at_or_after_its_expiry() {
    let world = World::new();
    world.bearer().await.unwrap();
    world.state.advance(TimeDelta::hours(1) - TimeDelta::microseconds(1));
    world.bearer().await.unwrap();
    assert_eq!(world.state.loads(), 1);
    world.state.advance(TimeDelta::microseconds(1));
    world.bearer().await.unwrap();
    world.bearer().await.unwrap();
    assert_eq!(world.state.loads(), 3, "within the skew of clocks the verifier decides, each time");
    *world.state.token.lock().unwrap() = Err(Rejection::Expired.into());
    let error = world.bearer().await.unwrap_err();
    assert!(matches!(*error, AuthenticationError::Rejected(Rejection::Expired)), "{error}");
}

#[tokio::test]
async fn a_token_is_not_served_from_memory_before_it_is_valid() {
    let world = World::new();
    let early = |minutes| {
        let mut token = world.state.token.lock().unwrap();
        let token = token.as_mut().unwrap();
        token.not_before = Some(token.issued_at + TimeDelta::minutes(minutes));
    };
    early(3);
    world.bearer().await.unwrap();
    world.bearer().await.unwrap();
    assert_eq!(world.state.loads(), 2, "the clocks differ: the verifier decides, each time");
    world.state.advance(TimeDelta::minutes(3));
    world.bearer().await.unwrap();
    assert_eq!(world.state.loads(), 2);
}

#[tokio::test]
async fn while_nobody_can_tell_of_revocations_nothing_is_served_and_nothing_is_forgotten() {
    let world = World::new();
    let unavailable = |on| world.state.epochs_unavailable.store(on, Ordering::SeqCst);
    unavailable(true);
    let error = world.bearer().await.unwrap_err();
    assert!(matches!(*error, AuthenticationError::Unavailable { .. }), "{error}");
    unavailable(false);
    world.bearer().await.unwrap();
    unavailable(true);
    let error = world.bearer().await.unwrap_err();
    assert!(matches!(*error, AuthenticationError::Unavailable { .. }), "{error}");
    unavailable(false);
    world.bearer().await.unwrap();
    assert_eq!(world.state.loads(), 1, "the load that could not be confirmed was kept for when it could");
}
