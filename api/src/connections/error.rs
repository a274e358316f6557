//! What the client is told when there is no connection, or no token of it.

use domain::{
    connections::{ConnectionError, ConnectionStatus, ConnectionTokenError, DeviceError, MintError, Trouble},
    delegation::ClaimsChallenge,
    id::ConnectionId,
    secret::SealError,
    store::StoreError,
};
use serde_json::json;

use crate::{
    auth::chain,
    error::{ApiError, ErrorCode},
};

/// For whoever runs the service; nobody else can mend it.
const CONFIG_ERROR_STEP: &str = "Microsoft refuses this service's own registration. Whoever runs the service has to mend its client secret or \
     certificate; the connections then work again by themselves.";

/// For whoever runs the service.
const NO_PUBLIC_CLIENT_STEP: &str =
    "Connect the account in a browser, or have whoever runs the service set AZURE_PUBLIC_CLIENT_ID.";
const PUBLIC_FLOWS_STEP: &str = "Connect the account in a browser, or have whoever runs the service allow public client flows in the registration \
     that AZURE_PUBLIC_CLIENT_ID names.";

/// For an administrator of the organization.
const MEMBER_DISABLED_STEP: &str = "The member who connected this account is suspended in your organization. Let them in again, or connect the \
     account as somebody else.";

impl From<ConnectionError> for ApiError {
    fn from(error: ConnectionError) -> Self {
        match error {
            ConnectionError::NotFound => Self::not_found(),
            ConnectionError::Store(error) => error.into(),
        }
    }
}

impl From<DeviceError> for ApiError {
    fn from(error: DeviceError) -> Self {
        let not_configured = |step: &str| Self {
            details: Some(json!({ "nextStep": step })),
            ..Self::new(ErrorCode::OauthNotConfigured, "Devices cannot sign in to this service")
        };
        match error {
            DeviceError::NotFound => Self::not_found(),
            DeviceError::NotForKey => {
                Self::new(ErrorCode::Forbidden, "The API key may not see what would be connected")
            }
            DeviceError::TooMany => Self {
                message: "Too many codes of yours wait to be typed; use one of those, or wait for their end"
                    .into(),
                ..Self::rate_limited(std::time::Duration::from_mins(1))
            },
            DeviceError::NotConfigured => not_configured(NO_PUBLIC_CLIENT_STEP),
            DeviceError::OwnRegistration { codes } => {
                tracing::warn!(?codes, "devices cannot sign in");
                not_configured(PUBLIC_FLOWS_STEP)
            }
            DeviceError::Refused { codes } => Self::new(
                ErrorCode::OauthTokenExchangeFailed,
                format!("Microsoft gives no code for a device{}", numbers(&codes)),
            ),
            DeviceError::Unavailable { retry_after } => Self {
                message: "Microsoft gives no answer at the moment; try again".into(),
                ..Self::unavailable(retry_after)
            },
            DeviceError::Seal(error) => sealed(error),
            DeviceError::Store(error) => error.into(),
            DeviceError::Shared(error) => match error.as_ref() {
                DeviceError::Store(StoreError::Unavailable(_))
                | DeviceError::Seal(SealError::Store(StoreError::Unavailable(_))) => {
                    unreachable_store(&error)
                }
                DeviceError::Store(StoreError::Unexpected(_))
                | DeviceError::Seal(_)
                | DeviceError::NotFound
                | DeviceError::NotForKey
                | DeviceError::TooMany
                | DeviceError::NotConfigured
                | DeviceError::OwnRegistration { .. }
                | DeviceError::Refused { .. }
                | DeviceError::Unavailable { .. }
                | DeviceError::Shared(_) => Self::internal(chain(error.as_ref())),
            },
        }
    }
}

