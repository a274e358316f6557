use std::sync::Mutex;

use chrono::TimeDelta;
use domain::identity::SESSION_TOKEN_PREFIX;
use secrecy::ExposeSecret;

use super::*;

#[derive(Clone)]
struct Hand(Arc<Mutex<DateTime<Utc>>>);

impl Hand {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(DateTime::from_timestamp(1_767_268_800, 0).unwrap())))
    }

    fn turn(&self, by: TimeDelta) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for Hand {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

const WEEK: Duration = Duration::from_hours(7 * 24);

fn ring(keys: &[&str]) -> KeyRing {
    let mut keys = keys.iter().map(|key| ((*key).to_owned(), SecretString::from(key.repeat(32))));
    KeyRing::new(keys.next().unwrap(), keys.collect()).unwrap()
}

fn signer(keys: &[&str], issuer: &str, hand: &Hand) -> SessionSigner {
    SessionSigner::new(&ring(keys), issuer.to_owned(), WEEK, Arc::new(hand.clone())).unwrap()
}

fn access(now: DateTime<Utc>) -> AccessClaims {
    AccessClaims {
        session: SessionId::from_uuid(Uuid::from_u128(1)),
        account: AccountId::from_uuid(Uuid::from_u128(2)),
        organization: OrgId::from_uuid(Uuid::from_u128(3)),
        user: UserId::from_uuid(Uuid::from_u128(4)),
        email: Some("ada@contoso.com".to_owned()),
        role: Some(Role::Admin),
        login_provider: "microsoft".to_owned(),
        is_email_verified: true,
        issued_at: now,
        expires_at: now + TimeDelta::minutes(15),
    }
}

fn refresh(now: DateTime<Utc>) -> RefreshClaims {
    RefreshClaims {
        session: SessionId::from_uuid(Uuid::from_u128(1)),
        id: Uuid::from_u128(5),
        issued_at: now,
        expires_at: now + TimeDelta::days(7),
    }
}

#[test]
fn what_is_signed_is_read_by_every_process_with_the_same_ring() {
    let hand = Hand::new();
    let (here, there) = (signer(&["a"], "https://here", &hand), signer(&["a"], "https://here", &hand));
    let (claims, renewal) = (access(hand.now()), refresh(hand.now()));
    let token = here.access(&claims).unwrap();
    assert_eq!(there.read_access(token.expose_secret()), Ok(claims));
    assert_eq!(there.read_refresh(here.refresh(&renewal).unwrap().expose_secret()), Ok(renewal));
    assert!(token.expose_secret().starts_with(SESSION_TOKEN_PREFIX));
}

#[test]
fn a_token_is_good_for_its_own_kind_place_and_time_only() {
    let hand = Hand::new();
    let here = signer(&["a"], "https://here", &hand);
    let token = here.access(&access(hand.now())).unwrap();
    let token = token.expose_secret();
    let renewal = here.refresh(&refresh(hand.now())).unwrap();
    assert_eq!(here.read_refresh(token), Err(Rejection::Malformed), "it has not even the claims");
    assert_eq!(here.read_access(renewal.expose_secret()), Err(Rejection::Malformed));
    assert_eq!(signer(&["a"], "https://there", &hand).read_access(token), Err(Rejection::Issuer));
    assert_eq!(signer(&["b"], "https://here", &hand).read_access(token), Err(Rejection::UnknownKey));
    hand.turn(TimeDelta::minutes(15));
    assert_eq!(here.read_access(token), Err(Rejection::Expired));
}

#[test]
fn a_token_that_says_it_is_of_another_kind_is_refused_though_it_has_all_claims() {
    let hand = Hand::new();
    let here = signer(&["a"], "https://here", &hand);
    let payload = RefreshPayload {
        iss: "https://here".to_owned(),
        aud: "https://here".to_owned(),
        typ: "2fa".to_owned(),
        sid: Uuid::nil(),
        jti: Uuid::nil(),
        iat: 0,
        exp: i64::from(u32::MAX),
    };
    let token = here.sign(&payload).unwrap();
    assert_eq!(here.read_refresh(token.expose_secret()), Err(Rejection::TokenKind));
}

#[test]
fn a_changed_or_unsigned_token_is_refused() {
    let hand = Hand::new();
    let here = signer(&["a"], "https://here", &hand);
    let token = here.access(&access(hand.now())).unwrap();
    let parts: Vec<&str> = token.expose_secret().split('.').collect();
    let [header, payload, signature] = parts[..] else { panic!("three parts") };
    let decoded = String::from_utf8(URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    let changed = URL_SAFE_NO_PAD.encode(decoded.replace("\"admin\"", "\"owner\""));
    assert_ne!(changed, payload);
    assert_eq!(here.read_access(&format!("{header}.{changed}.{signature}")), Err(Rejection::Signature));
    let key_id = &here.keys().unwrap().all[0].id;
    for header in [
        r#"{"typ":"JWT","alg":"none"}"#.to_owned(),
        format!(r#"{{"typ":"JWT","alg":"none","kid":"{key_id}"}}"#),
        format!(r#"{{"typ":"JWT","alg":"HS256","kid":"{key_id}"}}"#),
    ] {
        let header = URL_SAFE_NO_PAD.encode(header);
        assert!(here.read_access(&format!("{header}.{payload}.")).is_err());
        assert!(here.read_access(&format!("{header}.{payload}.{signature}")).is_err());
    }
    assert_eq!(here.read_access(&"a".repeat(5000)), Err(Rejection::TooLarge));
}

#[test]
fn keys_change_by_themselves_and_are_published_before_they_sign_and_kept_after() {
    let hand = Hand::new();
    let here = signer(&["new", "old"], "https://here", &hand);
    let old = signer(&["old"], "https://here", &hand);
    let ids = || -> Vec<String> {
        let set = here.jwks();
        let keys = set["keys"].as_array().unwrap();
        assert!(keys.iter().all(|key| key["alg"] == "EdDSA" && key.get("d").is_none()));
        keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    };
    let renewal = RefreshClaims { expires_at: hand.now() + TimeDelta::days(365), ..refresh(hand.now()) };
    let token = old.refresh(&renewal).unwrap();
    assert!(here.read_refresh(token.expose_secret()).is_ok(), "a key of the ring that seals no more");
    let before = ids();
    hand.turn(TimeDelta::days(30));
    let signing = here.keys().unwrap().all[0].id.clone();
    assert!(before.contains(&signing) && ids() != before);
    assert!(here.read_refresh(token.expose_secret()).is_ok());
    hand.turn(TimeDelta::days(60));
    assert_eq!(here.read_refresh(token.expose_secret()), Err(Rejection::UnknownKey));
}
