//! A shop's item and its token.

use resilience::UnixMillis;
use secrecy::{ExposeSecret, SecretString};
use shopify_client::tokens::{Held, Renewal, StoredToken};
use shopify_webhook::ShopDomain;

use crate::{
    attribute::{BadItem, Item, Reader, number, text},
    registry::item::{
        REFRESH_EXPIRES_AT_MS, REFRESH_OWNER, REFRESH_UNTIL_MS, STATE, TOKEN_ACCESS, TOKEN_EXPIRES_AT_MS, TOKEN_KIND,
        TOKEN_REFRESH, TOKEN_VERSION,
    },
    seal::{KeyRing, Keys, OpenError, Part, Place, SealError},
    shop::{ShopState, TokenKind},
};

/// What is stored as a token can't be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadToken {
    #[error(transparent)]
    Item(#[from] BadItem),
    // Not transparent: by its source the command knows what to do.
    #[error("{0}")]
    Sealed(#[from] OpenError),
}

/// The token of a shop that has none yet, and gets one by the app's own credentials: one that has expired.
pub(crate) fn not_yet(version: u64) -> StoredToken {
    StoredToken {
        access: SecretString::from(""),
        expires_at: Some(UnixMillis(0)),
        renewal: Renewal::ClientCredentials,
        version,
    }
}

/// A token as attributes, all but its version: both tokens sealed. What is missing here must not stay of an old one.
pub(crate) fn attributes(token: &StoredToken, keys: &Keys, shop: &ShopDomain, app: &str) -> Result<Item, SealError> {
    let seal = |secret: &SecretString, part| keys.seal(secret, Place { shop, app, part, version: token.version });
    let mut item = Item::new();
    let mut put = |name: &str, value| item.insert(name.to_owned(), value);
    let kind = match &token.renewal {
        Renewal::Never => TokenKind::Offline,
        Renewal::ClientCredentials => TokenKind::ClientCredentials,
        Renewal::Refresh { token: refresh, expires_at } => {
            put(TOKEN_REFRESH, text(seal(refresh, Part::Refresh)?));
            if let Some(end) = expires_at {
                put(REFRESH_EXPIRES_AT_MS, number(end.0));
            }
            TokenKind::Expiring
        }
    };
    put(TOKEN_KIND, text(kind.as_str()));
    // A shop without a token yet has neither: see `not_yet`.
    if !token.access.expose_secret().is_empty() {
        put(TOKEN_ACCESS, text(seal(&token.access, Part::Access)?));
        if let Some(end) = token.expires_at {
            put(TOKEN_EXPIRES_AT_MS, number(end.0));
        }
    }
    Ok(item)
}

/// What a shop's item holds.
pub(super) async fn held(item: Option<&Item>, keys: &KeyRing, shop: &ShopDomain, app: &str) -> Result<Held, BadToken> {
    let Some(read) = item.map(Reader) else { return Ok(Held::UnknownShop) };
    if read.named::<ShopState>(STATE)? == ShopState::Uninstalled {
        return Ok(Held::Uninstalled);
    }
    if read.text(TOKEN_KIND).is_none() {
        return Ok(Held::NoToken);
    }
    let version = read.number(TOKEN_VERSION).ok_or(BadItem(TOKEN_VERSION))?;
    let open = async |name: &'static str, part| -> Result<SecretString, BadToken> {
        let sealed = read.text(name).ok_or(BadItem(name))?;
        Ok(keys.open(sealed, Place { shop, app, part, version }).await?)
    };
    let renewal = match read.named(TOKEN_KIND)? {
        TokenKind::ClientCredentials if read.text(TOKEN_ACCESS).is_none() => return Ok(Held::Token(not_yet(version))),
        TokenKind::ClientCredentials => Renewal::ClientCredentials,
        TokenKind::Offline => Renewal::Never,
        TokenKind::Expiring => Renewal::Refresh {
            token: open(TOKEN_REFRESH, Part::Refresh).await?,
            expires_at: read.time(REFRESH_EXPIRES_AT_MS),
        },
    };
    let access = open(TOKEN_ACCESS, Part::Access).await?;
    Ok(Held::Token(StoredToken { access, expires_at: read.time(TOKEN_EXPIRES_AT_MS), renewal, version }))
}

