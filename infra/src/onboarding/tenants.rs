//! Customers' tenants, asked by the service itself through Microsoft Graph.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{
    clock::Clock,
    delegation::{AppTokenError, AppTokens, Resource},
    organizations::onboarding::{
        AppPermission, Look, TenantError, TenantProfile, TenantUser, Tenants, UserPage,
    },
};
use reqwest::{
    Response, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER},
};
use secrecy::ExposeSecret;
use serde::{Deserialize, de::DeserializeOwned};
use url::Url;
use uuid::Uuid;

/// For one answer, all of it.
const PATIENCE: Duration = Duration::from_secs(15);
/// The longest answer that is read: a page of 999 people has some hundred kilobytes.
const MOST_BYTES: usize = 8 * 1024 * 1024;
/// The longest that we let Microsoft make us wait before we ask again anyhow.
const LONGEST_WAIT: Duration = Duration::from_hours(1);

const USERS: &str =
    "/v1.0/users?$top=999&$select=id,displayName,mail,userPrincipalName,accountEnabled,userType";

/// Asks Microsoft Graph with the service's own tokens.
pub struct GraphTenants {
    http: reqwest::Client,
    tokens: Arc<dyn AppTokens>,
    graph_url: Url,
    clock: Arc<dyn Clock>,
}

