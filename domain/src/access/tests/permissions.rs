//! Who may do what.

use super::fakes::World;
use crate::{
    access::{
        ALL_PERMISSIONS, Actor, ApiKeyRefusal, AuthenticationError, Forbidden, Origin, Permission, Rejection,
        Role, SignedIn,
    },
    annotations::{self, taxonomies},
    api_keys, connections,
    identity::UserKind,
    organizations::{self, members},
    proxy, sharepoint,
};

#[tokio::test]
async fn an_application_does_not_inherit_the_role_of_a_person_with_its_object_id() {
    let world = World::new();
    {
        let mut token = world.state.token.lock().unwrap();
        let token = token.as_mut().unwrap();
        token.scopes.clear();
        token.app_roles = vec!["annotations:read".to_owned()];
    }
    world.state.user.lock().unwrap().role = Some(Role::Admin);
    let refused = world.bearer().await.unwrap_err();
    assert!(matches!(*refused, AuthenticationError::Rejected(Rejection::PermissionClaims)), "{refused}");
}

#[test]
fn each_role_has_its_permissions_and_no_others() {
    let of = |role: Role| role.permissions().collect::<Vec<_>>();
    let member = [
        "annotations:read",
        "annotations:write",
        "api-keys:own",
        "connections:read",
        "connections:write",
        "members:read",
        "organization:read",
        "proxy:graph",
        "proxy:sharepoint",
        "sharepoint:read",
        "taxonomies:read",
        "tokens:read",
    ];
    let admin_alone = [
        "annotations:moderate",
        "api-keys:manage",
        "connections:manage",
        "members:import",
        "members:manage",
        "organization:delete",
        "organization:export",
        "organization:manage",
        "taxonomies:manage",
    ];
    assert_eq!(of(Role::Member), member);
    let mut all = [&member[..], &admin_alone].concat();
    all.sort_unstable();
    assert_eq!(of(Role::Admin), all);
}

#[test]
fn every_permission_that_a_handler_can_name_is_in_the_list_and_the_other_way_round() {
    fn word<P: Permission>() -> &'static str {
        assert_eq!(P::MARKER.strip_prefix("permission:"), P::NAME);
        P::NAME.unwrap()
    }
    let mut named = [
        word::<annotations::Read>(),
        word::<annotations::Write>(),
        word::<annotations::Moderate>(),
        word::<api_keys::Own>(),
        word::<api_keys::Manage>(),
        word::<connections::Read>(),
        word::<connections::Write>(),
        word::<connections::Manage>(),
        word::<connections::ReadTokens>(),
        word::<proxy::ProxyGraph>(),
        word::<proxy::ProxySharePoint>(),
        word::<taxonomies::Read>(),
        word::<taxonomies::Manage>(),
        word::<organizations::Read>(),
        word::<organizations::Manage>(),
        word::<organizations::Export>(),
        word::<organizations::Delete>(),
        word::<members::Read>(),
        word::<members::Manage>(),
        word::<members::Import>(),
        word::<sharepoint::Read>(),
    ];
    named.sort_unstable();
    assert_eq!(ALL_PERMISSIONS.iter().map(|(word, _)| *word).collect::<Vec<_>>(), named);
    assert!(SignedIn::NAME.is_none());
}

#[test]
fn a_role_is_read_back_from_its_word() {
    for role in [Role::Member, Role::Admin] {
        assert_eq!(Role::parse(role.as_str()), Some(role));
    }
    assert_eq!(Role::parse("Admin"), None);
}

#[tokio::test]
async fn a_principal_gives_the_proof_of_what_it_may_and_of_nothing_else() {
    let world = World::new();
    let member = world.bearer().await.unwrap();
    let caller = async || world.authenticated().await.unwrap();
    assert!(caller().await.authorize::<SignedIn>(Origin::default()).is_ok());
    let proof = caller().await.authorize::<annotations::Write>(Origin::default()).unwrap();
    assert_eq!(proof.scope().org_id(), member.organization().id);
    assert_eq!(proof.scope().actor(), Actor::User(member.user().id));
    assert!(matches!(caller().await.authorize::<members::Manage>(Origin::default()), Err(Forbidden)));
}

#[tokio::test]
async fn the_greater_of_the_roles_counts_that_the_organization_and_the_token_give() {
    for (given, by_token, role) in [
        (Some(Role::Admin), None, Role::Admin),
        (Some(Role::Member), Some("Tenantry.Admin"), Role::Admin),
        (None, None, Role::Member),
    ] {
        let world = World::new();
        world.state.user.lock().unwrap().role = given;
        world.state.token.lock().unwrap().as_mut().unwrap().app_roles =
            by_token.map(ToOwned::to_owned).into_iter().collect();
        assert_eq!(world.bearer().await.unwrap().roles(), [role]);
    }
}

#[tokio::test]
async fn an_application_has_what_its_app_roles_name_and_a_person_does_not() {
    let with = |scopes: &[&str]| {
        let world = World::new();
        {
            let mut token = world.state.token.lock().unwrap();
            let token = token.as_mut().unwrap();
            token.scopes = scopes.iter().map(|&scope| scope.to_owned()).collect();
            token.app_roles =
                ["annotations:moderate", "annotations:read", "everything"].map(str::to_owned).into();
        }
        world
    };
    let app = with(&[]);
    {
        let mut user = app.state.user.lock().unwrap();
        user.role = None;
        user.kind = UserKind::ServicePrincipal;
    }
    let app = app.bearer().await.unwrap();
    assert_eq!(app.permissions(), ["annotations:moderate", "annotations:read"]);
    assert!(app.roles().is_empty());
    let person = with(&["access_as_user"]).bearer().await.unwrap();
    assert_eq!(person.permissions(), Role::Member.permissions().collect::<Vec<_>>());
}

#[tokio::test]
async fn a_key_that_nothing_is_known_of_is_compared_all_the_same() {
    let world = World::new();
    for text in ["ak_0", &format!("ak_{}", "0".repeat(48))] {
        let refused = world.authentication.api_key(text, &Origin::default()).await.unwrap_err();
        assert!(
            matches!(*refused, AuthenticationError::ApiKey { reason: ApiKeyRefusal::Invalid, key: None }),
            "{refused}"
        );
    }
    // What has not the form of a key is no key of anybody's, as everybody knows.
    assert_eq!(world.state.compared_with_nothing.load(std::sync::atomic::Ordering::SeqCst), 1);
}