/// Why a lock was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// Another holds it until then.
    Busy(UnixMillis),
    /// The shop or its token is not what the asker took it for.
    Changed,
}

/// The rule of the lock, for an item that refused it.
pub(super) fn refused(item: Option<&Item>, version: u64, owner: &str, now: UnixMillis) -> Refused {
    let Some(read) = item.map(Reader) else { return Refused::Changed };
    let is_same = read.number(TOKEN_VERSION) == Some(version)
        && read.text(TOKEN_KIND).is_some()
        && read.text(STATE) != Some(ShopState::Uninstalled.as_str());
    let holder = read.text(REFRESH_OWNER).filter(|holder| *holder != owner);
    match (holder, read.time(REFRESH_UNTIL_MS)) {
        (Some(_), Some(until)) if is_same && now < until => Refused::Busy(until),
        // Also where the write and the rule disagree: whoever asked reads what is there, and asks again.
        _ => Refused::Changed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shop() -> ShopDomain {
        ShopDomain::parse("north.myshopify.com").unwrap()
    }

    fn keys() -> Keys {
        Keys::new(&SecretString::from("x".repeat(64)), None).unwrap()
    }

    fn item(token: &StoredToken) -> Item {
        let mut item = attributes(token, &keys(), &shop(), "default").unwrap();
        item.insert(STATE.to_owned(), text("installed"));
        item.insert(TOKEN_VERSION.to_owned(), number(token.version));
        item
    }

    async fn read(item: &Item) -> Held {
        held(Some(item), &KeyRing::fixed(keys()), &shop(), "default").await.unwrap()
    }

    fn expiring() -> StoredToken {
        StoredToken {
            access: "shpat_access".into(),
            expires_at: Some(UnixMillis(5)),
            renewal: Renewal::Refresh { token: "shprt_refresh".into(), expires_at: Some(UnixMillis(9)) },
            version: 3,
        }
    }

    #[tokio::test]
    async fn a_token_is_read_as_it_was_written_and_nowhere_in_the_open() {
        let item = item(&expiring());
        assert!(!format!("{item:?}").contains("shp"), "{item:?}");
        let Held::Token(token) = read(&item).await else { panic!("a token") };
        let Renewal::Refresh { token: refresh, expires_at } = token.renewal else { panic!("a refresh token") };
        assert_eq!(token.access.expose_secret(), "shpat_access");
        assert_eq!((refresh.expose_secret(), expires_at), ("shprt_refresh", Some(UnixMillis(9))));
        assert_eq!((token.expires_at, token.version), (Some(UnixMillis(5)), 3));
    }

    #[tokio::test]
    async fn a_shop_of_client_credentials_begins_with_a_token_that_has_expired() {
        let item = item(&not_yet(1));
        assert!(!item.contains_key(TOKEN_ACCESS));
        let Held::Token(token) = read(&item).await else { panic!("a token") };
        assert!(matches!(token.renewal, Renewal::ClientCredentials));
        assert_eq!((token.expires_at, token.version), (Some(UnixMillis(0)), 1));
    }

    #[tokio::test]
    async fn an_old_token_put_back_is_not_taken_for_the_new_one() {
        let mut item = item(&expiring());
        item.insert(TOKEN_VERSION.to_owned(), number(4));
        let error = held(Some(&item), &KeyRing::fixed(keys()), &shop(), "default").await.unwrap_err();
        assert!(matches!(error, BadToken::Sealed(OpenError::Forged)), "{error}");
    }

    #[test]
    fn only_a_right_of_another_that_still_runs_is_waited_for() {
        let mut locked = item(&expiring());
        locked.insert(REFRESH_OWNER.to_owned(), text("a"));
        locked.insert(REFRESH_UNTIL_MS.to_owned(), number(100));
        let check = |version, owner, now| refused(Some(&locked), version, owner, UnixMillis(now));
        assert_eq!(check(3, "b", 99), Refused::Busy(UnixMillis(100)));
        assert_eq!(check(3, "b", 100), Refused::Changed);
        assert_eq!(check(3, "a", 99), Refused::Changed);
        assert_eq!(check(2, "b", 99), Refused::Changed);
        assert_eq!(refused(None, 3, "b", UnixMillis(0)), Refused::Changed);
    }
}