#[derive(Deserialize)]
struct List<T> {
    value: Vec<T>,
    #[serde(rename = "@odata.nextLink")]
    next: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Organization {
    display_name: Option<String>,
    #[serde(default)]
    verified_domains: Vec<Domain>,
    tenant_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Domain {
    name: String,
    #[serde(default)]
    is_default: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "they are Microsoft's")]
struct User {
    id: Uuid,
    display_name: Option<String>,
    mail: Option<String>,
    user_principal_name: Option<String>,
    account_enabled: Option<bool>,
    user_type: Option<String>,
}

impl From<User> for TenantUser {
    fn from(user: User) -> Self {
        let name = user.user_principal_name.filter(|name| name.contains('@') && !name.contains("#EXT#"));
        Self {
            object_id: user.id,
            display_name: user.display_name,
            email: user.mail.or(name),
            is_guest: user.user_type.as_deref() == Some("Guest"),
            is_enabled: user.account_enabled != Some(false),
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is the form that map_err takes")]
fn refused(error: AppTokenError) -> TenantError {
    match error {
        AppTokenError::NotConsented | AppTokenError::NoSuchResource => TenantError::NotConsented,
        AppTokenError::DisabledByTenant => TenantError::Disabled,
        AppTokenError::NoSuchTenant => TenantError::NoSuchTenant,
        AppTokenError::Misconfigured => TenantError::Misconfigured,
        AppTokenError::Throttled { retry_after } | AppTokenError::Unavailable { retry_after } => {
            TenantError::Later { after: Some(retry_after) }
        }
        AppTokenError::Timeout => TenantError::Later { after: None },
    }
}

/// A request that shows whether a permission is there.
fn trial(permission: AppPermission) -> &'static str {
    match permission {
        AppPermission::OrganizationRead => "/v1.0/organization?$select=id",
        AppPermission::SitesRead => "/v1.0/sites?search=*&$top=1&$select=id",
        AppPermission::UsersRead => "/v1.0/users?$top=1&$select=id",
    }
}

impl GraphTenants {
    pub fn new(
        http: reqwest::Client,
        tokens: Arc<dyn AppTokens>,
        graph_url: Url,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { http, tokens, graph_url, clock }
    }

    fn address(&self, path_and_query: &str) -> Result<Url, TenantError> {
        self.graph_url.join(path_and_query).map_err(|_| TenantError::Unusable)
    }

    /// Where Microsoft says that a list goes on: at the same place, or we do not go there.
    fn next(&self, link: &str) -> Result<Url, TenantError> {
        let url = Url::parse(link).map_err(|_| TenantError::Unusable)?;
        let is_there = url.origin() == self.graph_url.origin()
            && url.path() == "/v1.0/users"
            && url.username().is_empty()
            && url.password().is_none();
        if is_there { Ok(url) } else { Err(TenantError::Unusable) }
    }

    async fn get(&self, tenant: Uuid, url: Url) -> Result<Response, TenantError> {
        let path = url.path().to_owned();
        let mut response = self.send(tenant, url.clone()).await?;
        if response.status() == StatusCode::UNAUTHORIZED {
            // A token that was kept may be refused before its end; a new one is asked for once.
            self.tokens.forget(tenant).await;
            response = self.send(tenant, url).await?;
        }
        match response.status() {
            StatusCode::OK => Ok(response),
            StatusCode::FORBIDDEN => Err(TenantError::Forbidden),
            StatusCode::GONE => Err(TenantError::Restart),
            StatusCode::UNAUTHORIZED => Err(TenantError::Later { after: None }),
            status if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() => {
                Err(TenantError::Later { after: self.retry_after(response.headers()) })
            }
            StatusCode::BAD_REQUEST if path == "/v1.0/users" => Err(TenantError::Restart),
            _ => Err(TenantError::Unusable),
        }
    }

    async fn send(&self, tenant: Uuid, url: Url) -> Result<Response, TenantError> {
        let token = self.tokens.token(tenant, &Resource::Graph).await.map_err(refused)?;
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", token.secret.expose_secret()))
            .map_err(|_| TenantError::Unusable)?;
        bearer.set_sensitive(true);
        let path = url.path().to_owned();
        let sent = self.http.get(url).header(AUTHORIZATION, bearer).timeout(PATIENCE).send().await;
        let response = sent.map_err(|error| {
            tracing::warn!(is_timeout = error.is_timeout(), "Microsoft Graph did not answer");
            TenantError::Later { after: None }
        })?;
        tracing::info!(
            graph.path = path,
            graph.status = response.status().as_u16(),
            graph.request_id = response.headers().get("request-id").and_then(|id| id.to_str().ok()),
            "asked Microsoft Graph about a tenant"
        );
        Ok(response)
    }

    /// Seconds, decimals or a date (RFC 9110 §10.2.3; Microsoft Graph, "Throttling guidance").
    fn retry_after(&self, headers: &HeaderMap) -> Option<Duration> {
        let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        let wait = if let Ok(seconds) = text.parse::<f64>() {
            Duration::try_from_secs_f64(seconds).ok()?
        } else {
            let date = chrono::DateTime::parse_from_rfc2822(text).ok()?;
            (date.to_utc() - self.clock.now()).to_std().unwrap_or_default()
        };
        Some(wait.min(LONGEST_WAIT))
    }

    async fn json<T: DeserializeOwned>(&self, tenant: Uuid, url: Url) -> Result<T, TenantError> {
        let mut response = self.get(tenant, url).await?;
        let is_json = response
            .headers()
            .get(CONTENT_TYPE)
            .is_some_and(|value| value.to_str().is_ok_and(|value| value.starts_with("application/json")));
        if !is_json {
            return Err(TenantError::Unusable);
        }
        let body = crate::http::body(&mut response, MOST_BYTES).await;
        let body = body.map_err(|_| TenantError::Later { after: None })?.ok_or(TenantError::Unusable)?;
        serde_json::from_slice(&body).map_err(|_| TenantError::Unusable)
    }
}

#[async_trait]
impl Tenants for GraphTenants {
    async fn look(&self, tenant: Uuid, permissions: &[AppPermission]) -> Result<Look, TenantError> {
        // One that was kept has the permissions of the time when it was made.
        self.tokens.forget(tenant).await;
        self.tokens.token(tenant, &Resource::Graph).await.map_err(refused)?;
        let mut look = Look::default();
        for permission in permissions {
            match self.get(tenant, self.address(trial(*permission))?).await {
                Err(TenantError::Forbidden) => look.missing.push(*permission),
                // It was not for want of a permission, such as SharePoint in a tenant that has none.
                Ok(_) | Err(TenantError::Unusable | TenantError::Restart) => look.granted.push(*permission),
                Err(
                    error @ (TenantError::NotConsented
                    | TenantError::Disabled
                    | TenantError::NoSuchTenant
                    | TenantError::Misconfigured
                    | TenantError::Later { .. }),
                ) => return Err(error),
            }
        }
        Ok(look)
    }

    async fn profile(&self, tenant: Uuid) -> Result<TenantProfile, TenantError> {
        let select = "/v1.0/organization?$select=id,displayName,verifiedDomains,tenantType";
        let list: List<Organization> = self.json(tenant, self.address(select)?).await?;
        let organization = list.value.into_iter().next().ok_or(TenantError::Unusable)?;
        let mut domains = organization.verified_domains;
        domains.sort_by_key(|domain| !domain.is_default);
        Ok(TenantProfile {
            name: organization.display_name.filter(|name| !name.is_empty()).ok_or(TenantError::Unusable)?,
            domains: domains.into_iter().map(|domain| domain.name).collect(),
            tenant_type: organization.tenant_type,
        })
    }

    async fn users(&self, tenant: Uuid, from: Option<&str>) -> Result<UserPage, TenantError> {
        let url = match from {
            Some(link) => self.next(link)?,
            None => self.address(USERS)?,
        };
        let list: List<User> = self.json(tenant, url).await?;
        // Before anything of this page is written: a list that leads astray is not followed at all.
        if let Some(next) = &list.next {
            self.next(next)?;
        }
        Ok(UserPage { users: list.value.into_iter().map(TenantUser::from).collect(), next: list.next })
    }
}
