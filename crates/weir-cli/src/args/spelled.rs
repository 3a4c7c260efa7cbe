//! Topics and resources, in whatever spelling they are given.

use std::convert::Infallible;

use weir_ops::spelling;

/// A topic: `orders/updated`, `ORDERS_UPDATED`.
#[expect(clippy::unnecessary_wraps, reason = "clap takes parsers that may refuse")]
pub(crate) fn topic(text: &str) -> Result<String, Infallible> {
    Ok(spelling::topic(text))
}

/// A resource: `orders/7001`, `gid://shopify/Order/7001`, or an id alone.
#[expect(clippy::unnecessary_wraps, reason = "clap takes parsers that may refuse")]
pub(crate) fn resource(text: &str) -> Result<String, Infallible> {
    Ok(spelling::resource(text))
}
