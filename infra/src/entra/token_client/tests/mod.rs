//! The token client against an endpoint that says anything.

pub(crate) mod fake;
mod requests;
mod resilience;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    access::{Epochs, EpochsUnavailable, Mark, Subject},
    clock::Clock,
    delegation::{DelegatedToken, DelegationError, Resource, SignInPlace},
    entropy::Entropy,
    id::{OrgId, TypedId, UserId},
};
use secrecy::{ExposeSecret, SecretString};
use uuid::{Uuid, uuid};

use self::fake::Fake;
use super::{
    ClientCredential, Credentials, DelegatedTokenSettings, DelegatedTokenSource, ResourceNames,
    TokenEndpoint, asker::Asker, endpoint::Limits,
};

const TENANT: Uuid = uuid!("c0000000-0000-4000-8000-000000000001");
const CLIENT: Uuid = uuid!("a0000000-0000-4000-8000-00000000000a");
const NOW: i64 = 1_800_000_000;

struct Still;

impl Clock for Still {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(NOW, 0).unwrap()
    }
}

impl Entropy for Still {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

#[async_trait]
impl Epochs for Still {
    fn mark(&self) -> Mark {
        Mark(0)
    }

    fn known(&self, _: Subject) -> i64 {
        0
    }

    async fn unchanged_since(&self, _: Mark, _: &[Subject]) -> Result<bool, EpochsUnavailable> {
        Ok(true)
    }
}

fn endpoint(fake: &Fake) -> TokenEndpoint {
    let limits =
        Limits { attempt: Duration::from_secs(10), total: Duration::from_secs(20), ..Limits::STANDARD };
    TokenEndpoint::new(crate::http::client().unwrap(), fake.url.clone(), Arc::new(Still), Arc::new(Still))
        .limited(limits)
}

fn source(
    endpoint: TokenEndpoint,
    list: Vec<ClientCredential>,
    graph_scopes: &[&str],
) -> DelegatedTokenSource {
    let settings = DelegatedTokenSettings {
        names: ResourceNames { graph: "https://graph.microsoft.com".to_owned() },
        graph_scopes: graph_scopes.iter().map(|&scope| scope.to_owned()).collect(),
        sign_in: SignInPlace { authorization_uri: "https://login/authorize".to_owned(), client_id: CLIENT },
        consent_url: "https://login/{tenant}/adminconsent".to_owned(),
    };
    let credentials = Arc::new(Credentials::new(CLIENT, list));
    DelegatedTokenSource::new(
        Arc::new(endpoint),
        credentials,
        settings,
        Arc::new(Still),
        Arc::new(Still),
        None,
    )
}

fn secret() -> Vec<ClientCredential> {
    vec![ClientCredential::Secret(SecretString::from("the secret & more"))]
}

fn caller(assertion: &str) -> Asker {
    Asker {
        tenant: TENANT,
        org_id: OrgId::from_uuid(Uuid::from_u128(1)),
        user_id: UserId::from_uuid(Uuid::from_u128(2)),
        handles_claims: false,
        assertion: assertion.into(),
        assertion_expires_at: Still.now() + TimeDelta::hours(1),
    }
}

async fn ask(fake: &Fake) -> Result<String, DelegationError> {
    let token = source(endpoint(fake), secret(), &[]).get(&caller("assertion"), &Resource::Graph).await;
    token.map(|token| text(&token))
}

fn text(token: &DelegatedToken) -> String {
    token.secret.expose_secret().to_owned()
}
