//! Links that operators make.

use chrono::TimeDelta;
use domain::organizations::onboarding::{InvitationState, WithdrawError};
use tests::emulator::ids;
use uuid::Uuid;

use super::{before_consent, consented, organizations, outcome, way::Way, work};

#[tokio::test]
async fn a_link_is_for_its_tenant_and_serves_once() {
    let app = consented().await;
    let tenant: Uuid = ids::CONTOSO.parse().unwrap();
    let made = app
        .app
        .onboarding
        .invite(&app.app.operator, Some(tenant), "Contoso, by Jo", TimeDelta::days(14))
        .await
        .unwrap();
    let query = format!("?invitation={}", made.text);
    let other = Way::new(&app);
    let page = other.start(&query).await;
    assert_eq!(page.path(), format!("/{}/v2.0/adminconsent", ids::CONTOSO));
    let way = Way::new(&app);
    assert_eq!(outcome(&way.connect(&query, "adele@contoso.com").await), "connected");
    let again = Way::new(&app).open(&format!("/api/onboarding/start{query}")).await.expect(400);
    assert!(again.text.contains("This invitation is not valid any more"), "{}", again.text);
    let listed = app.app.onboarding.invitations(&app.app.operator, 10, 0).await.unwrap().items;
    assert_eq!((listed.len(), listed[0].note.as_str()), (1, "Contoso, by Jo"));
    assert!(listed[0].accepted_at.is_some());
    let stored = app.database.query("SELECT * FROM onboarding_invitations").await;
    assert!(!format!("{stored:?}").contains(&made.text), "the secret is not kept");
}

#[tokio::test]
async fn a_link_that_is_unknown_old_or_taken_back_leads_nowhere() {
    let app = consented().await;
    let old = app.app.onboarding.invite(&app.app.operator, None, "n", TimeDelta::days(1)).await.unwrap();
    let revoked = app.app.onboarding.invite(&app.app.operator, None, "n", TimeDelta::days(30)).await.unwrap();
    app.app.onboarding.uninvite(&app.app.operator, revoked.invitation.id).await.unwrap();
    let unknown = app.app.onboarding.uninvite(&app.app.operator, Uuid::nil()).await;
    assert!(matches!(unknown, Err(WithdrawError::NotFound)), "{unknown:?}");
    app.advance(TimeDelta::days(2));
    for text in [old.text.as_str(), revoked.text.as_str(), "unknown"] {
        Way::new(&app).open(&format!("/api/onboarding/start?invitation={text}")).await.expect(400);
    }
    let wrong = app
        .app
        .onboarding
        .invite(&app.app.operator, Some(Uuid::nil()), "n", TimeDelta::days(1))
        .await
        .unwrap();
    let query = format!("?invitation={}&tenant={}", wrong.text, ids::CONTOSO);
    let refused = Way::new(&app).open(&format!("/api/onboarding/start{query}")).await.expect(400);
    assert!(refused.text.contains("another organization"), "{}", refused.text);
    assert_eq!(organizations(&app).await, 0);
}

#[tokio::test]
async fn a_link_that_ends_while_microsofts_page_is_open_founds_nothing() {
    let app = before_consent().await;
    let made = app.app.onboarding.invite(&app.app.operator, None, "n", TimeDelta::days(1)).await.unwrap();
    let way = Way::new(&app);
    let page = way.start(&format!("?invitation={}", made.text)).await;
    let address = way.accept(&page, "adele@contoso.com").await;
    app.app.onboarding.uninvite(&app.app.operator, made.invitation.id).await.unwrap();
    assert_eq!(outcome(&way.back(&address).await), "invitation_ended");
    assert_eq!(organizations(&app).await, 0);
}

#[tokio::test]
async fn a_link_is_used_when_the_proof_comes_after_the_way_back() {
    let app = before_consent().await;
    app.emulator.set_propagation(90);
    let made = app.app.onboarding.invite(&app.app.operator, None, "n", TimeDelta::days(1)).await.unwrap();
    let way = Way::new(&app);
    let arrived = way.connect(&format!("?invitation={}", made.text), "adele@contoso.com").await;
    assert_eq!(outcome(&arrived), "verifying");
    let state = async || {
        let listed = app.app.onboarding.invitations(&app.app.operator, 10, 0).await.unwrap().items;
        (app.app.onboarding.state_of(&listed[0]), listed[0].org_id.is_some())
    };
    assert_eq!(state().await, (InvitationState::Open, false), "nothing is proven yet");
    for _ in 0..40 {
        app.advance(TimeDelta::seconds(5));
        work(&app).await;
    }
    assert_eq!(outcome(&way.json("/api/onboarding/progress").await), "connected");
    assert_eq!(state().await, (InvitationState::Used, true));
}
