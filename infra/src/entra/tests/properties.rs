//! Whatever arrives as a token, the answer is a refusal.

use std::sync::LazyLock;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::access::{TokenVerifier, VerificationError};
use proptest::prelude::*;

use super::{
    tokens::{Key, Token},
    world::World,
};
use crate::entra::{claims::Members, compact::CompactToken, fuzzing};

struct Shared {
    runtime: tokio::runtime::Runtime,
    world: World,
    good: String,
}

static SHARED: LazyLock<Shared> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let world = runtime.block_on(World::start());
    Shared { runtime, world, good: Token::v2().sign() }
});

fn is_rejected(token: &str) -> bool {
    let result = SHARED.runtime.block_on(SHARED.world.verifier.verify(token));
    matches!(result, Err(VerificationError::Rejected(_)))
}

proptest! {
    #[test]
    fn arbitrary_text_is_rejected(text in any::<String>()) {
        prop_assert!(is_rejected(&text));
    }

    #[test]
    fn arbitrary_bytes_in_three_parts_are_rejected(
        header in any::<Vec<u8>>(), payload in any::<Vec<u8>>(), signature in any::<Vec<u8>>(),
    ) {
        let parts = [header, payload, signature].map(|part| URL_SAFE_NO_PAD.encode(part));
        prop_assert!(is_rejected(&parts.join(".")));
    }

    #[test]
    fn an_arbitrary_payload_under_a_good_header_is_rejected(payload in any::<Vec<u8>>()) {
        let (header, rest) = SHARED.good.split_once('.').unwrap();
        let (_, signature) = rest.split_once('.').unwrap();
        let token = format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(payload));
        prop_assert!(is_rejected(&token));
    }

    #[test]
    fn a_good_token_with_one_byte_changed_is_rejected(at in any::<prop::sample::Index>(), to in "[A-Za-z0-9_.-]") {
        let mut bytes = SHARED.good.clone().into_bytes();
        let at = at.index(bytes.len());
        let to = to.as_bytes()[0];
        prop_assume!(bytes[at] != to);
        bytes[at] = to;
        prop_assert!(is_rejected(&String::from_utf8(bytes).unwrap()));
    }

    #[test]
    fn readers_of_form_and_claims_never_panic(bytes in any::<Vec<u8>>(), text in "\\PC{0,40}", more in any::<Vec<u8>>()) {
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        fuzzing::token(&text);
        fuzzing::token(&format!("{}.{}.{}", SHARED.good.split('.').next().unwrap(), part(&bytes), part(&more)));
        fuzzing::token(&String::from_utf8_lossy(&bytes));
        let _ = Members::parse(&bytes);
        let _ = Members::parse(format!(r#"{{"tid":"{text}","exp":{text}}}"#).as_bytes());
        let _ = CompactToken::parse(&text);
    }

    #[test]
    fn a_signed_payload_of_any_json_is_judged_without_a_panic(name in "[a-z_]{1,6}", number in any::<f64>()) {
        let token = Token::v2().signed_by(Key::Work).with(&name, number).with("exp", number);
        let _ = SHARED.runtime.block_on(SHARED.world.verify(&token));
    }
}
