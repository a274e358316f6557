//! The keys as a secret of an Azure Key Vault: which one, and who reads it.

use std::path::PathBuf;

use domain::access::TenantSelector;
use secrecy::SecretString;
use url::Url;
use uuid::Uuid;

use super::{
    CertificateText, DelegationConfig, EntraConfig, MachineIdentity, parse,
    reader::{Parsed, Reader},
    setting::Setting,
};

pub(super) static TOKEN_KEYS_VAULT_SECRET_ID: Setting =
    Setting::new("TOKEN_KEYS_VAULT_SECRET_ID", "keys.vault_secret_id").address();
static TOKEN_KEYS_VAULT_CREDENTIAL: Setting =
    Setting::new("TOKEN_KEYS_VAULT_CREDENTIAL", "keys.vault_credential");
static TOKEN_KEYS_VAULT_CLIENT_ID: Setting =
    Setting::new("TOKEN_KEYS_VAULT_CLIENT_ID", "keys.vault_client_id");
static TOKEN_KEYS_VAULT_TENANT_ID: Setting =
    Setting::new("TOKEN_KEYS_VAULT_TENANT_ID", "keys.vault_tenant_id");

pub(super) static SETTINGS: &[&Setting] = &[
    &TOKEN_KEYS_VAULT_SECRET_ID,
    &TOKEN_KEYS_VAULT_CREDENTIAL,
    &TOKEN_KEYS_VAULT_CLIENT_ID,
    &TOKEN_KEYS_VAULT_TENANT_ID,
];

/// The public cloud's; vaults of other clouds say theirs by their name.
const RESOURCE: &str = "https://vault.azure.net";

/// A secret of a vault.
#[derive(Clone, Debug)]
pub struct KeyVaultConfig {
    /// The secret's identifier.
    pub secret: Url,
    /// What tokens for the vault are asked for.
    pub resource: String,
    pub credential: VaultCredential,
}

/// Who reads it.
#[derive(Clone, Debug)]
pub enum VaultCredential {
    /// The managed identity of the machine.
    Machine(MachineIdentity),
    /// An application in the vault's tenant.
    Application { client_id: Uuid, tenant: Uuid, proof: VaultProof },
}

/// How the application proves who it is.
#[derive(Clone, Debug)]
pub enum VaultProof {
    FederatedTokenFile(PathBuf),
    Certificate(CertificateText),
    Secret(SecretString),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    ManagedIdentity,
    WorkloadIdentity,
    ClientCertificate,
    ClientSecret,
}

impl KeyVaultConfig {
    pub(super) fn read(
        reader: &mut Reader,
        entra: &EntraConfig,
        delegation: &DelegationConfig,
    ) -> Option<Self> {
        let address = reader.value(&TOKEN_KEYS_VAULT_SECRET_ID, secret);
        let kind = reader.value(&TOKEN_KEYS_VAULT_CREDENTIAL, kind);
        let client_id = reader.value(&TOKEN_KEYS_VAULT_CLIENT_ID, parse::guid);
        let tenant = reader.value(&TOKEN_KEYS_VAULT_TENANT_ID, parse::guid);
        if !reader.is_set(&TOKEN_KEYS_VAULT_SECRET_ID) {
            for setting in SETTINGS.iter().filter(|setting| reader.is_set(setting)).collect::<Vec<_>>() {
                reader.problem(setting, "is given without TOKEN_KEYS_VAULT_SECRET_ID; give both, or neither");
            }
            return None;
        }
        if !reader.is_set(&TOKEN_KEYS_VAULT_CREDENTIAL) {
            reader.problem(
                &TOKEN_KEYS_VAULT_CREDENTIAL,
                "not set; say who reads the vault: managed-identity, workload-identity, client-certificate or \
                 client-secret",
            );
        }
        let credential = match kind? {
            Kind::ManagedIdentity => {
                if tenant.is_some() {
                    reader.problem(
                        &TOKEN_KEYS_VAULT_TENANT_ID,
                        "means nothing for a managed identity; leave it out",
                    );
                }
                let of_vault = client_id.map(MachineIdentity::User);
                let identity = of_vault.or(delegation.managed_identity).unwrap_or(MachineIdentity::System);
                Some(VaultCredential::Machine(identity))
            }
            kind @ (Kind::WorkloadIdentity | Kind::ClientCertificate | Kind::ClientSecret) => {
                application(reader, kind, (client_id, tenant), entra, delegation)
            }
        };
        let (secret, resource) = address?;
        Some(Self { secret, resource, credential: credential? })
    }
}

