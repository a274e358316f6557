//! What a token says of whoever it speaks for. For display and for hints only: all of it can be changed by its
//! holder or by an administrator of the home tenant, and none of it identifies anybody (Microsoft identity platform,
//! "Secure applications and APIs by validating claims").

use domain::access::PERSONAL_ACCOUNTS_TENANT;
use serde_json::Value;

use super::{
    claims::{Members, TenantClaim},
    issuer::TokenVersion,
    metadata::Snapshot,
};

/// Marks the sign-in name of a guest: `ada_contoso.com#EXT#@fabrikam.onmicrosoft.com`.
const GUEST_MARK: &str = "#ext#";

/// `email`, else a sign-in name that has the form of an address and is not a guest's.
pub(super) fn email(claims: &Members) -> Option<String> {
    let sign_in_name = || {
        ["preferred_username", "upn", "unique_name"]
            .into_iter()
            .filter_map(|name| claims.display_text(name))
            .find(|text| looks_like_address(text) && !has_guest_mark(text))
    };
    claims.display_text("email").or_else(sign_in_name).map(ToOwned::to_owned)
}

/// `xms_edov` speaks of `email`; beside another claim it says nothing. It is seen as a boolean, number and string.
pub(super) fn email_domain_owner_verified(claims: &Members) -> bool {
    let vouched = match claims.value("xms_edov") {
        Some(Value::Bool(verified)) => *verified,
        Some(Value::Number(number)) => number.as_i64() == Some(1),
        Some(Value::String(text)) => text == "1" || text.eq_ignore_ascii_case("true"),
        Some(Value::Null | Value::Array(_) | Value::Object(_)) | None => false,
    };
    vouched && claims.display_text("email").is_some()
}

/// A guest by any sign of it: the account type, a home elsewhere, or the name.
pub(super) fn is_guest(claims: &Members, iss: &str, tenant: &TenantClaim<'_>, snapshot: &Snapshot) -> bool {
    let by_account = claims
        .value("acct")
        .is_some_and(|acct| acct.as_i64() == Some(1) || acct.as_str().is_some_and(|text| text == "1"));
    let by_home = claims.display_text("idp").is_some_and(|idp| idp != iss && !is_home(idp, tenant, snapshot));
    let by_name = ["preferred_username", "upn", "unique_name"]
        .into_iter()
        .filter_map(|name| claims.display_text(name))
        .any(has_guest_mark);
    by_account || by_home || by_name
}

/// Whether an `idp` that is not the token's `iss` names its tenant all the same, in the form of the other version.
/// Compared as a whole: an issuer that federates with the tenant chooses its own name.
fn is_home(idp: &str, tenant: &TenantClaim<'_>, snapshot: &Snapshot) -> bool {
    let by_issuer = [TokenVersion::V1, TokenVersion::V2]
        .into_iter()
        .filter_map(|version| snapshot.issuer(version))
        .any(|issuer| issuer.accepts(idp, tenant.text, tenant.id));
    let by_sts = idp == format!("https://sts.windows.net/{}/", tenant.text);
    by_issuer || by_sts || (tenant.id == PERSONAL_ACCOUNTS_TENANT && idp == "live.com")
}

fn has_guest_mark(text: &str) -> bool {
    text.to_ascii_lowercase().contains(GUEST_MARK)
}

fn looks_like_address(text: &str) -> bool {
    let has_space = text.chars().any(|c| c.is_whitespace() || c.is_control());
    !has_space
        && text
            .split_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.') && !domain.contains('@'))
}
