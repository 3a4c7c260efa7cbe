//! Tokens sealed: what lies in the table is of no use without the key, which lies in Secrets Manager.
//!
//! AES-256-GCM with a random nonce. The key is derived from a secret of any length by HKDF-SHA-256. What the text
//! belongs to (shop, app, which token, which version) is authenticated with it, so that no sealed text can be moved
//! to another shop or put back after a renewal.
//!
//! Text form: `v1.{key id}.{base64 of nonce, ciphertext and tag}`. The key id tells which of two keys it was while
//! the secret is rotated.

mod keyring;

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf,
    rand::{SecureRandom, SystemRandom},
};
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroize};
use shopify_webhook::ShopDomain;

pub use keyring::{KeyError, KeyRing};

/// What a sealed text belongs to.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The shop.
    pub shop: &'a ShopDomain,
    /// The app, by weir's name for it.
    pub app: &'a str,
    /// Which of its tokens.
    pub part: Part,
    /// Of which version.
    pub version: u64,
}

/// Which token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The access token.
    Access,
    /// The refresh token.
    Refresh,
}

impl Place<'_> {
    fn aad(&self) -> Aad<Vec<u8>> {
        let part = match self.part {
            Part::Access => "access",
            Part::Refresh => "refresh",
        };
        // Neither a domain nor an app's name has a '#'.
        Aad::from(format!("{}#{}#{part}#v{}", self.shop, self.app, self.version).into_bytes())
    }
}

/// The system gave no random numbers, or the cipher refused: nothing was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a token could not be sealed: the system gives no random numbers")]
pub struct SealError;

/// A sealed text can't be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// It is no sealed text.
    #[error("a sealed token can't be read: it is cut off, or something else")]
    Malformed,
    /// It was sealed with another key.
    #[error("a token was sealed with key {0}, which is neither the current nor the previous one")]
    UnknownKey(String),
    /// It was altered, or belongs to another shop, app or version.
    #[error("a sealed token was altered, or moved here from elsewhere")]
    Forged,
}

/// The keys that are valid now: the current one seals, both open.
pub struct Keys {
    current: Key,
    previous: Option<Key>,
}

struct Key {
    id: String,
    cipher: LessSafeKey,
}

impl fmt::Debug for Keys {
    /// Their ids.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let previous = self.previous.as_ref().map(|key| &key.id);
        f.debug_struct("Keys").field("current", &self.current.id).field("previous", &previous).finish()
    }
}

impl Keys {
    /// Keys made from the secret's current and previous value; none from one of less than 32 characters.
    pub fn new(current: &SecretString, previous: Option<&SecretString>) -> Option<Self> {
        Some(Self { current: Key::derive(current)?, previous: previous.and_then(Key::derive) })
    }

    /// Seals a token for its place.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn seal(&self, token: &SecretString, place: Place<'_>) -> Result<String, SealError> {
        let mut nonce = [0; NONCE_LEN];
        // Chance is no argument here: a nonce that comes twice would give both tokens away.
        SystemRandom::new().fill(&mut nonce).map_err(|_| SealError)?;
        let mut sealed = token.expose_secret().as_bytes().to_vec();
        let unique = Nonce::assume_unique_for_key(nonce);
        if self.current.cipher.seal_in_place_append_tag(unique, place.aad(), &mut sealed).is_err() {
            sealed.zeroize();
            return Err(SealError);
        }
        let whole = [&nonce[..], &sealed].concat();
        Ok(format!("v1.{}.{}", self.current.id, URL_SAFE_NO_PAD.encode(whole)))
    }

    /// Opens what was sealed for this very place.
    ///
    /// # Errors
    /// When it was not, or with another key.
    pub fn open(&self, sealed: &str, place: Place<'_>) -> Result<SecretString, OpenError> {
        let (id, text) =
            sealed.strip_prefix("v1.").and_then(|rest| rest.split_once('.')).ok_or(OpenError::Malformed)?;
        let mut keys = std::iter::once(&self.current).chain(&self.previous);
        let key = keys.find(|key| key.id == id).ok_or_else(|| OpenError::UnknownKey(printable(id)))?;
        let mut whole = URL_SAFE_NO_PAD.decode(text).map_err(|_| OpenError::Malformed)?;
        let (nonce, ciphertext) = whole.split_at_mut_checked(NONCE_LEN).ok_or(OpenError::Malformed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| OpenError::Malformed)?;
        let opened = key.cipher.open_in_place(nonce, place.aad(), ciphertext).map_err(|_| OpenError::Forged)?;
        let token = std::str::from_utf8(opened).map(SecretString::from).map_err(|_| OpenError::Malformed);
        whole.zeroize();
        token
    }
}

impl Key {
    fn derive(secret: &SecretString) -> Option<Self> {
        /// Shorter ones can be guessed. The template generates 64 characters.
        const LEAST: usize = 32;
        let secret = secret.expose_secret().as_bytes();
        if secret.len() < LEAST {
            return None;
        }
        let root = hkdf::Salt::new(hkdf::HKDF_SHA256, b"weir").extract(secret);
        let cipher = UnboundKey::from(root.expand(&[b"seal tokens"], &AES_256_GCM).ok()?);
        // Derived beside the key, not from it: it stands in every item.
        let mut id = [0; 32];
        root.expand(&[b"key id"], hkdf::HKDF_SHA256).ok()?.fill(&mut id).ok()?;
        let id = id[..4].iter().map(|byte| format!("{byte:02x}")).collect();
        Some(Self { id, cipher: LessSafeKey::new(cipher) })
    }
}

/// What an operator may be shown of an id that comes from the table.
fn printable(id: &str) -> String {
    id.chars().filter(char::is_ascii_alphanumeric).take(16).collect()
}

#[cfg(test)]
mod tests;
