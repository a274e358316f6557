use std::sync::Arc;
use async_trait::async_trait;
use domain::{access::OnBehalfOf, delegation::*};
use secrecy::{ExposeSecret, SecretString};

pub struct Throwaway { pub host: url::Url, pub client: String }

#[async_trait]
impl DelegatedTokens for Throwaway {
    async fn token(&self, caller: &OnBehalfOf, resource: &Resource) -> Result<Arc<DelegatedToken>, DelegationError> {
        let scope = match resource { Resource::Graph => "https://graph.microsoft.com/.default".to_owned(), Resource::SharePoint { host } => format!("https://{host}/.default") };
        let url = format!("{}{}/oauth2/v2.0/token", self.host, caller.tenant());
        let client = crate::http::client().unwrap();
        let answer = client.post(url).form(&[
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("client_id", &self.client), ("client_secret", "emulator-secret"),
            ("assertion", caller.assertion().expose_secret()), ("scope", &scope), ("requested_token_use", "on_behalf_of"),
        ]).send().await.unwrap();
        let body: serde_json::Value = answer.json().await.unwrap();
        let Some(token) = body["access_token"].as_str() else {
            eprintln!("{body}");
            return Err(DelegationError::InteractionRequired { claims: body["claims"].as_str().and_then(|c| ClaimsChallenge::parse(c).ok()), scopes: vec![], sign_in: SignInPlace { authorization_uri: "x".into(), client_id: Default::default() } });
        };
        Ok(Arc::new(DelegatedToken { secret: SecretString::from(token.to_owned()), expires_at: caller.assertion_expires_at(), scopes: vec![] }))
    }
    async fn refused(&self, caller: &OnBehalfOf, resource: &Resource, _: &DelegatedToken, challenge: Option<&ClaimsChallenge>) -> Result<Arc<DelegatedToken>, DelegationError> {
        if let Some(c) = challenge {
            return Err(DelegationError::InteractionRequired { claims: Some(c.clone()), scopes: vec![], sign_in: SignInPlace { authorization_uri: "x".into(), client_id: Default::default() } });
        }
        self.token(caller, resource).await
    }
}
