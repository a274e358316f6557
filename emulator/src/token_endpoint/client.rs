//! Which app asks, and how it shows that.

use super::{Call, client_assertion};
use crate::{
    aadsts::Refusal,
    directory::{App, Platform},
};

/// The app that asks.
pub(super) struct Client<'a> {
    pub(super) app: &'a App,
    proof: Proof,
}

/// How it has shown who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    Nothing,
    Secret,
    /// A signature of its own, or of an issuer it trusts.
    Signature,
}

impl Proof {
    /// As `azpacr` has it.
    pub(super) fn claim(self) -> &'static str {
        match self {
            Self::Nothing => "0",
            Self::Secret => "1",
            Self::Signature => "2",
        }
    }
}

impl<'a> Client<'a> {
    /// Finds the app and checks what it shows; that it must show something is said by the grant.
    pub(super) async fn of(call: Call<'a>, segment: &str) -> Result<Self, Refusal> {
        let form = call.form;
        let id = form.client_id()?;
        let tenant = call.authority.organization(call.directory).map_or(segment, |tenant| &tenant.name);
        let app = call
            .directory
            .apps
            .iter()
            .find(|app| app.id.to_string().eq_ignore_ascii_case(id))
            .ok_or_else(|| Refusal::unknown_client(id, tenant))?;
        let (secret, assertion) = (form.client_secret(), form.get("client_assertion"));
        if secret.is_none() && assertion.is_none() {
            return Ok(Self { app, proof: Proof::Nothing });
        }
        if form.has_origin {
            return Err(Refusal::cross_origin());
        }
        if !app.is_confidential() {
            return Err(Refusal::public_client());
        }
        if let Some(assertion) = assertion {
            client_assertion::check(call, app, assertion).await?;
            return Ok(Self { app, proof: Proof::Signature });
        }
        if secret == app.secret.as_deref() {
            if app.secret_expires.is_some_and(|end| end <= call.world.clock.now()) {
                return Err(Refusal::expired_secret(app.id));
            }
            Ok(Self { app, proof: Proof::Secret })
        } else {
            Err(Refusal::wrong_secret(app.id))
        }
    }

    /// For grants of apps that must show who they are.
    pub(super) fn proven(&self) -> Result<Proof, Refusal> {
        match self.proof {
            Proof::Nothing => Err(Refusal::missing_secret()),
            Proof::Secret | Proof::Signature => Ok(self.proof),
        }
    }

    /// For grants that came by a redirect URI, whose platform says from where they may be redeemed.
    pub(super) fn proven_for(&self, platform: Platform, has_origin: bool) -> Result<Proof, Refusal> {
        match (platform, has_origin) {
            (Platform::Spa, true) => Ok(Proof::Nothing),
            (Platform::Spa, false) => Err(Refusal::only_cross_origin()),
            (Platform::Web | Platform::Public, true) => Err(Refusal::cross_origin()),
            (Platform::Web, false) => self.proven(),
            // What a program got is redeemed as it was got: without a secret, whether or not the app has one.
            (Platform::Public, false) if !self.app.is_public() => Err(Refusal::missing_secret()),
            (Platform::Public, false) if self.proof != Proof::Nothing => Err(Refusal::public_client()),
            (Platform::Public, false) => Ok(self.proof),
        }
    }
}
