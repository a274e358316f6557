//! Who can be acted for, and that a token stays with its request.

use chrono::TimeDelta;
use secrecy::ExposeSecret;
use uuid::Uuid;

use super::fakes::{ADA, TENANT, World};
use crate::{
    access::{NotDelegable, Origin, SignedIn},
    identity::UserKind,
};

#[tokio::test]
async fn a_person_is_acted_for_with_the_token_of_this_very_request() {
    let world = World::new();
    let client = Uuid::from_u128(7);
    {
        let mut token = world.state.token.lock().unwrap();
        let token = token.as_mut().unwrap();
        token.client_id = Some(client);
        token.handles_claims = true;
    }
    // The principal of the second is the remembered one of the first.
    for _ in 0..2 {
        let caller = world.authenticated().await.unwrap();
        let (org_id, user_id) = (caller.principal().organization().id, caller.principal().user().id);
        let caller = caller.authorize::<SignedIn>(Origin::default()).unwrap().on_behalf_of().unwrap();
        assert_eq!(caller.assertion().unwrap().secret().expose_secret(), "the token");
        assert_eq!((caller.tenant(), caller.object_id(), caller.client_id()), (TENANT, ADA, Some(client)));
        assert_eq!((caller.org_id(), caller.user_id()), (org_id, user_id));
        assert!(caller.assertion().unwrap().handles_claims());
        let expires_at = world.state.token.lock().unwrap().as_ref().unwrap().expires_at;
        assert_eq!(caller.assertion().unwrap().expires_at(), expires_at);
        assert!(expires_at - world.state.now() <= TimeDelta::hours(1));
    }
    assert_eq!(world.state.loads(), 1);
}

#[tokio::test]
async fn nothing_that_is_remembered_or_printed_has_the_token() {
    let world = World::new();
    let caller = world.authenticated().await.unwrap();
    let printed = format!("{caller:?} {:?}", caller.principal());
    let authorized = caller.authorize::<SignedIn>(Origin::default()).unwrap();
    let printed = format!("{printed} {authorized:?} {:?}", authorized.on_behalf_of().unwrap());
    assert!(!printed.contains("the token"), "{printed}");
}

#[tokio::test]
async fn an_application_cannot_be_acted_for() {
    let world = World::new();
    {
        let mut token = world.state.token.lock().unwrap();
        let token = token.as_mut().unwrap();
        token.scopes.clear();
        token.app_roles = vec!["Tenantry.Admin".to_owned()];
    }
    world.state.user.lock().unwrap().kind = UserKind::ServicePrincipal;
    let caller = world.authenticated().await.unwrap().authorize::<SignedIn>(Origin::default()).unwrap();
    assert_eq!(caller.on_behalf_of().unwrap_err(), NotDelegable);
}

#[cfg(debug_assertions)]
#[tokio::test]
async fn the_development_identity_cannot_be_acted_for() {
    let world = World::new();
    let identity = crate::access::DevelopmentIdentity {
        email: "developer@localhost".to_owned(),
        name: "Developer".to_owned(),
        organization: "dev".to_owned(),
    };
    let caller = world.authentication.development(&identity).await.unwrap();
    let caller = caller.authorize::<SignedIn>(Origin::default()).unwrap();
    assert_eq!(caller.on_behalf_of().unwrap_err(), NotDelegable);
}
