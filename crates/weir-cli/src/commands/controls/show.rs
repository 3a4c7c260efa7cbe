//! `weir controls show`: the document, or what it says of one shop.

use serde::Serialize;
use serde_json::Value;
use weir_core::controls::Controls;
use weir_ops::controls::{ControlsStore, ShopControls};

use super::common::explained;
use crate::cli::ControlsShowArgs;
use crate::exit::ExitStatus;
use crate::{layout::joined, printer::Printer, problem::HintedError, shop_domain, target};

#[derive(Serialize)]
struct Document {
    parameter: String,
    version: i64,
    written_at: Option<String>,
    document: Value,
    /// What is wrong with it: workers leave these entries out.
    problems: Vec<String>,
}

pub(super) async fn run(args: &ControlsShowArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let shop = args.shop.as_deref().map(shop_domain::parse).transpose()?;
    let stack = target::stack_of_file(&args.source).await?;
    let store = ControlsStore::of(&stack)?;
    let stored = store.read().await.map_err(|error| explained(error, &stack))?;
    if args.document {
        // As it is, even if it is no document: to be mended.
        document_alone(printer, &stored.text)?;
        return Ok(ExitStatus::Done);
    }
    let (controls, problems) = Controls::read(&stored.text).map_err(|problem| {
        let hint = "`weir controls apply` a file in its place; {} sets nothing";
        HintedError::new(format!("{} can't be read: {problem}", store.name()), hint)
    })?;
    for problem in problems.iter().filter(|_| !printer.is_json()) {
        printer.note(format!("left out by workers: {problem}"));
    }
    match shop {
        Some(shop) => printer.item(&ShopControls::of(&controls, &shop), shop_lines)?,
        None => {
            let document = Document {
                parameter: store.name().to_owned(),
                version: stored.version,
                written_at: stored.written_at.map(|at| at.to_string()),
                document: serde_json::from_str(&controls.to_text())?,
                problems: problems.iter().map(ToString::to_string).collect(),
            };
            printer.item(&document, |_| lines(&controls))?;
            if !printer.is_json() {
                let at = document.written_at.as_deref().unwrap_or("an unknown time");
                printer.note(match document.version {
                    0 => format!("{} was never written: everything is on, nothing is limited", document.parameter),
                    version => format!("{}, version {version}, written at {at}", document.parameter),
                });
            }
        }
    }
    Ok(ExitStatus::Done)
}

fn document_alone(printer: &Printer, text: &str) -> std::io::Result<()> {
    printer.item(&serde_json::from_str::<Value>(text).unwrap_or_else(|_| text.into()), |_| text.to_owned())
}

fn lines(controls: &Controls) -> String {
    let because = |why: &Option<String>| why.as_ref().map_or(String::new(), |why| format!(": {why}"));
    let off = controls
        .off
        .iter()
        .map(|switch| format!("off    {} for {}{}", switch.target.target(), switch.scope, because(&switch.why)));
    let limits = controls.limits.iter().map(|rule| {
        let limit = rule.limit();
        let speed = format!("{} a second, {} at once", limit.per_second, limit.burst);
        format!("limit  {} to {speed}, for {}{}", rule.destination, rule.scope, because(&rule.why))
    });
    let tiers = controls.tiers.iter().map(|(tier, shops)| {
        let shops: Vec<&str> = shops.iter().map(|shop| shop.as_str()).collect();
        format!("tier   {tier}: {}", shops.join(", "))
    });
    let lines: Vec<String> = off.chain(limits).chain(tiers).collect();
    if lines.is_empty() { "everything is on, nothing is limited".to_owned() } else { joined(lines) }
}

fn shop_lines(controls: &ShopControls) -> String {
    let tier = controls.tier.iter().map(|tier| format!("tier   {tier}"));
    let off = controls.off.iter().map(|off| format!("off    {off}"));
    let limits = controls.limits.iter().map(|limit| {
        format!(
            "limit  {} to {} a second, {} at once ({})",
            limit.destination, limit.per_second, limit.burst, limit.name
        )
    });
    let lines: Vec<String> = tier.chain(off).chain(limits).collect();
    if lines.is_empty() { format!("for {} everything is on, nothing is limited", controls.shop) } else { joined(lines) }
}
