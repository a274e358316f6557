//! `GET /api/auth/me`: who the caller is.

use domain::{
    access::{AuthenticatedBy, Principal, Role, SignedIn},
    id::{ApiKeyId, OrgId, SessionId, UserId},
};
use poem_openapi::{Enum, Object, OpenApi};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    auth::Caller,
    error::ApiError,
    http::{Data, Direct, Text},
    id::Id,
    openapi::Tag,
};

/// What kind of caller it is.
#[derive(Debug, Enum, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
enum CallerKind {
    /// A person.
    User,
    /// An application that calls for itself.
    App,
    /// An automation with an API key.
    ApiKey,
}

/// The organization that the caller belongs to, in short.
#[derive(Debug, Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
struct OwnOrganization<'v> {
    id: Id<OrgId>,
    /// For display.
    name: Text<'v>,
    /// The Entra ID tenant; `null` for an organization that has none.
    azure_tenant_id: Option<Uuid>,
}

/// The caller.
#[derive(Debug, Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
struct Me<'v> {
    /// The membership's id, in this organization; of an API key its owner's.
    id: Id<UserId>,
    /// A person, an application that calls for itself, or an automation with an API key.
    kind: CallerKind,
    /// For display; it identifies nobody.
    email: Option<Text<'v>>,
    /// As the access token gives it.
    display_name: Option<Text<'v>>,
    /// The first word of the display name.
    first_name: Option<Text<'v>>,
    /// The rest of the display name.
    last_name: Option<Text<'v>>,
    /// Where the picture is, on this service. Fetch it with the same credential; `null` for an application.
    avatar_url: Option<Text<'v>>,
    /// The organization that the caller belongs to.
    organization: OwnOrganization<'v>,
    /// The greatest of the roles.
    role: Option<Text<'v>>,
    /// How the session began: `microsoft`. `null` for a caller without one.
    login_provider: Option<Text<'v>>,
    /// The identity provider vouches for the address; known of sessions only.
    is_email_verified: Option<bool>,
    /// The session that the caller uses, as `GET /api/auth/sessions` lists it.
    session_handle: Option<Id<SessionId>>,
    /// The caller, in a session, is one of the service's own staff: what is below `/api/admin` is open to them.
    is_operator: bool,
    /// Roles in the organization: `member`, `admin`.
    roles: Vec<Text<'v>>,
    /// What the caller may do, in the words that each operation names.
    permissions: Vec<Text<'v>>,
    /// Scopes of the access token (`scp`), or of the API key.
    scopes: Vec<Text<'v>>,
    /// App roles of the access token (`roles`).
    app_roles: Vec<Text<'v>>,
    /// The client application that the access token was issued to.
    client_id: Option<Uuid>,
    /// Of an API key: its id.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    key_id: Option<Id<ApiKeyId>>,
    /// Of an API key: its first characters.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    key_prefix: Option<Text<'v>>,
    /// Of an API key: its name.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Text<'v>>,
    /// Of an API key: the automation that it was made for.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    service_id: Option<Text<'v>>,
}

/// A display name in two parts, as far as one can tell.
struct Names<'v> {
    first: Option<Text<'v>>,
    rest: Option<Text<'v>>,
}

impl<'v> Names<'v> {
    fn of(display_name: &'v str) -> Self {
        let (first, rest) =
            display_name.trim().split_once(char::is_whitespace).unwrap_or((display_name.trim(), ""));
        let some = |text: &'v str| (!text.is_empty()).then(|| Text::from(text));
        Self { first: some(first), rest: some(rest.trim()) }
    }
}

