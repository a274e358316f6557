//! Proving who we are by a certificate (Microsoft identity platform, "Application authentication certificate
//! credentials"): a JWT signed with PS256, its header naming the certificate by SHA-256.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{clock::Clock, entropy::Entropy};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use url::Url;
use uuid::Uuid;
use x509_parser::prelude::{FromDer, X509Certificate};

/// How long an assertion is good; the documentation asks for five to ten minutes at most.
const LIFETIME: TimeDelta = TimeDelta::minutes(5);

/// A certificate with its private key.
#[derive(Clone)]
pub struct ClientCertificate {
    key: EncodingKey,
    /// `x5t#S256`.
    thumbprint: String,
    expires_at: Option<DateTime<Utc>>,
}

/// The text is not a certificate with its key.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    #[error("holds no certificate in PEM form")]
    NoCertificate,
    #[error("holds no RSA private key in PEM form (PKCS #8, not encrypted)")]
    NoKey,
    #[error("the assertion could not be signed")]
    NotSigned,
}

impl ClientCertificate {
    /// Reads PEM: the certificate, and its key in the same text or in one of its own. Of several certificates the
    /// first is ours, as in every chain.
    pub fn parse(pem: &SecretString, key: Option<&SecretString>) -> Result<Self, CertificateError> {
        let text = pem.expose_secret();
        let certificate = block(text, "CERTIFICATE").ok_or(CertificateError::NoCertificate)?;
        let der = STANDARD.decode(certificate).map_err(|_| CertificateError::NoCertificate)?;
        let key =
            private_key(key.map_or(text, ExposeSecret::expose_secret)).ok_or(CertificateError::NoKey)?;
        // What cannot be read here may well be a certificate to Entra ID.
        let parsed = X509Certificate::from_der(&der).ok();
        let expires_at = parsed
            .and_then(|(_, parsed)| DateTime::from_timestamp(parsed.validity().not_after.timestamp(), 0));
        let certificate =
            Self { expires_at, key, thumbprint: URL_SAFE_NO_PAD.encode(digest(&SHA256, &der).as_ref()) };
        // A key that is no RSA key shows itself now and not with the first request.
        certificate.sign(&json!({})).map_err(|_| CertificateError::NoKey)?;
        Ok(certificate)
    }

    /// When it ends, where that can be read; Entra ID refuses it from then on.
    pub fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.expires_at
    }

    /// A proof for one token endpoint, to be used once.
    pub(super) fn assertion(
        &self,
        client_id: Uuid,
        audience: &Url,
        clock: &dyn Clock,
        entropy: &dyn Entropy,
    ) -> Result<SecretString, CertificateError> {
        let now = clock.now().timestamp();
        let mut id = [0_u8; 16];
        entropy.fill(&mut id);
        let claims = json!({
            "aud": audience.as_str(),
            "iss": client_id,
            "sub": client_id,
            "jti": Uuid::from_bytes(id),
            "iat": now,
            "nbf": now,
            "exp": now + LIFETIME.num_seconds(),
        });
        self.sign(&claims)
    }

    fn sign(&self, claims: &serde_json::Value) -> Result<SecretString, CertificateError> {
        let mut header = Header::new(Algorithm::PS256);
        header.x5t_s256 = Some(self.thumbprint.clone());
        encode(&header, claims, &self.key).map(SecretString::from).map_err(|_| CertificateError::NotSigned)
    }
}

impl std::fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientCertificate").field("thumbprint", &self.thumbprint).finish_non_exhaustive()
    }
}

/// The base64 text of the first block of a kind, without line breaks (RFC 7468).
fn block(text: &str, kind: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!("-----BEGIN {kind}-----"))?;
    let (inside, _) = rest.split_once(&format!("-----END {kind}-----"))?;
    Some(inside.split_ascii_whitespace().collect())
}

/// PKCS #8 or the older PKCS #1; the reader wants the block alone.
fn private_key(text: &str) -> Option<EncodingKey> {
    ["PRIVATE KEY", "RSA PRIVATE KEY"].into_iter().find_map(|kind| {
        let inside = block(text, kind)?;
        let pem = SecretString::from(format!("-----BEGIN {kind}-----\n{inside}\n-----END {kind}-----\n"));
        EncodingKey::from_rsa_pem(pem.expose_secret().as_bytes()).ok()
    })
}
