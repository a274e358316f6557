//! Who the staff are.

use chrono::TimeDelta;
use domain::{
    access::AppointError,
    id::{OrgId, TypedId},
};
use serde_json::json;
use tests::{TestApp, emulator};

use super::{ME, PING, forbidden, operator, org_id, recorded};
use crate::onboarding::work;

#[tokio::test]
async fn somebody_who_has_signed_in_is_appointed_by_account_or_membership() {
    let app = TestApp::start().await;
    let staff = &app.app.operator;
    for unknown in ["adele@contoso.com", "01890000-0000-7000-8000-000000000000"] {
        let unknown = staff.appoint(unknown, true, &tests::reason("r")).await;
        assert!(matches!(unknown, Err(AppointError::NotFound)), "{unknown:?}");
    }
    let session = app.signed_in("adele@contoso.com").await;
    let me = session.get(ME).await.expect(200);
    let membership = me.text_at("/data/id");
    let account =
        staff.appoint(&membership, true, &tests::reason("by membership")).await.expect("she is known");
    assert_eq!(account.emails, ["adele@contoso.com"]);
    session.get(PING).await.expect(200);
    // Again: nothing changes, and nothing is told.
    staff.appoint(&account.id.to_string(), true, &tests::reason("by account")).await.expect("she is known");
    staff.appoint(" ADELE@contoso.com ", false, &tests::reason("by address")).await.expect("she is known");
    forbidden(&session.get(PING).await);
    let [granted] = &recorded(&app, "operator.granted").await[..] else { panic!("it is told once") };
    assert_eq!(granted.org_id, me.text_at("/data/organization/id"));
    assert_eq!(granted.actor, "operator");
    let id = account.id.to_string();
    assert_eq!(
        granted.data,
        json!({ "reason": "by membership", "operator": "command_line", "accountId": id })
    );
    assert_eq!(recorded(&app, "operator.revoked").await.len(), 1);
}

/// An address is a claim of a tenant's administrator, who may give anybody's to whomever they like.
#[tokio::test]
async fn an_address_makes_nobody_an_operator_and_finds_whose_it_may_be() {
    let app = TestApp::start().await;
    let (adele, megan) =
        (app.signed_in("adele@contoso.com").await, app.signed_in("megan@fabrikam.com").await);
    let refused = app.app.operator.appoint("adele@contoso.com", true, &tests::reason("r")).await;
    let Err(AppointError::NotById(found)) = refused else { panic!("{refused:?}") };
    let [found] = &found[..] else { panic!("one has it: {found:?}") };
    assert_eq!(found.display_name.as_deref(), Some("Adele Vance"));
    let tenants: Vec<_> = found.organizations.iter().map(|home| home.azure_tenant_id).collect();
    assert_eq!(tenants, [Some(emulator::ids::CONTOSO.parse().expect("it is one"))]);
    forbidden(&adele.get(PING).await);
    app.database.execute("UPDATE identities SET email = 'Shared@Example.com'").await;
    for is_operator in [true, false] {
        let refused = app.app.operator.appoint("shared@example.com", is_operator, &tests::reason("r")).await;
        assert!(matches!(&refused, Err(AppointError::NotById(found)) if found.len() == 2), "{refused:?}");
    }
    let ids = [found.id];
    for session in [&adele, &megan] {
        forbidden(&session.get(PING).await);
    }
    assert!(app.app.operator.colleagues().await.expect("the database").is_empty());
    app.app
        .operator
        .appoint(&ids[0].to_string(), true, &tests::reason("r"))
        .await
        .expect("the id is one's own");
    let colleagues = app.app.operator.colleagues().await.expect("the database");
    assert_eq!(colleagues.iter().map(|one| one.id).collect::<Vec<_>>(), [ids[0]]);
    assert!(colleagues[0].operator_since.is_some());
}

#[tokio::test]
async fn the_command_makes_operators_and_a_running_service_knows_it() {
    let app = TestApp::start().await;
    let session = app.signed_in("adele@contoso.com").await;
    forbidden(&session.get(PING).await);
    let run = async |arguments: &[&str]| {
        let mut process = app.process(arguments, &[]);
        let succeeded = process.ended().await.success();
        (succeeded, process.text("stdout") + &process.text("stderr"))
    };
    let (succeeded, said) = run(&["admin", "grant", "adele@contoso.com"]).await;
    assert!(!succeeded && said.contains(emulator::ids::CONTOSO) && said.contains("Adele Vance"), "{said}");
    forbidden(&session.get(PING).await);
    let (_, id) = said.split_once("tenantry admin grant ").expect("it says what to run");
    let (succeeded, said) = run(&["admin", "grant", id.trim()]).await;
    assert!(succeeded && said.contains("(adele@contoso.com) is an operator now"), "{said}");
    app.app.turn_background().await.expect("the background turns");
    session.get(PING).await.expect(200);
    let (succeeded, said) = run(&["admin", "list"]).await;
    assert!(succeeded && said.contains("(adele@contoso.com)  since 20"), "{said}");
    let (succeeded, said) = run(&["admin", "grant", "nobody@contoso.com"]).await;
    assert!(!succeeded && said.contains("nobody of that address or id has signed in here"), "{said}");
    let (succeeded, said) = run(&["admin", "grant", "adele@contoso.com", "--revoke"]).await;
    assert!(succeeded && said.contains("is no operator now"), "{said}");
    app.app.turn_background().await.expect("the background turns");
    forbidden(&session.get(PING).await);
}

/// Whoever comes again in another organization, with the same account, has not been made an operator there.
#[tokio::test]
async fn the_right_ends_with_the_last_membership_and_can_be_taken_from_an_account_without_one() {
    let app = TestApp::start().await;
    operator(&app, "adele@contoso.com").await;
    let megan = operator(&app, "megan@fabrikam.com").await;
    let staff = &app.app.operator;
    let id = org_id(&app.user("adele")).await.parse().map(OrgId::from_uuid).expect("an id");
    staff.delete(id, "contoso.com", &tests::reason("asked")).await.expect("it is there");
    app.advance(TimeDelta::days(30));
    work(&app).await;
    let colleagues = staff.colleagues().await.expect("the database");
    assert_eq!(colleagues.iter().map(|one| one.emails.join(" ")).collect::<Vec<_>>(), ["megan@fabrikam.com"]);
    drop(megan);

    app.database.execute("DELETE FROM memberships").await;
    let homeless = colleagues[0].id.to_string();
    let refused = staff.appoint(&homeless, true, &tests::reason("r")).await;
    assert!(matches!(refused, Err(AppointError::NotFound)), "{refused:?}");
    staff.appoint(&homeless, false, &tests::reason("left")).await.expect("the account is there");
    assert!(staff.colleagues().await.expect("the database").is_empty());
}
