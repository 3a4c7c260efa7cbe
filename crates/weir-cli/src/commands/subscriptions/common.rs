//! The shops that were asked for, how far a command got with them, and errors in a line.

use std::error::Error;

use weir_ops::{
    Stack,
    fleet::{Fleet, FleetError, Selection, ShopError},
};
use weir_shops::registry::RegistryError;

use crate::{
    admin, cli::SelectArgs, commands::shops::app, hints, printer::Printer, progress::Progress, shop_domain, target,
};

/// A stack, and the shops of it that were asked for.
pub(super) async fn find(args: &SelectArgs, printer: &Printer) -> anyhow::Result<(Stack, Fleet)> {
    let app = args.app.as_deref().map(app).transpose()?;
    let shop = args.shop.as_deref().map(shop_domain::parse).transpose()?;
    let stack = target::stack(&args.source).await?;
    let mut progress = Progress::new(printer);
    let progress = |found| progress.step(|| format!("{found} shops found"));
    let fleet = Fleet::find(&stack, &Selection { shop, app }, admin::process, progress).await;
    let fleet = fleet.map_err(|error| match error {
        // It has its own hint.
        FleetError::Stack(error) => error.into(),
        FleetError::Registry(error @ RegistryError::Unavailable { .. }) => hints::failed(&stack, error),
        FleetError::Registry(error) => error.into(),
        FleetError::NotRegistered { .. } => hints::with("`weir shops list` shows the shops that are", error),
    })?;
    Ok((stack, fleet))
}

/// An error with its hint, for a line of a list.
pub(super) fn one_line(error: &ShopError) -> String {
    let mut all = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        all.push_str(": ");
        all.push_str(&cause.to_string());
        next = cause.source();
    }
    if let Some(hint) = hints::of_error(error) {
        all.push_str("; ");
        all.push_str(&hint);
    }
    all.replace('\n', " ")
}
