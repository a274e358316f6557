//! Who the staff are.

use domain::access::AppointError;
use serde_json::json;
use tests::TestApp;

use super::{ME, PING, forbidden, recorded};

#[tokio::test]
async fn somebody_who_has_signed_in_is_found_by_address_account_or_membership() {
    let app = TestApp::start().await;
    let staff = &app.app.operator;
    let unknown = staff.appoint("adele@contoso.com", true, "r").await;
    assert!(matches!(unknown, Err(AppointError::NotFound)), "{unknown:?}");
    let session = app.signed_in("adele@contoso.com").await;
    let me = session.get(ME).await.expect(200);
    let account = staff.appoint(" ADELE@contoso.com ", true, "by address").await.expect("she is known");
    assert_eq!(account.emails, ["adele@contoso.com"]);
    session.get(PING).await.expect(200);
    // Again: nothing changes, and nothing is told.
    staff.appoint(&account.id.to_string(), true, "by account").await.expect("she is known");
    staff.appoint(&me.text_at("/data/id"), false, "by membership").await.expect("she is known");
    forbidden(&session.get(PING).await);
    let [granted] = &recorded(&app, "operator.granted").await[..] else { panic!("it is told once") };
    assert_eq!(granted.org_id, me.text_at("/data/organization/id"));
    assert_eq!(granted.actor, "operator");
    let id = account.id.to_string();
    assert_eq!(granted.data, json!({ "reason": "by address", "operator": "command_line", "accountId": id }));
    assert_eq!(recorded(&app, "operator.revoked").await.len(), 1);
}

/// An address is no identity: two tenants may have the same one.
#[tokio::test]
async fn an_address_of_several_accounts_makes_nobody_an_operator() {
    let app = TestApp::start().await;
    let (adele, megan) =
        (app.signed_in("adele@contoso.com").await, app.signed_in("megan@fabrikam.com").await);
    app.database.execute("UPDATE identities SET email = 'Shared@Example.com'").await;
    let refused = app.app.operator.appoint("shared@example.com", true, "r").await;
    let Err(AppointError::Ambiguous(ids)) = refused else { panic!("{refused:?}") };
    assert_eq!(ids.len(), 2);
    for session in [&adele, &megan] {
        forbidden(&session.get(PING).await);
    }
    assert!(app.app.operator.colleagues().await.expect("the database").is_empty());
    app.app.operator.appoint(&ids[0].to_string(), true, "r").await.expect("the id is one's own");
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
