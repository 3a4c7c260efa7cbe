//! An item of the table and a shop.

use shopify_webhook::{EventShop, ShopDomain};

use crate::{
    attribute::{BadItem, Item, PK, Reader, text},
    shop::{Shop, ShopState, TokenKind, TokenSummary},
};

pub(crate) const SK: &str = "sk";
/// Reserved words of DynamoDB, as `plan`: an expression calls them `#state`, `#plan`.
pub(crate) const STATE: &str = "state";
pub(crate) const PLAN: &str = "plan";
pub(crate) const TIER: &str = "tier";
pub(crate) const INSTALLED_AT_MS: &str = "installed_at_ms";
pub(crate) const UPDATED_AT_MS: &str = "updated_at_ms";
pub(crate) const TOKEN_KIND: &str = "token_kind";
pub(crate) const TOKEN_VERSION: &str = "token_version";
pub(crate) const TOKEN_EXPIRES_AT_MS: &str = "token_expires_at_ms";
pub(crate) const REFRESH_EXPIRES_AT_MS: &str = "refresh_expires_at_ms";
pub(crate) const REFRESH_UNTIL_MS: &str = "refresh_until_ms";
/// Who renews the token now.
pub(crate) const REFRESH_OWNER: &str = "refresh_owner";
/// Sealed.
pub(crate) const TOKEN_ACCESS: &str = "token_access";
/// Sealed.
pub(crate) const TOKEN_REFRESH: &str = "token_refresh";

/// What a summary is read from: all but the tokens.
pub(super) const SUMMARY: [&str; 12] = [
    PK,
    SK,
    STATE,
    PLAN,
    TIER,
    INSTALLED_AT_MS,
    UPDATED_AT_MS,
    TOKEN_KIND,
    TOKEN_VERSION,
    TOKEN_EXPIRES_AT_MS,
    REFRESH_EXPIRES_AT_MS,
    REFRESH_UNTIL_MS,
];

pub(crate) fn key(shop: &ShopDomain, app: &str) -> Item {
    key_of(shop, app)
}

/// The key that a shop of this domain has.
pub(super) fn key_of(shop: &EventShop, app: &str) -> Item {
    Item::from([(PK.to_owned(), text(shop.as_str())), (SK.to_owned(), text(app))])
}

/// Reads what is known of a shop, without its tokens.
pub(super) fn shop(item: &Item) -> Result<Shop, BadItem> {
    let read = Reader(item);
    let time = |name| read.time(name).ok_or(BadItem(name));
    let plan = read.text(PLAN).map(|plan| plan.parse().map_err(|_| BadItem(PLAN))).transpose()?;
    Ok(Shop {
        domain: read.text(PK).and_then(ShopDomain::parse).ok_or(BadItem(PK))?,
        app: read.text(SK).ok_or(BadItem(SK))?.to_owned(),
        plan,
        state: read.named(STATE)?,
        tier: read.text(TIER).map(str::to_owned),
        installed_at: time(INSTALLED_AT_MS)?,
        updated_at: time(UPDATED_AT_MS)?,
        token: token(read)?,
    })
}

fn token(read: Reader<'_>) -> Result<Option<TokenSummary>, BadItem> {
    if read.text(TOKEN_KIND).is_none() {
        return Ok(None);
    }
    let kind: TokenKind = read.named(TOKEN_KIND)?;
    Ok(Some(TokenSummary {
        kind,
        expires_at: read.time(TOKEN_EXPIRES_AT_MS),
        refresh_expires_at: read.time(REFRESH_EXPIRES_AT_MS),
        version: read.number(TOKEN_VERSION).ok_or(BadItem(TOKEN_VERSION))?,
        renewing_until: read.time(REFRESH_UNTIL_MS),
    }))
}

/// Where an unreadable item is.
pub(super) fn name(item: &Item) -> String {
    let read = Reader(item);
    format!("{}#{}", read.text(PK).unwrap_or("?"), read.text(SK).unwrap_or("?"))
}

pub(super) fn state(state: ShopState) -> aws_sdk_dynamodb::types::AttributeValue {
    text(state.as_str())
}

#[cfg(test)]
mod tests {
    use resilience::UnixMillis;

    use super::*;
    use crate::{attribute::number, shop::Plan};

    fn item() -> Item {
        let mut item = key(&ShopDomain::parse("north.myshopify.com").unwrap(), "default");
        for (name, value) in [
            (STATE, text("installed")),
            (PLAN, text("plus")),
            (INSTALLED_AT_MS, number(1)),
            (UPDATED_AT_MS, number(2)),
            (TOKEN_KIND, text("expiring")),
            (TOKEN_VERSION, number(7)),
            (TOKEN_EXPIRES_AT_MS, number(3)),
        ] {
            item.insert(name.to_owned(), value);
        }
        item
    }

    #[test]
    fn a_shop_is_read_whole() {
        let shop = shop(&item()).unwrap();
        assert_eq!((shop.domain.as_str(), shop.app.as_str()), ("north.myshopify.com", "default"));
        assert_eq!((shop.plan, shop.state, shop.tier), (Some(Plan::Plus), ShopState::Installed, None));
        let token = shop.token.unwrap();
        assert_eq!((token.kind, token.expires_at, token.version), (TokenKind::Expiring, Some(UnixMillis(3)), 7));
    }

    #[test]
    fn a_foreign_item_names_the_attribute_at_fault() {
        for name in [PK, SK, STATE, PLAN, INSTALLED_AT_MS, TOKEN_KIND, TOKEN_VERSION] {
            let mut item = item();
            item.insert(name.to_owned(), text("#"));
            if name != SK {
                assert_eq!(shop(&item), Err(BadItem(name)));
            }
        }
    }
}