fn application(
    reader: &mut Reader,
    kind: Kind,
    (client_id, tenant): (Option<Uuid>, Option<Uuid>),
    entra: &EntraConfig,
    delegation: &DelegationConfig,
) -> Option<VaultCredential> {
    let (proof, needed) = match kind {
        Kind::WorkloadIdentity => (
            delegation.federated_token_file.clone().map(VaultProof::FederatedTokenFile),
            "is workload-identity, which needs AZURE_FEDERATED_TOKEN_FILE; Kubernetes sets it for a pod with the label \
             azure.workload.identity/use",
        ),
        Kind::ClientCertificate => (
            delegation.certificate.clone().map(VaultProof::Certificate),
            "is client-certificate, which needs AZURE_CLIENT_CERTIFICATE or AZURE_CLIENT_CERTIFICATE_PATH",
        ),
        Kind::ClientSecret | Kind::ManagedIdentity => (
            delegation.secret.clone().map(VaultProof::Secret),
            "is client-secret, which needs AZURE_CLIENT_SECRET",
        ),
    };
    if proof.is_none() {
        reader.problem(&TOKEN_KEYS_VAULT_CREDENTIAL, needed);
    }
    if kind != Kind::WorkloadIdentity && client_id.is_some_and(|id| id != entra.client_id) {
        reader.problem(
            &TOKEN_KEYS_VAULT_CLIENT_ID,
            "is not AZURE_CLIENT_ID, whose secret and certificate the service has; leave it out",
        );
    }
    let of_entra = match &entra.tenant {
        TenantSelector::Tenant(id) => Some(*id),
        TenantSelector::Common
        | TenantSelector::Organizations
        | TenantSelector::Consumers
        | TenantSelector::Domain(_) => None,
    };
    let tenant = tenant.or(of_entra);
    if tenant.is_none() && !reader.is_set(&TOKEN_KEYS_VAULT_TENANT_ID) {
        reader.problem(
            &TOKEN_KEYS_VAULT_TENANT_ID,
            "not set, and AZURE_TENANT_ID is no tenant's id; give the id of the tenant that the vault's subscription \
             belongs to",
        );
    }
    let client_id = client_id.unwrap_or(entra.client_id);
    Some(VaultCredential::Application { client_id, tenant: tenant?, proof: proof? })
}

fn kind(text: &str) -> Parsed<Kind> {
    match text.to_ascii_lowercase().as_str() {
        "managed-identity" => Ok(Kind::ManagedIdentity),
        "workload-identity" => Ok(Kind::WorkloadIdentity),
        "client-certificate" => Ok(Kind::ClientCertificate),
        "client-secret" => Ok(Kind::ClientSecret),
        _ => Err("is none of managed-identity, workload-identity, client-certificate and client-secret"),
    }
}

/// The identifier of a secret, and what tokens for its vault are asked for ("About keys, secrets, and certificates",
/// object identifiers and versioning). The latter follows from the vault's own name, so that a token is never for
/// another place than the one that it is sent to.
fn secret(text: &str) -> Parsed<(Url, String)> {
    const FORM: &str = "is not the identifier of a secret; give https://{vault}.vault.azure.net/secrets/{name}, as the portal shows it";
    let url = Url::parse(text).ok().filter(Url::has_host).ok_or(FORM)?;
    let is_loopback = parse::is_loopback(&url);
    match url.scheme() {
        "https" => {}
        "http" if is_loopback => {}
        "http" => return Err("is http, which is for loopback hosts only; give an https URL"),
        _ => return Err(FORM),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds credentials; leave them out");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("has more than an identifier; leave out what begins with ? or #");
    }
    let resource = if is_loopback { RESOURCE.to_owned() } else { resource(&url).ok_or(FORM)? };
    let is_word = |text: &str, longest: usize| {
        (1..=longest).contains(&text.len())
            && text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
    };
    let segments: Vec<&str> = url.path_segments().ok_or(FORM)?.collect();
    let is_identifier = match segments.as_slice() {
        ["secrets", name] => is_word(name, 127),
        ["secrets", name, version] => is_word(name, 127) && is_word(version, 32) && !version.contains('-'),
        _ => false,
    };
    if is_identifier { Ok((url, resource)) } else { Err(FORM) }
}

