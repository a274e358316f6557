//! What is sent, and what happens to a token that a resource refuses.

use std::sync::Arc;

use domain::delegation::{ClaimsChallenge, DelegationError, Resource, SharePointHost};
use futures_util::future::join_all;
use serde_json::json;

use super::{
    CLIENT, TENANT, caller, endpoint,
    fake::{Answer, Fake},
    secret, source, text,
};
use crate::entra::token_client::{ClientCredential, ManagedIdentity, transport};

#[tokio::test]
async fn the_request_is_that_of_the_documentation_at_the_tenants_own_endpoint() {
    let fake = Fake::start([Answer::token("t")]).await;
    let source = source(endpoint(&fake), secret(), &["https://graph.microsoft.com/Files.Read.All"]);
    source.get(&caller("the assertion"), &Resource::Graph).await.unwrap();
    let asked = fake.asked().remove(0);
    assert_eq!(asked.path, format!("/{TENANT}/oauth2/v2.0/token"));
    assert!(asked.head.starts_with("post "));
    let expected = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
        ("requested_token_use", "on_behalf_of"),
        ("client_id", &CLIENT.to_string()),
        ("client_secret", "the secret & more"),
        ("assertion", "the assertion"),
        ("scope", "https://graph.microsoft.com/Files.Read.All"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect();
    assert_eq!(asked.form, expected);
}

#[tokio::test]
async fn each_resource_and_each_capability_is_asked_for_by_itself() {
    let fake = Fake::start([Answer::token("a"), Answer::token("b"), Answer::token("c")]).await;
    let source = source(endpoint(&fake), secret(), &[]);
    let share_point = Resource::SharePoint { host: SharePointHost::parse("contoso.sharepoint.com").unwrap() };
    let mut capable = caller("assertion");
    capable.handles_claims = true;
    for (caller, resource, token) in [
        (&caller("assertion"), &Resource::Graph, "a"),
        (&caller("assertion"), &share_point, "b"),
        (&capable, &Resource::Graph, "c"),
        (&caller("assertion"), &Resource::Graph, "a"),
        (&caller("assertion"), &share_point, "b"),
    ] {
        assert_eq!(text(&source.get(caller, resource).await.unwrap()), token);
    }
    let asked = fake.asked();
    let scopes: Vec<_> = asked.iter().map(|asked| asked.form["scope"].as_str()).collect();
    let graph = "https://graph.microsoft.com/.default";
    assert_eq!(scopes, [graph, "https://contoso.sharepoint.com/.default", graph]);
    let claims: Vec<_> = asked.iter().map(|asked| asked.form.get("claims").map(String::as_str)).collect();
    assert_eq!(claims, [None, None, Some(r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#)]);
}

#[tokio::test]
async fn a_token_that_the_resource_refuses_is_replaced_once_for_all_who_had_it() {
    let fake = Fake::start([Answer::token("old"), Answer::token("new")]).await;
    let source = source(endpoint(&fake), secret(), &[]);
    let caller = caller("assertion");
    let old = source.get(&caller, &Resource::Graph).await.unwrap();
    let replaced = join_all((0..100).map(|_| source.get_after(&caller, &Resource::Graph, &old, None))).await;
    assert!(replaced.into_iter().all(|token| text(&token.unwrap().unwrap()) == "new"));
    assert_eq!(fake.asked().len(), 2);
    // A resource that refuses that one too would refuse each that came after it.
    let new = source.get(&caller, &Resource::Graph).await.unwrap();
    for _ in 0..3 {
        assert!(source.get_after(&caller, &Resource::Graph, &new, None).await.unwrap().is_none());
    }
    assert_eq!(fake.asked().len(), 2);
    assert_eq!(text(&source.get(&caller, &Resource::Graph).await.unwrap()), "new");
}

#[tokio::test]
async fn a_challenge_of_the_resource_drops_the_token_and_goes_to_clients_that_handle_it() {
    let fake = Fake::start([Answer::token("old"), Answer::token("old"), Answer::token("new")]).await;
    let source = source(endpoint(&fake), secret(), &[]);
    let revoked = json!({ "access_token": { "nbf": { "essential": true, "value": "1604106651" } } });
    let challenge = ClaimsChallenge::parse(&revoked.to_string()).unwrap();
    let plain = caller("assertion");
    let mut capable = caller("assertion");
    capable.handles_claims = true;
    for (caller, expected) in [(&plain, None), (&capable, Some(challenge.clone()))] {
        let token = source.get(caller, &Resource::Graph).await.unwrap();
        let told = source.get_after(caller, &Resource::Graph, &token, Some(&challenge)).await;
        let Err(DelegationError::InteractionRequired { claims, scopes, .. }) = told else {
            panic!("{told:?}");
        };
        assert_eq!((claims, scopes), (expected, vec!["https://graph.microsoft.com/.default".to_owned()]));
    }
    assert_eq!(fake.asked().len(), 2, "there is no point in asking again");
    assert_eq!(text(&source.get(&capable, &Resource::Graph).await.unwrap()), "new");
}

#[tokio::test]
async fn a_machines_identity_is_a_proof() {
    let body = json!({
        "access_token": "of-the-machine", "expires_on": "1900000000", "token_type": "Bearer", "resource": "x",
    });
    let machine = Fake::start([Answer::new(200, "application/json", &body.to_string())]).await;
    let fake = Fake::start([Answer::token("t")]).await;
    let transport = transport::with_machine_at(Arc::new(endpoint(&fake)), machine.url.clone());
    let identity = ManagedIdentity::over(Some(CLIENT), "api://AzureADTokenExchange", transport).unwrap();
    let source = source(endpoint(&fake), vec![ClientCredential::ManagedIdentity(identity)], &[]);
    source.get(&caller("assertion"), &Resource::Graph).await.unwrap();
    let of_machine = machine.asked().remove(0);
    assert!(of_machine.path.contains("resource=api%3a%2f%2fazureadtokenexchange"), "{}", of_machine.path);
    assert!(of_machine.path.contains(&format!("client_id={CLIENT}")));
    let form = fake.asked().remove(0).form;
    assert_eq!(form["client_assertion"], "of-the-machine");
    assert_eq!(form["client_assertion_type"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    assert!(!form.contains_key("client_secret"));
}

#[tokio::test]
async fn a_machine_without_an_identity_makes_room_for_the_next_credential() {
    let machine = Fake::start([Answer::new(400, "application/json", r#"{"error":"invalid_request"}"#)]).await;
    let fake = Fake::start([Answer::token("t")]).await;
    let transport = transport::with_machine_at(Arc::new(endpoint(&fake)), machine.url.clone());
    let identity = ManagedIdentity::over(None, "api://AzureADTokenExchange", transport).unwrap();
    let mut list = vec![ClientCredential::ManagedIdentity(identity)];
    list.extend(secret());
    let source = source(endpoint(&fake), list, &[]);
    source.get(&caller("assertion"), &Resource::Graph).await.unwrap();
    assert!(fake.asked().remove(0).form.contains_key("client_secret"));
}
