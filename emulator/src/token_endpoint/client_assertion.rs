//! Apps that prove themselves by a signature: with a certificate of their own, or through another issuer.
//!
//! <https://learn.microsoft.com/entra/identity-platform/certificate-credentials>

use aws_lc_rs::digest;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rustls::{
    pki_types::{CertificateDer, pem::PemObject as _},
    server::ParsedCertificate,
};
use url::{Host, Url};

use super::{Call, federated};
use crate::{
    aadsts::Refusal,
    directory::{App, Authority},
    jwt::Jwt,
};

/// How far clocks may differ, in seconds.
const SKEW: f64 = 300.0;
const KIND: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

pub(super) async fn check(call: Call<'_>, app: &App, assertion: &str) -> Result<(), Refusal> {
    if call.form.required("client_assertion_type")? != KIND {
        return Err(Refusal::bad_parameter("client_assertion_type", "it must be jwt-bearer"));
    }
    let jwt = Jwt::parse(assertion).ok_or_else(|| Refusal::malformed_assertion("it is not a signed JWT"))?;
    let issuer = jwt.text("iss").ok_or_else(|| Refusal::malformed_assertion("it has no iss"))?;
    if !issuer.eq_ignore_ascii_case(&app.id.to_string()) {
        return federated::check(call, app, &jwt).await;
    }
    if jwt.text("sub") != Some(issuer) {
        return Err(Refusal::assertion_of_another());
    }
    if !jwt.audiences().iter().any(|audience| is_ours(call, audience)) {
        return Err(Refusal::malformed_assertion("its aud is not this token endpoint"));
    }
    check_time(call, &jwt)?;
    let is_signed = app.certificates.iter().filter_map(|pem| certificate(pem)).any(|certificate| {
        is_named(&jwt, &certificate)
            && ParsedCertificate::try_from(&certificate)
                .is_ok_and(|parsed| jwt.is_signed_by_key(&parsed.subject_public_key_info()))
    });
    if is_signed { Ok(()) } else { Err(Refusal::unknown_certificate()) }
}

/// The first certificate of a PEM.
pub(super) fn certificate(pem: &str) -> Option<CertificateDer<'static>> {
    CertificateDer::from_pem_slice(pem.as_bytes()).ok()
}

/// `exp` is needed; `nbf` is not, since MSAL for Python has none.
pub(super) fn check_time(call: Call<'_>, jwt: &Jwt) -> Result<(), Refusal> {
    let expires = jwt.seconds("exp").ok_or_else(|| Refusal::malformed_assertion("it has no exp"))?;
    #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are far below 2^52")]
    let now = call.world.clock.now().timestamp() as f64;
    let has_begun = jwt.seconds("nbf").is_none_or(|begins| begins <= now + SKEW);
    if has_begun && expires > now - SKEW { Ok(()) } else { Err(Refusal::assertion_outside_its_time()) }
}

/// Whether the header names the certificate: by SHA-256, or in the older form by SHA-1, of its bytes.
fn is_named(jwt: &Jwt, certificate: &CertificateDer<'_>) -> bool {
    let thumbprint = |algorithm| URL_SAFE_NO_PAD.encode(digest::digest(algorithm, certificate));
    let is = |name, algorithm| {
        jwt.header_text(name).is_some_and(|named| named.trim_end_matches('=') == thumbprint(algorithm))
    };
    is("x5t#S256", &digest::SHA256) || is("x5t", &digest::SHA1_FOR_LEGACY_USE_ONLY)
}

/// The token endpoint that was called, through whichever listener, or the tenant's issuer.
fn is_ours(call: Call<'_>, audience: &str) -> bool {
    let Ok(url) = Url::parse(audience) else { return false };
    let is_local = match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let path = url.path().trim_start_matches('/').to_ascii_lowercase();
    let Some((segment, rest)) = path.split_once('/') else { return false };
    is_local
        && ["oauth2/v2.0/token", "v2.0"].contains(&rest)
        && Authority::parse(segment, call.directory) == Some(call.authority)
}