/// Of `https://{vault}.vault.{cloud}`.
fn resource(url: &Url) -> Option<String> {
    let (vault, domain) = url.host_str()?.split_once('.')?;
    let is_vault = (3..=24).contains(&vault.len()) && domain.starts_with("vault.") && url.port().is_none();
    (is_vault && parse::domain(domain).is_ok()).then(|| format!("https://{domain}"))
}

#[cfg(test)]
mod tests {
    use crate::config::testing::{CLIENT_ID, TENANT_ID, loaded, refused};

    use super::*;

    const SECRET: (&str, &str) =
        ("TOKEN_KEYS_VAULT_SECRET_ID", "https://ours.vault.azure.net/secrets/tenantry-keys");

    fn credential(more: &[(&str, &str)]) -> VaultCredential {
        loaded(&[&[SECRET], more].concat()).keys.vault.unwrap().credential
    }

    fn of(kind: &str) -> (&str, &str) {
        ("TOKEN_KEYS_VAULT_CREDENTIAL", kind)
    }

    #[test]
    fn an_identifier_says_what_tokens_are_asked_for() {
        const VERSION: &str = "4387e9f3d6e14c459867679a90fd0f79";
        for (text, expected) in [
            ("https://ours.vault.azure.net/secrets/a", "https://vault.azure.net"),
            ("https://ours.vault.azure.cn/secrets/a-b", "https://vault.azure.cn"),
            ("https://OURS.vault.usgovcloudapi.net:443/secrets/a", "https://vault.usgovcloudapi.net"),
            (&format!("https://ours.vault.azure.net/secrets/a/{VERSION}"), "https://vault.azure.net"),
            ("http://localhost:8443/secrets/a", "https://vault.azure.net"),
            ("https://127.0.0.1:8443/secrets/a", "https://vault.azure.net"),
        ] {
            assert_eq!(secret(text).map(|(_, resource)| resource).as_deref(), Ok(expected), "{text}");
        }
        for wrong in [
            "tenantry-keys",
            "http://ours.vault.azure.net/secrets/a",
            "ftp://localhost/secrets/a",
            "https://vault.azure.net/secrets/a",
            "https://ours.vault.azure.net:8443/secrets/a",
            "https://ours.example.com/secrets/a",
            "https://me:hunter2@ours.vault.azure.net/secrets/a",
            "https://ours.vault.azure.net/secrets/a?api-version=7.4",
            "https://ours.vault.azure.net/secrets/a#b",
            "https://ours.vault.azure.net/secrets",
            "https://ours.vault.azure.net/secrets/",
            "https://ours.vault.azure.net/secrets/a/",
            "https://ours.vault.azure.net/secrets/a/b/c",
            "https://ours.vault.azure.net/secrets/a%2Fb",
            "https://ours.vault.azure.net/keys/a",
            "https://ours.vault.azure.net/certificates/a",
        ] {
            assert!(secret(wrong).is_err(), "{wrong}");
        }
        let problems =
            refused(&[("TOKEN_KEYS_VAULT_SECRET_ID", "https://me:hunter2@ours.vault.azure.net/secrets/a")]);
        assert!(!problems.contains("hunter2"), "{problems}");
        // A key that somebody took the setting's value for.
        let problems = refused(&[("TOKEN_KEYS_VAULT_SECRET_ID", "2027:hunter2-and-more")]);
        assert!(
            problems.contains("TOKEN_KEYS_VAULT_SECRET_ID: the value is not the identifier"),
            "{problems}"
        );
        assert!(!problems.contains("hunter2"), "{problems}");
    }