impl<'v> From<&'v Principal> for Me<'v> {
    fn from(principal: &'v Principal) -> Self {
        let user = principal.user();
        let organization = principal.organization();
        let key = principal.api_key().map(|identity| &identity.key);
        let session = principal.session();
        // An API key is not its owner.
        let of_person = |text: &'v Option<String>| text.as_deref().filter(|_| key.is_none());
        let display_name = of_person(&user.profile.display_name);
        let names = Names::of(display_name.unwrap_or_default());
        let kind = match principal.authenticated_by() {
            AuthenticatedBy::EntraApp => CallerKind::App,
            AuthenticatedBy::ApiKey => CallerKind::ApiKey,
            AuthenticatedBy::EntraDelegated | AuthenticatedBy::Session | AuthenticatedBy::Development => {
                CallerKind::User
            }
        };
        let is_person = matches!(kind, CallerKind::User);
        Self {
            id: Id(user.id),
            kind,
            email: of_person(&user.profile.email).map(Text::from),
            display_name: display_name.map(Text::from),
            first_name: names.first,
            last_name: names.rest,
            avatar_url: is_person.then(|| super::photo::PATH.into()),
            role: principal.roles().iter().max().map(|role| role.as_str().into()),
            login_provider: session.map(|session| session.method.as_str().into()),
            is_email_verified: session.map(|session| session.is_email_verified),
            session_handle: session.map(|session| Id(session.id)),
            organization: OwnOrganization {
                id: Id(organization.id),
                name: organization.name.as_str().into(),
                azure_tenant_id: organization.azure_tenant_id,
            },
            is_operator: principal.is_operator(),
            roles: principal.roles().iter().map(|role: &Role| role.as_str().into()).collect(),
            permissions: principal.permissions().iter().map(|&word| word.into()).collect(),
            scopes: principal.scopes().iter().map(|scope| scope.as_str().into()).collect(),
            app_roles: principal.app_roles().iter().map(|role| role.as_str().into()).collect(),
            client_id: principal.client_id(),
            key_id: key.map(|key| Id(key.id)),
            key_prefix: key.map(|key| key.prefix.as_str().into()),
            name: key.map(|key| key.name.as_str().into()),
            service_id: key.and_then(|key| key.service_id.as_deref().map(Text::from)),
        }
    }
}

/// Who the caller is.
pub(crate) struct MeApi;

#[OpenApi(tag = "Tag::Identity")]
impl MeApi {
    /// Get the caller
    ///
    /// The person or application that the access token speaks for, its organization, and what it may do. A good first
    /// call: both are made on first sight.
    #[oai(path = "/api/auth/me", method = "get", operation_id = "getMe")]
    async fn me(&self, caller: Caller<SignedIn>) -> Result<Direct<Data<Me<'static>>>, ApiError> {
        Direct::of(&Data { data: Me::from(caller.principal()) })
    }
}

#[cfg(test)]
mod tests {
    use domain::id::TypedId;
    use poem_openapi::types::ToJSON;

    use super::*;

    #[test]
    fn what_is_written_is_what_the_document_describes() {
        let me = |email: Option<&'static str>, client_id| Data {
            data: Me {
                id: Id(UserId::from_uuid(Uuid::from_u128(1))),
                kind: if email.is_some() { CallerKind::User } else { CallerKind::App },
                email: email.map(Text::from),
                display_name: Some("\"Ä\"\n".into()),
                first_name: email.map(Text::from),
                last_name: None,
                avatar_url: None,
                role: Some("member".into()),
                login_provider: email.map(|_| "microsoft".into()),
                is_email_verified: email.map(|_| true),
                session_handle: email.map(|_| Id(SessionId::from_uuid(Uuid::from_u128(4)))),
                organization: OwnOrganization {
                    id: Id(OrgId::from_uuid(Uuid::from_u128(2))),
                    name: "name".into(),
                    azure_tenant_id: client_id,
                },
                is_operator: email.is_some(),
                roles: vec!["member".into()],
                permissions: vec!["a:b".into(), "c:d".into()],
                scopes: Vec::new(),
                app_roles: Vec::new(),
                client_id,
                key_id: None,
                key_prefix: client_id.map(|_| "ak_0".into()),
                name: None,
                service_id: None,
            },
        };
        for me in [me(Some("a@b.example"), None), me(None, Some(Uuid::from_u128(3)))] {
            assert_eq!(serde_json::to_value(&me).unwrap(), me.to_json().unwrap());
        }
    }
}
