//! The HMAC-SHA256 over the raw body, keyed with the app's client secret.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use crate::ShopDomain;

/// The client secrets of one app that are valid now: two or more while a rotation is under way
/// (Shopify keeps signing with the old one for up to an hour). Never empty; `Debug` shows only the count.
///
/// Beside them, the keys of shops: webhooks made in a shop's admin, and its test notifications, are signed with a key of the
/// shop's own. Such a key opens the door to deliveries of its shop alone.
#[derive(Clone)]
pub struct ClientSecrets {
    app: Vec<SecretString>,
    of_shops: BTreeMap<String, Vec<SecretString>>,
}

impl ClientSecrets {
    /// `None` if there is no secret at all, or one of them is empty: an empty key would verify anything
    /// signed with an empty key.
    pub fn new(secrets: Vec<SecretString>) -> Option<Self> {
        is_usable(&secrets).then(|| Self { app: secrets, of_shops: BTreeMap::new() })
    }

    /// The same with keys of shops. `None` if one of them is empty, or is of no shop.
    #[must_use]
    pub fn with_shop_keys(self, keys: impl IntoIterator<Item = (String, Vec<SecretString>)>) -> Option<Self> {
        let of_shop = |(shop, keys): (String, Vec<SecretString>)| {
            let shop = ShopDomain::parse(&shop)?;
            is_usable(&keys).then(|| (shop.as_str().to_owned(), keys))
        };
        Some(Self { of_shops: keys.into_iter().map(of_shop).collect::<Option<_>>()?, ..self })
    }
}

fn is_usable(secrets: &[SecretString]) -> bool {
    !secrets.is_empty() && secrets.iter().all(|secret| !secret.expose_secret().is_empty())
}

impl std::fmt::Debug for ClientSecrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let of_shops = self.of_shops.values().map(Vec::len).sum::<usize>();
        write!(f, "ClientSecrets({} redacted)", self.app.len() + of_shops)
    }
}

/// The signature is missing, malformed, or made with no secret that is valid now. One error for all of
/// these: the caller learns nothing about which it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the request carries no valid Shopify signature")]
pub struct BadSignature;

/// Signs `body` as Shopify does: the value of the `X-Shopify-Hmac-Sha256` header.
pub fn sign(body: &[u8], secret: &SecretString) -> String {
    STANDARD.encode(mac(secret, body).finalize().into_bytes())
}

/// Compares against every secret without stopping early, each comparison in constant time.
pub(crate) fn verify(body: &[u8], signature: Option<&str>, secrets: &ClientSecrets) -> Result<(), BadSignature> {
    verify_by(body, signature, &secrets.app)
}

/// The same against the keys of this shop, if there are any: those of others sign nothing for it.
pub(crate) fn verify_of_shop(
    body: &[u8],
    signature: Option<&str>,
    secrets: &ClientSecrets,
    shop: &ShopDomain,
) -> Result<(), BadSignature> {
    verify_by(body, signature, secrets.of_shops.get(shop.as_str()).ok_or(BadSignature)?)
}

fn verify_by(body: &[u8], signature: Option<&str>, secrets: &[SecretString]) -> Result<(), BadSignature> {
    let given = signature.and_then(decode).ok_or(BadSignature)?;
    let verifies = |secret| mac(secret, body).verify_slice(&given).is_ok();
    let valid = secrets.iter().fold(false, |valid, secret| valid | verifies(secret));
    if valid { Ok(()) } else { Err(BadSignature) }
}

fn decode(signature: &str) -> Option<[u8; 32]> {
    // 44 characters are the one length that base64 of 32 bytes has: no allocation for anything else.
    if signature.len() != 44 {
        return None;
    }
    STANDARD.decode(signature).ok()?.try_into().ok()
}

