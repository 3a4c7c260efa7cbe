//! `weir shops`: the registry of shops.

mod add;
mod check;
mod list;
mod remove;
mod show;
mod view;

use shopify_webhook::ShopDomain;
use weir_shops::{is_app, registry::RegistryError};

use crate::cli::{ShopArgs, ShopsArgs, ShopsCommand};
use crate::exit::ExitStatus;
use crate::{delivery, printer::Printer, problem::Usage, target::ShopsTarget};

pub(super) async fn run(args: ShopsArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    match args.command {
        ShopsCommand::Add(args) => add::run(&args, printer).await,
        ShopsCommand::List(args) => list::run(&args, printer).await,
        ShopsCommand::Check(args) => check::run(&args, printer).await,
        ShopsCommand::Show(args) => show::run(&args, printer).await,
        ShopsCommand::Remove(args) => remove::run(&args, printer).await,
    }
}

/// A shop and an app, as they were named.
fn named(args: &ShopArgs) -> Result<(ShopDomain, String), Usage> {
    Ok((delivery::shop(&args.shop)?, app(&args.app)?))
}

pub(super) fn app(name: &str) -> Result<String, Usage> {
    if is_app(name) {
        return Ok(name.to_owned());
    }
    Err(Usage::new(
        format!("{name:?} is not the name of an app"),
        "it is in lower case, as in the parameter Apps of the stack: default",
    ))
}

pub(super) fn unknown(shop: &ShopDomain, app: &str) -> anyhow::Error {
    anyhow::anyhow!(
        "{shop} is not registered for app {app}\nhint: `weir shops list` shows those that are; \
         `weir shops add {shop} --app {app}` adds it"
    )
}

/// The registry's error, with what to check.
pub(super) fn failed(error: RegistryError, target: &ShopsTarget) -> anyhow::Error {
    match error {
        RegistryError::Unavailable { .. } => {
            let said = format!("{error}\nhint: {}", target.hint);
            anyhow::Error::new(error).context(said)
        }
        other => other.into(),
    }
}
