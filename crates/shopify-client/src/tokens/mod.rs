//! Access tokens: kept in a store that all processes share, renewed before they expire by one process for all.
//!
//! ```text
//!  issued ───────────── fresh ─────────────┬── due: whoever locks it renews, others go on with it ──┬─ expired: others wait
//!                                    10 min before the end                                      the end
//! ```
//!
//! A refresh token may be used again until the access token that it brought is used. So a process that dies after
//! Shopify gave it a new pair, and before the store had it, loses nothing: the next one renews by the old token.

mod exchange;
mod memory;
mod store;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use resilience::{Clock, UnixMillis};
use secrecy::SecretString;
use shopify_webhook::ShopDomain;
use tokio::time::Instant;
use tracing::{info, warn};

pub use exchange::{App, Exchange, ExchangeError};
pub use memory::MemoryTokens;
pub use store::{Held, Lock, Renewal, StoredToken, TokenStore, TokenStoreError};

/// Why there is no token to call with.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Nobody registered the shop.
    #[error("the shop is not registered")]
    UnknownShop,
    /// The shop uninstalled the app.
    #[error("the shop uninstalled the app")]
    Uninstalled,
    /// The shop is registered, without a token.
    #[error("the shop has no token")]
    NoToken,
    /// The token expired and cannot be renewed.
    #[error("the shop's token expired and can't be renewed")]
    Expired,
    /// Another process renews it, and did not end in time.
    #[error("the shop's token is being renewed")]
    BeingRenewed,
    /// Shopify did not give a new one.
    #[error("the shop's token could not be renewed")]
    Exchange(#[from] ExchangeError),
    /// The store can't be reached.
    #[error(transparent)]
    Store(#[from] TokenStoreError),
}

impl TokenError {
    /// Whether it may be otherwise in a while.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::BeingRenewed | Self::Store(_) => true,
            Self::Exchange(error) => error.may_pass(),
            Self::UnknownShop | Self::Uninstalled | Self::NoToken | Self::Expired => false,
        }
    }
}

/// A token to call with.
#[derive(Debug, Clone)]
pub struct Token {
    /// What goes into `X-Shopify-Access-Token`.
    pub access: SecretString,
    /// Which of the shop's tokens it is.
    pub version: u64,
}

/// The tokens of one app, in one process.
pub struct Tokens {
    store: Arc<dyn TokenStore>,
    exchange: Exchange,
    clock: Clock,
    /// Who this process is, to the store's lock.
    owner: String,
    shops: Mutex<HashMap<ShopDomain, Arc<Slot>>>,
    failures: OnceLock<Observer>,
}

type Observer = Box<dyn Fn(&ShopDomain) + Send + Sync>;

/// What this process knows of one shop's token. The lock is held while it finds out more, so that many calls cost one
/// read.
type Slot = tokio::sync::Mutex<Option<Known>>;

#[derive(Clone)]
struct Known {
    token: StoredToken,
    read_at: UnixMillis,
}

/// A token is renewed so long before it expires.
const DUE: Duration = Duration::from_secs(600);
/// It is not used in its last moments: Shopify's clock is another.
const MARGIN: Duration = Duration::from_secs(30);
/// How long a process goes by what it read: after this, an uninstalled shop is noticed.
const READ_EVERY: Duration = Duration::from_secs(300);
/// Who renews must be done within this, or another tries.
const LOCK: Duration = Duration::from_secs(30);
/// Between two looks at whether another process is done.
const LOOK_EVERY: Duration = Duration::from_millis(250);

impl Tokens {
    /// Tokens kept in `store`, renewed by `exchange`. `owner` tells this process from others.
    pub fn new(store: Arc<dyn TokenStore>, exchange: Exchange, clock: Clock, owner: String) -> Self {
        Self { store, exchange, clock, owner, shops: Mutex::default(), failures: OnceLock::new() }
    }

    /// Has each failed renewal told to `observer`, also where the old token still serves. The first observer stays.
    pub fn observe_failures(&self, observer: impl Fn(&ShopDomain) + Send + Sync + 'static) {
        self.failures.get_or_init(|| Box::new(observer));
    }

    /// A token that is valid now.
    pub async fn get(&self, shop: &ShopDomain, deadline: Instant) -> Result<Token, TokenError> {
        self.newer_than(shop, None, deadline).await
    }

    /// A token other than the one that Shopify refused: another process may have renewed it, and an expiring one is
    /// renewed. The error says that there is none.
    pub async fn instead_of(&self, shop: &ShopDomain, refused: u64, deadline: Instant) -> Result<Token, TokenError> {
        self.newer_than(shop, Some(refused), deadline).await
    }

