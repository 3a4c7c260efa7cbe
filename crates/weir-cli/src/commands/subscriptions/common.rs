//! The shops that were asked for, how far a command got with them, and errors in a line.

use std::{
    error::Error,
    time::{Duration, Instant},
};

use weir_ops::{
    Stack,
    fleet::{Fleet, FleetError, Selection, ShopError},
    shops::ClientError,
};
use weir_shops::registry::RegistryError;

use crate::{
    admin, cli::SelectArgs, commands::shops::app, hints, printer::Printer, problem::parted, shop_domain, target,
};

/// Work that takes longer than this shows that it goes on.
const REPORT_INTERVAL: Duration = Duration::from_secs(2);

/// A stack, and the shops of it that were asked for.
pub(super) async fn find(args: &SelectArgs, printer: &Printer) -> anyhow::Result<(Stack, Fleet)> {
    let app = args.app.as_deref().map(app).transpose()?;
    let shop = args.shop.as_deref().map(shop_domain::parse).transpose()?;
    let stack = target::stack(&args.source).await?;
    let mut reports = Reports::new(printer);
    let progress = |found| reports.report(|| format!("{found} shops found"));
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

/// Says how far a command got, every two seconds.
pub(super) struct Reports<'a> {
    printer: &'a Printer,
    last: Instant,
}

impl<'a> Reports<'a> {
    pub(super) fn new(printer: &'a Printer) -> Self {
        Self { printer, last: Instant::now() }
    }

    /// So many of the shops were compared, or changed.
    pub(super) fn shops(&mut self, done: usize, of: usize, verb: &str) {
        self.report(|| format!("{done} of {of} shops {verb}"));
    }

    fn report(&mut self, text: impl FnOnce() -> String) {
        if self.last.elapsed() >= REPORT_INTERVAL {
            self.last = Instant::now();
            self.printer.step(text());
        }
    }
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
    let (said, hint) = parted(&all);
    let is_without_shopify = matches!(error, ShopError::Client(error) if matches!(**error, ClientError::NoShopify));
    let hint = hint.or(is_without_shopify.then_some(admin::NO_SHOPIFY_HINT));
    let line = hint.map_or_else(|| said.to_owned(), |hint| format!("{said}; {hint}"));
    line.replace('\n', " ")
}
