//! The certificate authority of the https listener: made at the first start, good for localhost only.
//!
//! Certificates are judged by clients' clocks, so the real time counts here, not the emulator's.

use std::{
    fs, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    path::Path,
    sync::Arc,
};

use chrono::{DateTime, Datelike, Months, TimeDelta, Utc};
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, NameConstraints, SanType, date_time_ymd,
};
use rustls::{
    RootCertStore,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier as _},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
};

use crate::clock::system_now;

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    #[error("cannot make a certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    #[error("cannot keep the certificate authority in {0}: {1}")]
    Store(String, #[source] io::Error),
}

/// What the https listener shows, and whom it says to trust. All PEM.
pub(crate) struct Identity {
    pub(crate) ca: String,
    pub(crate) chain: String,
    pub(crate) key: String,
}

const CA_FILE: &str = "ca.pem";
const KEY_FILE: &str = "ca-key.pem";
const CA_MONTHS: u32 = 120;
/// Apple refuses leaves of more than 825 days, also under an authority of one's own.
const LEAF_MONTHS: u32 = 12;
/// Text before the certificate, which readers of PEM skip.
const VALID_UNTIL: &str = "Certificate authority of the Entra emulator, localhost only, valid until ";

/// The identity kept in `dir`, made anew when there is none to be read or it is about to expire; or one
/// for this process only. The leaf is made at each start.
pub(crate) fn identity(dir: Option<&Path>) -> Result<Identity, TlsError> {
    let now = system_now();
    if let Some(identity) = dir.and_then(|dir| load(dir, now)) {
        return Ok(identity);
    }
    let key = KeyPair::generate()?;
    let until = now.checked_add_months(Months::new(CA_MONTHS)).unwrap_or(now);
    let pem = ca_params(now, until).self_signed(&key)?.pem();
    let ca = format!("{VALID_UNTIL}{}\n{pem}", until.to_rfc3339());
    if let Some(dir) = dir {
        store(dir, &ca, &key.serialize_pem())
            .map_err(|error| TlsError::Store(dir.display().to_string(), error))?;
    }
    leaf(ca, key, now)
}

fn load(dir: &Path, now: DateTime<Utc>) -> Option<Identity> {
    let ca = fs::read_to_string(dir.join(CA_FILE)).ok()?;
    let key = KeyPair::from_pem(&fs::read_to_string(dir.join(KEY_FILE)).ok()?).ok()?;
    let until = ca.strip_prefix(VALID_UNTIL)?.lines().next()?;
    let until = DateTime::parse_from_rfc3339(until).ok()?;
    if until < now.checked_add_months(Months::new(LEAF_MONTHS + 1))? {
        return None;
    }
    let identity = leaf(ca, key, now).ok()?;
    is_trusted(&identity, now).then_some(identity)
}

/// Whether a client that trusts the authority would accept the leaf: files may be of two minds.
fn is_trusted(identity: &Identity, now: DateTime<Utc>) -> bool {
    let verify = || -> Option<()> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(identity.ca.as_bytes()).ok()?).ok()?;
        let leaf = CertificateDer::from_pem_slice(identity.chain.as_bytes()).ok()?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().ok()?;
        let name = ServerName::try_from("localhost").ok()?;
        let seconds = u64::try_from(now.timestamp()).ok()?;
        let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
        verifier.verify_server_cert(&leaf, &[], &name, &[], now).ok().map(|_| ())
    };
    verify().is_some()
}

/// An authority that could vouch for nothing but this machine, were its key to get lost.
fn ca_params(now: DateTime<Utc>, until: DateTime<Utc>) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Entra emulator (development, localhost only)");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![
            GeneralSubtree::DnsName("localhost".to_owned()),
            GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(Ipv4Addr::LOCALHOST.into(), 32)),
            GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(Ipv6Addr::LOCALHOST.into(), 128)),
        ],
        excluded_subtrees: Vec::new(),
    });
    valid(params, now, until)
}

fn leaf(ca: String, ca_key: KeyPair, now: DateTime<Utc>) -> Result<Identity, TlsError> {
    // Of the authority only its name and key go into the leaf.
    let issuer = Issuer::new(ca_params(now, now), ca_key);
    let until = now.checked_add_months(Months::new(LEAF_MONTHS)).unwrap_or(now);
    let mut params = CertificateParams::new(vec!["localhost".to_owned()])?;
    params.distinguished_name.push(DnType::CommonName, "localhost");
    params.subject_alt_names.extend(
        [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)].map(SanType::IpAddress),
    );
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let chain = valid(params, now, until).signed_by(&key, &issuer)?.pem();
    Ok(Identity { ca, chain, key: key.serialize_pem() })
}

/// From yesterday, since clocks differ, to the day of `until`.
fn valid(mut params: CertificateParams, now: DateTime<Utc>, until: DateTime<Utc>) -> CertificateParams {
    let day = |time: DateTime<Utc>| {
        let part = |number: u32| u8::try_from(number).expect("months and days are small");
        date_time_ymd(time.year(), part(time.month()), part(time.day()))
    };
    params.not_before = day(now - TimeDelta::days(1));
    params.not_after = day(until);
    params
}

fn store(dir: &Path, ca: &str, key: &str) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    let path = dir.join(KEY_FILE);
    // An existing file would keep its permissions.
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    write_private(&path, key)?;
    fs::write(dir.join(CA_FILE), ca)
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    io::Write::write_all(&mut options.open(path)?, text.as_bytes())
}
