//! `weir subscriptions apply`: shows the plan, and carries it out.

use std::io::{BufRead, IsTerminal};

use serde::Serialize;
use weir_shops::Shop;
use weir_subscriptions::{Desired, Plan, shopify};

use super::{
    file, plan,
    shops::{Outcome, Read, Selected, call, one_line, told},
};
use crate::{cli::ApplyArgs, exit::ExitStatus, printable, printer::Printer};

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
    let selected = Selected::find(&args.select, printer).await?;
    let reads = selected.compare(&desired, args.prune, printer).await;
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
    let due: Vec<(&Shop, &Plan)> = reads.iter().filter_map(due).collect();
    let work = selected.each(&due, async |(shop, plan)| selected.apply(shop, plan, &desired, args.prune).await);
    let mut applied = told(work, due.len(), "done", printer).await;
    applied.sort_by(|a, b| (&a.shop, &a.app).cmp(&(&b.shop, &b.app)));
    for one in &applied {
        printer.item(one, Applied::line)?;
    }
    let failed = applied.iter().any(|one| one.error.is_some());
    Ok(if failed { ExitStatus::Failed } else { status })
}

fn due(read: &Read) -> Option<(&Shop, &Plan)> {
    match &read.outcome {
        Outcome::Planned(plan) if !plan.changes.is_empty() => Some((&read.shop, plan)),
        _ => None,
    }
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

impl Selected {
    /// Carries out one shop's plan. After an error the shop is looked at again: a change whose reply was lost was made,
    /// and the monitor may have made another.
    async fn apply(&self, shop: &Shop, plan: &Plan, desired: &Desired, prune: bool) -> Applied {
        let mut applied = Applied { shop: shop.domain.to_string(), app: shop.app.clone(), changed: 0, error: None };
        let client = match self.client(shop) {
            Ok(client) => client,
            Err(error) => return Applied { error: Some(error), ..applied },
        };
        for change in &plan.changes {
            let made = shopify::carry_out(client, &shop.domain, &self.address(shop), change, &call()).await;
            match made {
                Ok(()) => applied.changed += 1,
                Err(error) => {
                    applied.error = Some(format!("{}: {}", change.topic(), one_line(&error.into())));
                    break;
                }
            }
        }
        if applied.error.is_some()
            && let Outcome::Planned(left) = self.compared(shop, desired, prune).await
            && left.changes.is_empty()
        {
            applied.changed = plan.changes.len();
            applied.error = None;
        }
        applied
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
