//! What is decided of a token's claims alone.

use chrono::DateTime;
use uuid::{Uuid, uuid};

use super::fakes::{policy, token};
use crate::access::{
    AdmissionPolicy, IdentityKind, PERSONAL_ACCOUNTS_TENANT, Rejection, Role, VerifiedToken,
};

const DIRECTORY_ROLE: Uuid = uuid!("62e90394-69f5-4237-9190-012177145e10");

fn claims(identity_type: Option<&str>, scopes: &[&str], app_roles: &[&str]) -> VerifiedToken {
    let owned = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
    VerifiedToken {
        identity_type: identity_type.map(ToOwned::to_owned),
        scopes: owned(scopes),
        app_roles: owned(app_roles),
        ..token(DateTime::UNIX_EPOCH)
    }
}

#[test]
fn the_kind_of_caller_is_told_by_idtyp_and_scope_together_and_by_no_contradiction() {
    let (delegated, app) = (Some(IdentityKind::Delegated), Some(IdentityKind::App));
    for (identity_type, scopes, kind) in [
        (None, &["read"][..], delegated),
        (None, &[], app),
        (Some("user"), &["read"], delegated),
        (Some("user"), &[], None),
        (Some("app"), &["read"], None),
        (Some("app"), &[], app),
        (Some("device"), &["read"], None),
        (Some("device"), &[], None),
        (Some("App"), &[], None),
        (Some(""), &[], None),
    ] {
        assert_eq!(claims(identity_type, scopes, &[]).kind(), kind, "{identity_type:?} {scopes:?}");
    }
}

#[test]
fn a_person_needs_a_scope_and_an_application_a_role() {
    let check = |token: &VerifiedToken| AdmissionPolicy::check_permission_claims(token);
    assert_eq!(check(&claims(None, &["read"], &[])), Ok(IdentityKind::Delegated));
    assert_eq!(check(&claims(None, &["read"], &["Reader"])), Ok(IdentityKind::Delegated));
    assert_eq!(check(&claims(None, &[], &["Reader"])), Ok(IdentityKind::App));
    for token in [
        claims(None, &[], &[]),
        claims(Some("app"), &[], &[]),
        claims(Some("user"), &[], &["Reader"]),
        claims(Some("app"), &["read"], &["Reader"]),
    ] {
        assert_eq!(check(&token), Err(Rejection::PermissionClaims), "{token:?}");
    }
}

#[test]
fn where_clients_are_listed_only_those_may_call() {
    let (known, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let listing = AdmissionPolicy { allowed_clients: vec![known], ..policy() };
    let by = |client_id| VerifiedToken { client_id, ..token(DateTime::UNIX_EPOCH) };
    assert_eq!(listing.check_client(&by(Some(known))), Ok(()));
    assert_eq!(listing.check_client(&by(Some(other))), Err(Rejection::ClientNotAllowed));
    assert_eq!(listing.check_client(&by(None)), Err(Rejection::ClientNotAllowed));
    assert_eq!(policy().check_client(&by(Some(other))), Ok(()));
}

#[test]
fn personal_accounts_must_be_allowed() {
    let personal = VerifiedToken { tenant: PERSONAL_ACCOUNTS_TENANT, ..token(DateTime::UNIX_EPOCH) };
    assert_eq!(policy().check_personal(&personal), Err(Rejection::TenantNotAllowed));
    let allowing = AdmissionPolicy { allow_personal_accounts: true, ..policy() };
    assert_eq!(allowing.check_personal(&personal), Ok(()));
    assert_eq!(policy().check_personal(&token(DateTime::UNIX_EPOCH)), Ok(()));
}

#[test]
fn an_administrator_is_one_by_directory_role_app_role_or_a_listed_address_that_is_vouched_for() {
    let policy = AdmissionPolicy {
        admin_directory_roles: vec![DIRECTORY_ROLE],
        admin_emails: vec!["ada@contoso.com".to_owned()],
        ..policy()
    };
    let person = || claims(None, &["read"], &[]);
    let addressed = |email: &str, vouched| VerifiedToken {
        email: Some(email.to_owned()),
        email_domain_owner_verified: vouched,
        ..person()
    };
    for (token, role) in [
        (person(), Role::Member),
        (claims(None, &["read"], &["Tenantry.Admin"]), Role::Admin),
        (claims(None, &["read"], &["tenantry.admin", "Admin"]), Role::Member),
        (VerifiedToken { directory_roles: vec![DIRECTORY_ROLE], ..person() }, Role::Admin),
        (VerifiedToken { directory_roles: vec![Uuid::nil()], ..person() }, Role::Member),
        (addressed("Ada@Contoso.com", true), Role::Admin),
        (addressed("ada@contoso.com", false), Role::Member),
        (addressed("ada@contoso.com.evil.example", true), Role::Member),
    ] {
        assert_eq!(policy.role_by_token(&token, IdentityKind::Delegated), Some(role), "{token:?}");
    }
}

#[test]
fn an_application_is_an_administrator_by_app_role_only() {
    let policy = AdmissionPolicy {
        admin_directory_roles: vec![DIRECTORY_ROLE],
        admin_emails: vec!["ada@contoso.com".to_owned()],
        ..policy()
    };
    let token = VerifiedToken {
        directory_roles: vec![DIRECTORY_ROLE],
        email: Some("ada@contoso.com".to_owned()),
        email_domain_owner_verified: true,
        ..claims(Some("app"), &[], &["annotations:read"])
    };
    assert_eq!(policy.role_by_token(&token, IdentityKind::App), None);
    let token = claims(Some("app"), &[], &["Tenantry.Admin"]);
    assert_eq!(policy.role_by_token(&token, IdentityKind::App), Some(Role::Admin));
}
