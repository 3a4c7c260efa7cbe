//! Signatures by [Standard Webhooks](https://www.standardwebhooks.com): a receiver tells by them that an event came from
//! this stack, unaltered and lately.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use sha2::Sha256;

/// May stand before a key.
const PREFIX: &str = "whsec_";

/// The lengths that the specification allows, in bytes.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// The keys that sign now: two while a rotation is under way. Never empty; `Debug` shows none of them.
#[derive(Debug)]
pub struct SigningKeys(Vec<SecretSlice<u8>>);

/// The secret holds no keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected one or two keys of 24 to 64 bytes in base64, as whsec_…, separated by a space")]
pub struct NoKeys;

impl SigningKeys {
    /// Reads the text of the secret: keys in base64, each with or without `whsec_` before it, separated by white space.
    pub fn parse(text: &SecretString) -> Result<Self, NoKeys> {
        let keys: Option<Vec<SecretSlice<u8>>> = text.expose_secret().split_whitespace().map(key).collect();
        keys.filter(|keys| (1..=2).contains(&keys.len())).map(Self).ok_or(NoKeys)
    }

    /// The header `webhook-signature` for a message of this id, sent at this time (in seconds) with this body.
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    pub fn sign(&self, id: &str, timestamp: i64, body: &str) -> String {
        let sign = |key: &SecretSlice<u8>| {
            let mut mac = Hmac::<Sha256>::new_from_slice(key.expose_secret()).expect("HMAC takes keys of any length");
            mac.update(format!("{id}.{timestamp}.").as_bytes());
            mac.update(body.as_bytes());
            format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
        };
        self.0.iter().map(sign).collect::<Vec<_>>().join(" ")
    }
}

fn key(text: &str) -> Option<SecretSlice<u8>> {
    let bytes = STANDARD.decode(text.strip_prefix(PREFIX).unwrap_or(text)).ok()?;
    KEY_BYTES.contains(&bytes.len()).then(|| SecretSlice::from(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key, the message and the signature of the specification's own example.
    const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn keys(text: &str) -> Result<SigningKeys, NoKeys> {
        SigningKeys::parse(&text.into())
    }

    #[test]
    fn message_of_the_specification_has_its_signature() {
        let signed = keys(KEY).unwrap().sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signed, SIGNATURE);
    }

    #[test]
    fn both_keys_of_a_rotation_sign_and_a_key_needs_no_prefix() {
        let two = keys(&format!("{}\n{}", "QUJDREVGR0hJSktMTU5PUFFSU1RVVldY", KEY.trim_start_matches(PREFIX))).unwrap();
        let signed = two.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        let (new, old) = signed.split_once(' ').unwrap();
        assert!(new.starts_with("v1,") && new != old);
        assert_eq!(old, SIGNATURE);
    }

    #[test]
    fn text_without_one_or_two_whole_keys_is_refused_and_shown_nowhere() {
        let three = [KEY; 3].join(" ");
        for text in ["", " ", "whsec_", "short", "whsec_c2hvcnQ=", "not base64 at all!", &three, &format!("{KEY} x")] {
            assert_eq!(keys(text).map(|_| ()), Err(NoKeys), "{text:?}");
        }
        assert!(!format!("{:?}", keys(KEY).unwrap()).contains("MfKQ9r8"));
    }
}
