//! RSA keys with what a JWKS says of them.
//!
//! The fixed ones are test keys, embedded because making one costs 100 ms and more; each is read once
//! per process and when first used.

use std::sync::{Arc, LazyLock};

use aws_lc_rs::{
    digest,
    rand::SystemRandom,
    rsa::KeyPair as RsaKeyPair,
    signature::{KeyPair as _, RSA_PKCS1_SHA256},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_RSA_SHA256, RsaKeySize, date_time_ymd};

/// A key pair and its self-signed certificate.
pub(crate) struct SigningKey {
    pair: RsaKeyPair,
    /// Modulus, base64url.
    pub(crate) n: String,
    /// Exponent, base64url.
    pub(crate) e: String,
    /// The certificate, base64.
    pub(crate) x5c: String,
    /// The certificate's SHA-1 thumbprint, base64url: Entra's `kid` and `x5t`.
    pub(crate) thumbprint: String,
    /// The public half as PEM.
    pub(crate) public_pem: String,
}

impl SigningKey {
    fn from_pair(pair: &KeyPair) -> Result<Self, rcgen::Error> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "accounts.accesscontrol.windows.net");
        params.not_before = date_time_ymd(2025, 1, 1);
        params.not_after = date_time_ymd(2045, 1, 1);
        let certificate = params.self_signed(pair)?;
        let rsa =
            RsaKeyPair::from_pkcs8(pair.serialized_der()).map_err(|_| rcgen::Error::CouldNotParseKeyPair)?;
        let thumbprint = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, certificate.der());
        let public = rsa.public_key();
        Ok(Self {
            n: URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero()),
            e: URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero()),
            x5c: STANDARD.encode(certificate.der()),
            thumbprint: URL_SAFE_NO_PAD.encode(thumbprint),
            public_pem: pair.public_key_pem(),
            pair: rsa,
        })
    }

    /// A key nobody has seen before; takes some 100 ms.
    pub(crate) fn generate() -> Arc<Self> {
        let pair = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)
            .expect("the cryptographic library makes RSA keys of 2048 bits");
        Arc::new(Self::from_pair(&pair).expect("a fresh RSA key signs its own certificate"))
    }

    /// RS256.
    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .expect("an RSA key signs into a buffer as long as its modulus");
        signature
    }
}

type Fixed = LazyLock<Arc<SigningKey>>;

fn fixed(pem: &str) -> Arc<SigningKey> {
    let pair = KeyPair::from_pem(pem).expect("the embedded test key is PEM");
    Arc::new(SigningKey::from_pair(&pair).expect("the embedded test key is RSA"))
}

static WORK_PREVIOUS: Fixed = LazyLock::new(|| fixed(include_str!("../../keys/test-work-previous.pem")));
static WORK_CURRENT: Fixed = LazyLock::new(|| fixed(include_str!("../../keys/test-work-current.pem")));
static PERSONAL: Fixed = LazyLock::new(|| fixed(include_str!("../../keys/test-personal.pem")));
static ROGUE: Fixed = LazyLock::new(|| fixed(include_str!("../../keys/test-rogue.pem")));
static SPARES: [Fixed; 3] = [
    LazyLock::new(|| fixed(include_str!("../../keys/test-spare-1.pem"))),
    LazyLock::new(|| fixed(include_str!("../../keys/test-spare-2.pem"))),
    LazyLock::new(|| fixed(include_str!("../../keys/test-spare-3.pem"))),
];

/// Signed work tokens before the start; still published.
pub(super) fn work_previous() -> Arc<SigningKey> {
    WORK_PREVIOUS.clone()
}

/// Signs work tokens at the start.
pub(super) fn work_current() -> Arc<SigningKey> {
    WORK_CURRENT.clone()
}

/// Signs tokens of personal accounts.
pub(super) fn personal() -> Arc<SigningKey> {
    PERSONAL.clone()
}

/// Is in no JWKS, ever.
pub(crate) fn rogue() -> Arc<SigningKey> {
    ROGUE.clone()
}

/// The key of the `count`-th rotation: a fixed one while there are, then a fresh one.
pub(super) fn spare(count: usize) -> Arc<SigningKey> {
    SPARES.get(count).map_or_else(SigningKey::generate, |key| Arc::clone(key))
}