#[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
fn mac(secret: &SecretString, body: &[u8]) -> Hmac<Sha256> {
    let mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes());
    mac.expect("HMAC takes a key of any length").chain_update(body)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn secrets(values: &[&str]) -> ClientSecrets {
        ClientSecrets::new(values.iter().map(|s| SecretString::from(*s)).collect()).unwrap()
    }

    #[track_caller]
    fn check(keys: &[&str], body: &str, signature: &str, valid: bool) {
        let result = verify(body.as_bytes(), Some(signature), &secrets(keys));
        assert_eq!(result.is_ok(), valid, "{keys:?} {body} {signature}");
    }

    /// Values published in the tests of Shopify's own libraries and of bold-commerce/go-shopify.
    #[test]
    fn published_vectors_hold() {
        check(&["test_secret_key"], r#"{"foo": "bar"}"#, "B23tXN681gZ0qIWNRrgtzBE9XSDo5yaUu6wfmhu3a7g=", true);
        check(&["secret"], "foo=anything", "yCGX/RrK4fcuNtr3ztk5tQGsOBjcAzHpGLdMUrbV8yI=", true);
        check(&["secret", "old_secret"], "foo=anything", "XqRcjrSv57VACn6apEO9znyu/wkN1VC7QxdSPwK3Hzs=", true);
        check(&["secret"], "foo=anything", "XqRcjrSv57VACn6apEO9znyu/wkN1VC7QxdSPwK3Hzs=", false);
        check(
            &["7008c5f4da4718b9b45d26d3fcbbb157"],
            r#"{"foo":"bar"}"#,
            "+R9TwYM4mbLTk3hEAOBkpA7zW2lc9vNFmVKs2u2jtyY=",
            true,
        );
        check(&["hush"], r#""my secret message""#, "hMTq0K2x7oyOjoBwGYeTj5oxfnaVYXzbanUG9aajpKI=", true);
        check(&["hush"], "", "ZAZ6P4c14f6v798OCPYCodtdf9g8Z+GfthdfCgyhUYg=", false);
        check(&["hush"], r#""my secret message""#, "XXXXXaGVsbG8=", false);
        check(&["hush"], r#""my secret message""#, "YmxhaGJsYWgK", false);
    }

    #[test]
    fn a_missing_signature_is_bad() {
        assert_eq!(verify(b"{}", None, &secrets(&["s"])), Err(BadSignature));
    }

    #[test]
    fn an_empty_secret_is_no_secret() {
        assert!(ClientSecrets::new(vec![]).is_none());
        assert!(ClientSecrets::new(vec!["a".into(), "".into()]).is_none());
    }

    #[test]
    fn empty_key_of_a_shop_and_a_key_of_no_shop_are_refused() {
        let with = |shop: &str, keys: &[&str]| {
            let keys = keys.iter().map(|key| SecretString::from(*key)).collect();
            secrets(&["app"]).with_shop_keys([(shop.to_owned(), keys)])
        };
        assert!(with("north.myshopify.com", &["key", "old"]).is_some());
        assert!(with("north.myshopify.com", &[""]).is_none() && with("north.myshopify.com", &[]).is_none());
        assert!(with("north", &["key"]).is_none());
    }

    #[test]
    fn debug_shows_no_secret() {
        assert_eq!(format!("{:?}", secrets(&["hush", "hush2"])), "ClientSecrets(2 redacted)");
    }

    proptest! {
        #[test]
        fn signed_body_verifies_and_one_flipped_bit_does_not(body: Vec<u8>, key in ".{1,80}", at: proptest::sample::Index, bit in 0u8..8) {
            let all = secrets(&["other", &key]);
            let signature = sign(&body, &key.as_str().into());
            prop_assert_eq!(verify(&body, Some(&signature), &all), Ok(()));
            let mut tampered = body.clone();
            if tampered.is_empty() { tampered.push(0) } else { let i = at.index(tampered.len()); tampered[i] ^= 1 << bit; }
            prop_assert_eq!(verify(&tampered, Some(&signature), &all), Err(BadSignature));
        }

        #[test]
        fn any_text_as_signature_is_refused_without_a_panic(signature in "\\PC{0,60}|[A-Za-z0-9+/]{43}=") {
            prop_assert_eq!(verify(b"body", Some(&signature), &secrets(&["k"])), Err(BadSignature));
        }
    }
}