impl From<ConnectionTokenError> for ApiError {
    fn from(error: ConnectionTokenError) -> Self {
        match error {
            ConnectionTokenError::NotFound => Self::not_found(),
            ConnectionTokenError::ResourceNotAllowed => {
                Self::new(ErrorCode::Forbidden, "The API key may not have tokens for this resource")
            }
            ConnectionTokenError::RefreshTokenNotAllowed => {
                Self::new(ErrorCode::Forbidden, "The API key may not have refresh tokens")
            }
            ConnectionTokenError::OwnerDisabled { id } => Self {
                details: Some(json!({
                    "connectionId": id, "status": ConnectionStatus::Disabled.as_str(),
                    "reason": "member_disabled", "nextStep": MEMBER_DISABLED_STEP, "canReconnect": false,
                    "claims": null,
                })),
                ..Self::new(ErrorCode::ConnectionUnusable, "The member whose connection this is is suspended")
            },
            ConnectionTokenError::NoSuchResource => {
                Self::invalid_field("resource", "is none that the account's tenant has")
            }
            ConnectionTokenError::NotUnderstood { codes } => {
                Self::invalid_field("scope", format!("makes no sense to Microsoft{}", numbers(&codes)))
            }
            ConnectionTokenError::Trouble { connection, trouble, claims, consent_url } => {
                unusable(connection.id, trouble, claims.as_ref(), consent_url)
            }
            ConnectionTokenError::OwnRegistration => Self {
                details: Some(json!({
                    "status": ConnectionStatus::ConfigError.as_str(), "nextStep": CONFIG_ERROR_STEP,
                })),
                ..Self::new(ErrorCode::OauthNotConfigured, "Microsoft refuses this service's registration")
            },
            ConnectionTokenError::Unavailable { retry_after } => Self {
                message: "Microsoft gives no token at the moment; try again".into(),
                ..Self::unavailable(retry_after)
            },
            ConnectionTokenError::TooShort { lasts } => {
                let seconds = lasts.num_seconds();
                Self::invalid_field("minTtl", format!("is longer than Microsoft's tokens last: {seconds} s"))
            }
            ConnectionTokenError::Seal(error) => sealed(error),
            ConnectionTokenError::Store(error) => error.into(),
            error @ (ConnectionTokenError::ReplacedBefore
            | ConnectionTokenError::Shared(_)
            | ConnectionTokenError::Unread(_)
            | ConnectionTokenError::Unwritten(_)) => failed(&error),
        }
    }
}

fn sealed(error: SealError) -> ApiError {
    match error {
        SealError::Store(error) => error.into(),
        SealError::Refused | SealError::DataKeyGone | SealError::RingKeyGone(_) => {
            ApiError::internal(chain(&error))
        }
    }
}

/// A failure of our own, which others may wait for too: the database that cannot be reached for now, or what nobody
/// foresaw.
pub(crate) fn failed(error: &ConnectionTokenError) -> ApiError {
    let is_store = match error {
        ConnectionTokenError::Store(error) | ConnectionTokenError::Seal(SealError::Store(error)) => {
            matches!(error, StoreError::Unavailable(_))
        }
        ConnectionTokenError::Unread(error) | ConnectionTokenError::Unwritten(error) => {
            matches!(error.as_ref(), StoreError::Unavailable(_))
        }
        ConnectionTokenError::Shared(error) => matches!(
            error.as_ref(),
            MintError::Store(StoreError::Unavailable(_))
                | MintError::Seal(SealError::Store(StoreError::Unavailable(_)))
        ),
        ConnectionTokenError::Seal(_)
        | ConnectionTokenError::NotFound
        | ConnectionTokenError::ResourceNotAllowed
        | ConnectionTokenError::RefreshTokenNotAllowed
        | ConnectionTokenError::OwnerDisabled { .. }
        | ConnectionTokenError::NoSuchResource
        | ConnectionTokenError::NotUnderstood { .. }
        | ConnectionTokenError::Trouble { .. }
        | ConnectionTokenError::OwnRegistration
        | ConnectionTokenError::Unavailable { .. }
        | ConnectionTokenError::TooShort { .. }
        | ConnectionTokenError::ReplacedBefore => false,
    };
    if is_store { unreachable_store(error) } else { ApiError::internal(chain(error)) }
}

/// The error is shared by all who waited for it, so it is told and not moved.
fn unreachable_store(error: &(dyn std::error::Error + 'static)) -> ApiError {
    tracing::warn!(error = chain(error), "the database could not be reached");
    ApiError::unavailable(std::time::Duration::from_secs(2))
}

/// Microsoft gives no token, and what is to be done about it.
pub(crate) fn unusable(
    connection: ConnectionId,
    trouble: Trouble,
    claims: Option<&ClaimsChallenge>,
    consent_url: Option<String>,
) -> ApiError {
    let mut details = json!({
        "connectionId": connection,
        "status": trouble.status().as_str(),
        "reason": trouble.as_str(),
        "nextStep": trouble.next_step(),
        "canReconnect": trouble.is_mended_by_sign_in(),
        "claims": claims.map(ClaimsChallenge::json),
    });
    if let (Some(details), Some(consent_url)) = (details.as_object_mut(), consent_url) {
        details.insert("consentUrl".to_owned(), consent_url.into());
    }
    ApiError {
        details: Some(details),
        ..ApiError::new(ErrorCode::ConnectionUnusable, "Microsoft gives no token for this connection")
    }
}

fn numbers(codes: &[u32]) -> String {
    codes.iter().fold(String::new(), |text, code| text + &format!(" AADSTS{code}"))
}
