//! What the commands on the registry share: names, and errors with their hints.

use shopify_webhook::{AppName, ShopDomain};
use weir_ops::shops::Shops;
use weir_shops::registry::RegistryError;

use crate::{
    cli::ShopArgs,
    hints,
    problem::{HintedError, Usage},
    shop_domain,
};

/// A shop and an app, as they were named.
pub(super) fn named(args: &ShopArgs) -> Result<(ShopDomain, String), Usage> {
    Ok((shop_domain::parse(&args.shop)?, app(&args.app)?))
}

pub(in crate::commands) fn app(name: &str) -> Result<String, Usage> {
    AppName::parse(name).map(Into::into).ok_or_else(|| {
        Usage::new(
            format!("{name:?} is not the name of an app"),
            "it is in lower case, as in the parameter Apps of the stack: default",
        )
    })
}

pub(in crate::commands) fn unknown(shop: &ShopDomain, app: &str) -> anyhow::Error {
    let hint = format!("`weir shops list` shows those that are; `weir shops add {shop} --app {app}` adds it");
    HintedError::new(format!("{shop} is not registered for app {app}"), hint).into()
}

/// The registry's error, with what to check.
pub(in crate::commands) fn failed(error: RegistryError, shops: &Shops) -> anyhow::Error {
    match error {
        RegistryError::Unavailable { .. } => hints::with(hints::where_it_runs(shops.is_emulated), error),
        other => other.into(),
    }
}
