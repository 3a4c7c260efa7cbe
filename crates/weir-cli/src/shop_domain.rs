//! A shop's domain on the command line.

use shopify_webhook::ShopDomain;

use crate::problem::Usage;

/// The domain, for every command that takes one.
pub(crate) fn parse(text: &str) -> Result<ShopDomain, Usage> {
    ShopDomain::parse(text).ok_or_else(|| not_a_shop(text))
}

/// The mistake of a text that is not a shop's domain.
pub(crate) fn not_a_shop(text: &str) -> Usage {
    let full = format!("{text}.myshopify.com");
    let meant = ShopDomain::parse(&full).map_or("north.myshopify.com", |_| &full).to_owned();
    Usage::new(format!("{text:?} is not the domain of a shop"), format!("it looks like {meant}"))
}
