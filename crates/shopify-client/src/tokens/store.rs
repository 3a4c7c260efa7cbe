//! Where tokens are kept.

use std::fmt;

use futures_util::future::BoxFuture;
use resilience::UnixMillis;
use secrecy::SecretString;
use shopify_webhook::ShopDomain;

/// An access token as it is stored.
#[derive(Clone)]
pub struct StoredToken {
    /// What goes into `X-Shopify-Access-Token`.
    pub access: SecretString,
    /// When Shopify stops taking it; `None` for an offline token that doesn't expire.
    pub expires_at: Option<UnixMillis>,
    /// How the next one is got.
    pub renewal: Renewal,
    /// Counts the tokens of this shop: a refresh replaces exactly the one that it was made from.
    pub version: u64,
}

/// How a token is renewed.
#[derive(Clone)]
pub enum Renewal {
    /// It isn't: an offline token, valid until the app is uninstalled.
    Never,
    /// By its refresh token.
    Refresh {
        /// The refresh token; Shopify takes it until the access token that it brought has been used.
        token: SecretString,
        /// When it ends, 90 days after it was issued; then the merchant must open the app.
        expires_at: Option<UnixMillis>,
    },
    /// By the app's own credentials, for stores of the app's organisation.
    ClientCredentials,
}

impl fmt::Debug for StoredToken {
    /// Without the tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let renewal = match self.renewal {
            Renewal::Never => "never",
            Renewal::Refresh { .. } => "refresh",
            Renewal::ClientCredentials => "client credentials",
        };
        f.debug_struct("StoredToken")
            .field("version", &self.version)
            .field("expires_at", &self.expires_at)
            .field("renewal", &renewal)
            .finish_non_exhaustive()
    }
}

/// What the store has of a shop.
#[derive(Debug, Clone)]
pub enum Held {
    /// A token.
    Token(StoredToken),
    /// Nobody registered the shop.
    UnknownShop,
    /// The shop uninstalled the app: its tokens are gone.
    Uninstalled,
    /// The shop is registered, without a token.
    NoToken,
}

/// The answer to asking for the right to renew a token.
#[derive(Debug, Clone)]
pub enum Lock {
    /// The asker renews it; nobody else does until its time is up.
    Granted,
    /// Another process renews it, until then at most.
    Busy(UnixMillis),
    /// It has been renewed, or the shop changed: this is what is there now.
    Changed(Box<Held>),
}

/// The store can't be reached, or what it holds can't be read.
#[derive(Debug, thiserror::Error)]
#[error("the token of {shop} could not be {action}")]
pub struct TokenStoreError {
    /// Whose.
    pub shop: ShopDomain,
    /// What was tried: `read`, `locked`, `stored`.
    pub action: &'static str,
    /// What the store's client said. Shows no token.
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// The tokens of one app, by shop.
pub trait TokenStore: Send + Sync + 'static {
    /// What is stored now: a read that sees every write before it.
    fn load<'a>(&'a self, shop: &'a ShopDomain) -> BoxFuture<'a, Result<Held, TokenStoreError>>;

    /// Asks for the right to renew the token of this `version`, until `until`. One conditional write: the version
    /// is still that one, and nobody else's right is still running at `now`. The same `owner` may ask again.
    fn lock<'a>(
        &'a self,
        shop: &'a ShopDomain,
        version: u64,
        owner: &'a str,
        now: UnixMillis,
        until: UnixMillis,
    ) -> BoxFuture<'a, Result<Lock, TokenStoreError>>;

    /// Stores the new token (access and refresh token together, in one write) and gives the right back, if the
    /// version is still `replaces` and the right is still `owner`'s. False if not: another has renewed it.
    fn store<'a>(
        &'a self,
        shop: &'a ShopDomain,
        replaces: u64,
        owner: &'a str,
        token: &'a StoredToken,
    ) -> BoxFuture<'a, Result<bool, TokenStoreError>>;

    /// Gives the right back without a new token, so that others need not wait for its end. Best effort.
    fn unlock<'a>(&'a self, shop: &'a ShopDomain, owner: &'a str) -> BoxFuture<'a, Result<(), TokenStoreError>>;
}