    #[test]
    fn a_machine_reads_as_itself_or_as_one_of_its_identities() {
        let machine = |more: &[(&str, &str)]| match credential(&[&[of("Managed-Identity")], more].concat()) {
            VaultCredential::Machine(identity) => identity,
            other @ VaultCredential::Application { .. } => unreachable!("{other:?}"),
        };
        let other = "22222222-2222-4333-8444-555555555555";
        assert_eq!(machine(&[]), MachineIdentity::System);
        assert_eq!(
            machine(&[("TOKEN_KEYS_VAULT_CLIENT_ID", other)]),
            MachineIdentity::User(parse::guid(other).unwrap())
        );
        assert_eq!(
            machine(&[("AZURE_MANAGED_IDENTITY", other)]),
            MachineIdentity::User(parse::guid(other).unwrap())
        );
        let problems = refused(&[SECRET, of("managed-identity"), ("TOKEN_KEYS_VAULT_TENANT_ID", TENANT_ID)]);
        assert!(problems.contains("means nothing for a managed identity"), "{problems}");
    }

    #[test]
    fn an_application_reads_in_a_tenant_with_one_proof() {
        let other = "22222222-2222-4333-8444-555555555555";
        let pod = [
            of("workload-identity"),
            ("AZURE_FEDERATED_TOKEN_FILE", "/var/run/secrets/token"),
            ("TOKEN_KEYS_VAULT_CLIENT_ID", other),
            ("TOKEN_KEYS_VAULT_TENANT_ID", other),
        ];
        let VaultCredential::Application { client_id, tenant, proof } = credential(&pod) else {
            unreachable!()
        };
        assert_eq!((client_id.to_string(), tenant.to_string()), (other.to_owned(), other.to_owned()));
        assert!(matches!(proof, VaultProof::FederatedTokenFile(path) if path.ends_with("token")));
        let secret = [of("client-secret"), ("AZURE_CLIENT_SECRET", "hunter2")];
        let made = credential(&secret);
        assert!(!format!("{made:?}").contains("hunter2"), "{made:?}");
        let VaultCredential::Application { client_id, tenant, .. } = made else { unreachable!() };
        assert_eq!((client_id.to_string(), tenant.to_string()), (CLIENT_ID.to_owned(), TENANT_ID.to_owned()));
    }

    #[test]
    fn what_is_missing_is_named() {
        let problems = |more: &[(&str, &str)]| refused(&[&[SECRET], more].concat());
        assert!(problems(&[]).starts_with("TOKEN_KEYS_VAULT_CREDENTIAL: not set; say who reads the vault"));
        assert!(problems(&[of("me")]).contains("is none of managed-identity"));
        assert!(problems(&[of("workload-identity")]).contains("needs AZURE_FEDERATED_TOKEN_FILE"));
        assert!(problems(&[of("client-certificate")]).contains("needs AZURE_CLIENT_CERTIFICATE"));
        assert!(problems(&[of("client-secret")]).contains("needs AZURE_CLIENT_SECRET"));
        let anybody = [of("client-secret"), ("AZURE_CLIENT_SECRET", "x"), ("AZURE_TENANT_ID", "contoso.com")];
        assert!(problems(&anybody).starts_with("TOKEN_KEYS_VAULT_TENANT_ID: not set, and AZURE_TENANT_ID"));
        let other = ("TOKEN_KEYS_VAULT_CLIENT_ID", "22222222-2222-4333-8444-555555555555");
        assert!(
            problems(&[of("client-secret"), ("AZURE_CLIENT_SECRET", "x"), other])
                .contains("is not AZURE_CLIENT_ID")
        );
        let alone = refused(&[of("managed-identity"), other]);
        assert_eq!(alone.matches("is given without TOKEN_KEYS_VAULT_SECRET_ID").count(), 2, "{alone}");
    }

    #[test]
    fn the_keys_have_one_source() {
        let key = ("TOKEN_KEY", "an-old-key-of-more-than-32-bytes-000001");
        let problems = refused(&[SECRET, of("managed-identity"), key]);
        assert!(
            problems.starts_with("TOKEN_KEYS_VAULT_SECRET_ID: is given together with TOKEN_KEY;"),
            "{problems}"
        );
        let postgres = ("DATABASE_URL", "postgres://tenantry@db/tenantry");
        assert!(loaded(&[SECRET, of("managed-identity"), postgres]).keys.vault.is_some());
        assert_eq!(refused(&[SECRET, postgres]).lines().count(), 1);
        let shared = [SECRET, of("managed-identity"), ("EXTERNAL_TOKENS_SHARED_KEY", "true")];
        assert!(loaded(&shared).api_keys.shares_wire_key);
    }
}
