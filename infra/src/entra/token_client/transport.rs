//! The one HTTP client below `azure_identity`: ours.
//!
//! That library takes https authorities only. For a plain one, which the configuration allows on this machine alone,
//! it is given https, and its requests come here, where the token endpoint's real scheme and port are used.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use azure_core::{
    Error, Result,
    cloud::CustomConfiguration,
    error::ErrorKind,
    http::{
        AsyncRawResponse, Body, ClientOptions, HttpClient, Method, Request, RetryOptions, StatusCode,
        Transport, headers::Headers,
    },
};
use url::Url;
use uuid::Uuid;

use super::{TokenEndpoint, endpoint::TokenFailure};

/// The metadata service of a machine: near, or not there.
const MACHINE_PATIENCE: Duration = Duration::from_secs(3);
/// The longest answer of it that is read.
const MACHINE_BYTES: usize = 64 * 1024;
const GRANT: &str = "client_credentials";

/// The transport for credentials that reach no authority: a machine's managed identity.
pub(super) fn over(endpoint: Arc<TokenEndpoint>) -> Transport {
    Transport::new(Arc::new(Through { endpoint, machine: None }))
}

/// The same with the machine's metadata service somewhere else.
#[cfg(test)]
pub(super) fn with_machine_at(endpoint: Arc<TokenEndpoint>, machine: Url) -> Transport {
    Transport::new(Arc::new(Through { endpoint, machine: Some(machine) }))
}

/// Options of every credential that asks the authority: our transport, our retries, our host.
pub(super) fn options(endpoint: &TokenEndpoint, transport: &Transport) -> ClientOptions {
    let mut authority = CustomConfiguration::default();
    authority.authority_host = https(endpoint.host()).into();
    ClientOptions {
        transport: Some(transport.clone()),
        retry: RetryOptions::none(),
        cloud: Some(Arc::new(authority.into())),
        ..Default::default()
    }
}

/// The authority's address as `azure_identity` wants to see it.
fn https(host: &Url) -> Url {
    let mut url = host.clone();
    // A URL of http can be one of https, so this does not fail; if it did, the library would refuse the authority.
    let _ = url.set_scheme("https");
    url
}

#[derive(Clone)]
struct Through {
    endpoint: Arc<TokenEndpoint>,
    /// Where the machine's metadata service is, in tests.
    machine: Option<Url>,
}

impl std::fmt::Debug for Through {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Through")
    }
}

#[async_trait]
impl HttpClient for Through {
    async fn execute_request(&self, request: &Request) -> Result<AsyncRawResponse> {
        if request.url().host() == self.endpoint.host().host() && request.method() == Method::Post {
            self.ask_authority(request).await
        } else {
            self.ask_machine(request).await
        }
    }
}

impl Through {
    /// A token request: sent by the endpoint, whose failures come back whole (see [`failure`]).
    async fn ask_authority(&self, request: &Request) -> Result<AsyncRawResponse> {
        let tenant = request.url().path_segments().and_then(|mut segments| segments.next());
        let tenant = tenant.and_then(|segment| Uuid::try_parse(segment).ok());
        let form = match request.body() {
            Body::Bytes(bytes) => String::from_utf8(bytes.to_vec()).ok(),
            Body::SeekableStream(_) => None,
        };
        let (Some(tenant), Some(form)) = (tenant, form) else {
            return Err(Error::with_message(ErrorKind::Other, "not a token request"));
        };
        let body = self.endpoint.post(tenant, GRANT, form).await;
        let body = body.map_err(|failure| Error::new(ErrorKind::Other, failure))?;
        Ok(AsyncRawResponse::from_bytes(StatusCode::Ok, Headers::new(), body))
    }

    /// The metadata service of the machine, in plain HTTP at an address that the library knows.
    async fn ask_machine(&self, request: &Request) -> Result<AsyncRawResponse> {
        let mut url = request.url().clone();
        if let Some(machine) = &self.machine {
            url = machine.clone();
            url.set_path(request.url().path());
            url.set_query(request.url().query());
        }
        let io = |error: reqwest::Error| Error::new(ErrorKind::Io, error);
        // What it is asked with, and its tokens, are for no proxy to see, and another machine's identity is not ours. It is
        // asked once in an hour, so the client is made for that.
        let client = crate::http::direct().map_err(io)?;
        let headers = request.headers().iter();
        let asked = headers
            .fold(client.get(url), |asked, (name, value)| asked.header(name.as_str(), value.as_str()))
            .timeout(MACHINE_PATIENCE);
        let mut response = asked.send().await.map_err(io)?;
        let status = StatusCode::from(response.status().as_u16());
        let body = crate::http::body(&mut response, MACHINE_BYTES).await.map_err(io)?;
        let body =
            body.ok_or_else(|| Error::with_message(ErrorKind::Other, "the machine's answer is too long"))?;
        Ok(AsyncRawResponse::from_bytes(status, Headers::new(), body))
    }
}

/// What the token endpoint had said, out of what the library made of it.
pub(super) fn failure(error: &Error) -> TokenFailure {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(failure) = error.downcast_ref::<TokenFailure>() {
            return failure.clone();
        }
        cause = error.source();
    }
    let reason = "the answer is not one of a token endpoint";
    TokenFailure::Unavailable { retry_after: Duration::from_secs(5), reason }
}
