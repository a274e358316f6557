//! The keys that are a secret of an Azure Key Vault, read at start.

use std::{borrow::Cow, sync::Arc};

use anyhow::Context;
use chrono::{DateTime, Utc};
use infra::{
    entra::token_client::{ClientCertificate, ClientCredential, OwnIdentity, TokenEndpoint},
    key_vault::{KeyVaultSecret, KeyVaultSettings},
};

use super::Parts;
use crate::config::{Config, KeyRing, KeyVaultConfig, MachineIdentity, VaultCredential, VaultProof};

/// The keys, and when the vault has them end.
pub(super) struct VaultKeys {
    pub ring: KeyRing,
    pub expires_at: Option<DateTime<Utc>>,
}

/// The configuration with the keys of the vault in it, where they are in one. Without them nothing starts.
pub(super) async fn with_keys<'a>(config: &'a Config, parts: &Parts) -> anyhow::Result<Cow<'a, Config>> {
    let (Some(vault), None) = (&config.keys.vault, &config.keys.ring) else {
        return Ok(Cow::Borrowed(config));
    };
    let keys = read(config, vault, parts).await?;
    if keys.expires_at.is_some_and(|end| end <= parts.clock.now()) {
        tracing::warn!(secret = %vault.secret, "the secret with the keys has expired; it is used all the same");
    }
    let mut config = config.clone();
    config.keys.ring = Some(keys.ring);
    Ok(Cow::Owned(config))
}

pub(super) async fn read(
    config: &Config,
    vault: &KeyVaultConfig,
    parts: &Parts,
) -> anyhow::Result<VaultKeys> {
    let settings = KeyVaultSettings { secret: vault.secret.clone(), resource: vault.resource.clone() };
    let identity = identity(config, &vault.credential, parts)?;
    let outside = (Arc::clone(&parts.clock), Arc::clone(&parts.entropy), Arc::clone(&parts.pauses));
    let secret = KeyVaultSecret::new(settings, identity, infra::http::client()?, outside).read().await?;
    let ring = KeyRing::of_secret(&secret.value)
        .with_context(|| format!("the secret {} does not hold the keys", vault.secret))?;
    tracing::info!(secret = %vault.secret, version = secret.version, keys = ring.len(), "keys read from the vault");
    Ok(VaultKeys { ring, expires_at: secret.expires_at })
}

fn identity(config: &Config, credential: &VaultCredential, parts: &Parts) -> anyhow::Result<OwnIdentity> {
    let host = config.entra.authority_host.clone();
    let (clock, entropy) = (Arc::clone(&parts.clock), Arc::clone(&parts.entropy));
    let endpoint = Arc::new(TokenEndpoint::new(infra::http::client()?, host, clock, entropy));
    let (client_id, tenant, proof) = match credential {
        VaultCredential::Machine(MachineIdentity::System) => return Ok(OwnIdentity::machine(None, endpoint)),
        VaultCredential::Machine(MachineIdentity::User(id)) => {
            return Ok(OwnIdentity::machine(Some(*id), endpoint));
        }
        VaultCredential::Application { client_id, tenant, proof } => (*client_id, *tenant, proof),
    };
    let proof = match proof {
        VaultProof::FederatedTokenFile(path) => ClientCredential::FederatedFile(path.clone()),
        VaultProof::Certificate(text) => ClientCredential::Certificate(
            ClientCertificate::parse(&text.pem, text.key.as_ref())
                .context("the client certificate (AZURE_CLIENT_CERTIFICATE) cannot be used")?,
        ),
        VaultProof::Secret(secret) => ClientCredential::Secret(secret.clone()),
    };
    Ok(OwnIdentity::application(client_id, tenant, proof, endpoint))
}
