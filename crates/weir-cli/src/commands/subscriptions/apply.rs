//! `weir subscriptions apply`: shows the plan, and carries it out.

use std::io::{BufRead, IsTerminal};

use serde::Serialize;
use weir_ops::fleet;

use super::{
    common::{find, one_line},
    file, plan,
};
use crate::{cli::ApplyArgs, exit::ExitStatus, printable, printer::Printer, progress::Progress};

/// What came of one shop.
#[derive(Debug, Serialize)]
struct Applied {
    shop: String,
    app: String,
    /// How many changes were made.
    changed: usize,
    /// Why not all of them were.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

pub(super) async fn run(args: &ApplyArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let desired = file::read(args.select.file.as_deref(), printer)?;
    let (_stack, fleet) = find(&args.select, printer).await?;
    let mut progress = Progress::new(printer);
    let reads = fleet
        .compare(&desired, args.prune, |done, of| progress.step(|| format!("{done} of {of} shops compared")))
        .await;
    if !printer.is_json() || !args.yes {
        plan::show(&reads, printer)?;
    }
    let status = plan::status(&reads);
    let changes = plan::changes(&reads);
    if changes == 0 {
        return Ok(status);
    }
    if !args.yes && !agreed(changes, printer)? {
        printer.note("nothing was changed: add --yes to carry it out");
        return Ok(status);
    }
    let applied = fleet
        .apply(&reads, &desired, args.prune, |done, of| progress.step(|| format!("{done} of {of} shops done")))
        .await;
    let applied: Vec<Applied> = applied.into_iter().map(Applied::from).collect();
    for one in &applied {
        printer.item(one, Applied::line)?;
    }
    let failed = applied.iter().any(|one| one.error.is_some());
    Ok(if failed { ExitStatus::Failed } else { status })
}

/// Asks whoever sits before the terminal. Nobody there is a no.
fn agreed(changes: usize, printer: &Printer) -> std::io::Result<bool> {
    let stdin = std::io::stdin();
    if printer.is_json() || !stdin.is_terminal() {
        return Ok(false);
    }
    printer.note(format!("Make {changes} changes at Shopify? [y/N]"));
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

impl From<fleet::Applied> for Applied {
    fn from(applied: fleet::Applied) -> Self {
        let error = applied.error.map(|error| match error.topic {
            Some(topic) => format!("{topic}: {}", one_line(&error.source)),
            None => one_line(&error.source),
        });
        Self { shop: applied.shop, app: applied.app, changed: applied.changed, error }
    }
}

impl Applied {
    fn line(&self) -> String {
        let Self { shop, app, changed, error } = self;
        match error {
            None => format!("{shop}  app {app}: {changed} changed"),
            Some(error) => format!("{shop}  app {app}: {changed} changed, then failed: {}", printable::line(error)),
        }
    }
}