    async fn newer_than(
        &self,
        shop: &ShopDomain,
        refused: Option<u64>,
        deadline: Instant,
    ) -> Result<Token, TokenError> {
        let slot = self.slot(shop);
        let mut known = tokio::time::timeout_at(deadline, slot.lock()).await.map_err(|_| TokenError::BeingRenewed)?;
        let now = self.clock.now();
        if let Some(known) = &*known
            && now.since(known.read_at) < READ_EVERY
            && refused.is_none_or(|refused| known.token.version > refused)
            && !ends_within(&known.token, DUE, now)
        {
            return Ok(usable(&known.token));
        }
        *known = None;
        let token = self.current(shop, refused, deadline).await?;
        let usable = usable(&token);
        *known = Some(Known { token, read_at: self.clock.now() });
        Ok(usable)
    }

    /// Reads what is stored, and renews it if it is due and nobody else does.
    async fn current(
        &self,
        shop: &ShopDomain,
        refused: Option<u64>,
        deadline: Instant,
    ) -> Result<StoredToken, TokenError> {
        let mut held = self.store.load(shop).await?;
        loop {
            let token = token_of(held)?;
            let now = self.clock.now();
            let is_refused = refused.is_some_and(|refused| token.version <= refused);
            let is_dead = is_refused || ends_within(&token, MARGIN, now);
            if !is_dead && !ends_within(&token, DUE, now) {
                return Ok(token);
            }
            if matches!(token.renewal, Renewal::Never) {
                return Err(TokenError::Expired);
            }
            held = match self.store.lock(shop, token.version, &self.owner, now, now + LOCK).await? {
                Lock::Granted => match self.renew(shop, &token).await {
                    // It is due at once if Shopify gives tokens for less than ten minutes; the next would be, too.
                    Ok(Held::Token(renewed)) if !ends_within(&renewed, MARGIN, self.clock.now()) => return Ok(renewed),
                    Ok(held) => held,
                    // Still good for a while: the next call tries again.
                    Err(error) if !is_dead => {
                        warn!(%shop, %error, "Used a token that is due for renewal");
                        return Ok(token);
                    }
                    Err(error) => return Err(error),
                },
                Lock::Changed(held) => *held,
                Lock::Busy(_) if !is_dead => return Ok(token),
                Lock::Busy(_) => {
                    let nap = LOOK_EVERY.mul_f64(0.5 + fastrand::f64());
                    if Instant::now() + nap > deadline {
                        return Err(TokenError::BeingRenewed);
                    }
                    tokio::time::sleep(nap).await;
                    self.store.load(shop).await?
                }
            };
        }
    }

    /// Renews a token, holding the lock.
    async fn renew(&self, shop: &ShopDomain, old: &StoredToken) -> Result<Held, TokenError> {
        let renewed = self.exchange.renew(shop, old, self.clock).await;
        let renewed = match renewed {
            // One that can't be used would be renewed again and again.
            Ok(renewed) if ends_within(&renewed, MARGIN, self.clock.now()) => Err(ExchangeError::Ended),
            other => other,
        };
        let renewed = match renewed {
            Ok(renewed) => renewed,
            Err(error) => {
                if let Some(observer) = self.failures.get() {
                    observer(shop);
                }
                if let Err(error) = self.store.unlock(shop, &self.owner).await {
                    warn!(%shop, %error, "The lock of a token's renewal could not be released: it expires by itself");
                }
                return Err(error.into());
            }
        };
        if self.store.store(shop, old.version, &self.owner, &renewed).await? {
            info!(%shop, version = renewed.version, "Renewed the shop's token");
            return Ok(Held::Token(renewed));
        }
        // Another took over, because this took too long. Its token is the one that the others use.
        Ok(self.store.load(shop).await?)
    }

    fn slot(&self, shop: &ShopDomain) -> Arc<Slot> {
        let mut shops = self.shops.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(shops.entry(shop.clone()).or_default())
    }
}

fn token_of(held: Held) -> Result<StoredToken, TokenError> {
    match held {
        Held::Token(token) => Ok(token),
        Held::UnknownShop => Err(TokenError::UnknownShop),
        Held::Uninstalled => Err(TokenError::Uninstalled),
        Held::NoToken => Err(TokenError::NoToken),
    }
}

fn usable(token: &StoredToken) -> Token {
    Token { access: token.access.clone(), version: token.version }
}

fn ends_within(token: &StoredToken, time: Duration, now: UnixMillis) -> bool {
    token.expires_at.is_some_and(|end| end <= now + time)
}
