//! What to do about an error of the Admin API, or of a shop's token.

use shopify_client::{Error, Kind, tokens::TokenError};
use weir_ops::{fleet::ShopError, reconcile::RunError};
use weir_shops::seal::OpenError;

/// What to do about a call that failed.
pub(super) fn of_call(error: &Error) -> Option<&'static str> {
    of_kind(&error.kind)
}

/// What to do about a shop whose subscriptions could not be compared or changed.
pub(super) fn of_shop(error: &ShopError) -> Option<&'static str> {
    match error {
        ShopError::Client(error) => super::of_client_error(error),
        ShopError::Shopify(error) => of_call(error),
        _ => None,
    }
}

/// What to do about a reconciliation that ended early.
pub(super) fn of_run(error: &RunError) -> Option<&'static str> {
    match error {
        RunError::Shopify(error) => of_call(error),
        _ => None,
    }
}

/// The same, by what went wrong.
pub(crate) fn of_kind(kind: &Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::MaxCostExceeded { .. } => "ask for fewer objects a page, or use a bulk operation",
        Kind::AccessDenied(_) => "grant the app the scope that Shopify names, and let the shop approve it",
        Kind::Invalid(_) => "check the operation against the schema of this API version: cargo xtask schema",
        Kind::ShopInactive | Kind::Frozen => "the merchant must settle the shop's account; calls stop until then",
        Kind::Unauthorized => {
            "the app was uninstalled or its token revoked: install it again, then weir shops add --replace"
        }
        Kind::NotFound => "check the shop's domain: it may have been closed or renamed",
        Kind::Locked => "Shopify locked the shop: only its owner can have it opened",
        Kind::SecurityRejection => "wait, and look for what the app sends that Shopify takes for an attack",
        Kind::Token(error) => return of_token(error),
        Kind::Forbidden => "the token is valid but may not do this: check the app's scopes and the shop's plan",
        _ => return None,
    })
}

/// What to do about a token that can't be had.
pub(super) fn of_token(error: &TokenError) -> Option<&'static str> {
    Some(match error {
        TokenError::UnknownShop => "add it: weir shops add SHOP --token-stdin; weir shops list shows those that are",
        TokenError::Uninstalled => "nothing can be called until the merchant installs the app again",
        TokenError::NoToken => "give it one: weir shops add SHOP --replace --token-stdin",
        TokenError::Expired => {
            "the merchant must open the app, which gets a new one; then weir shops add SHOP --replace"
        }
        TokenError::Exchange(error) if !error.may_pass() => {
            "check the app's client id and secret; if they are right, the merchant must open the app again"
        }
        _ => return None,
    })
}

/// What to do about a sealed token that can't be opened.
pub(super) fn of_seal(error: &OpenError) -> Option<&'static str> {
    match error {
        OpenError::UnknownKey(_) => {
            Some("the key was rotated twice, or lost: register the shop again, weir shops add SHOP --replace")
        }
        OpenError::Forged => Some("register the shop again: weir shops add SHOP --replace"),
        OpenError::Malformed => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_that_no_key_opens_has_to_be_registered_again() {
        for error in [OpenError::UnknownKey("3bfb6b59".into()), OpenError::Forged] {
            assert!(of_seal(&error).unwrap().contains("weir shops add SHOP --replace"), "{error}");
        }
    }
}
