//! Tokens in memory: for one process alone, and for tests.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use futures_util::future::BoxFuture;
use resilience::UnixMillis;
use shopify_webhook::ShopDomain;

use super::{Held, Lock, StoredToken, TokenStore, TokenStoreError};

/// A store in memory, that yields before each operation as one over a network would.
#[derive(Debug, Default)]
pub struct MemoryTokens {
    shops: Mutex<HashMap<ShopDomain, Shop>>,
}

#[derive(Debug)]
struct Shop {
    held: Held,
    lock: Option<(String, UnixMillis)>,
}

impl MemoryTokens {
    /// Puts what is held of a shop, whatever was there.
    pub fn put(&self, shop: &ShopDomain, held: Held) {
        self.shops().insert(shop.clone(), Shop { held, lock: None });
    }

    fn shops(&self) -> MutexGuard<'_, HashMap<ShopDomain, Shop>> {
        self.shops.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn held(&self, shop: &ShopDomain) -> Held {
        self.shops().get(shop).map_or(Held::UnknownShop, |shop| shop.held.clone())
    }
}

impl TokenStore for MemoryTokens {
    fn load<'a>(&'a self, shop: &'a ShopDomain) -> BoxFuture<'a, Result<Held, TokenStoreError>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            Ok(self.held(shop))
        })
    }

    fn lock<'a>(
        &'a self,
        shop: &'a ShopDomain,
        version: u64,
        owner: &'a str,
        now: UnixMillis,
        until: UnixMillis,
    ) -> BoxFuture<'a, Result<Lock, TokenStoreError>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            let mut shops = self.shops();
            let Some(shop) = shops.get_mut(shop) else { return Ok(Lock::Changed(Box::new(Held::UnknownShop))) };
            match &shop.held {
                Held::Token(token) if token.version == version => {}
                other => return Ok(Lock::Changed(Box::new(other.clone()))),
            }
            if let Some((holder, end)) = &shop.lock
                && holder != owner
                && now < *end
            {
                return Ok(Lock::Busy(*end));
            }
            shop.lock = Some((owner.to_owned(), until));
            Ok(Lock::Granted)
        })
    }

    fn store<'a>(
        &'a self,
        shop: &'a ShopDomain,
        replaces: u64,
        owner: &'a str,
        token: &'a StoredToken,
    ) -> BoxFuture<'a, Result<bool, TokenStoreError>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            let mut shops = self.shops();
            let Some(shop) = shops.get_mut(shop) else { return Ok(false) };
            let is_same = matches!(&shop.held, Held::Token(held) if held.version == replaces);
            if !is_same || shop.lock.as_ref().is_none_or(|(holder, _)| holder != owner) {
                return Ok(false);
            }
            *shop = Shop { held: Held::Token(token.clone()), lock: None };
            Ok(true)
        })
    }

    fn unlock<'a>(&'a self, shop: &'a ShopDomain, owner: &'a str) -> BoxFuture<'a, Result<(), TokenStoreError>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            if let Some(shop) = self.shops().get_mut(shop)
                && shop.lock.as_ref().is_some_and(|(holder, _)| holder == owner)
            {
                shop.lock = None;
            }
            Ok(())
        })
    }
}
