//! `weir dlq show`: one message, and what the ledger knows of its event.

use std::io::Write;

use weir_core::envelope::Envelope;

use super::{
    filter::Filter,
    find,
    outside::{Outside, Stack},
    view::Event,
};
use crate::{cli::DlqShowArgs, commands::ExitStatus, printer::Printer, target::Place};

pub(super) async fn run(args: &DlqShowArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let filter = Filter::of(&args.event)?;
    let place = Place::find(&args.source).await?;
    let stack = Stack::of(&place)?;
    let (letter, message) = find::one(&stack, &filter).await?;
    stack.give_back(letter.lane, std::slice::from_ref(&letter.receipt)).await?;
    if args.body {
        let body = body(&stack, &message.body).await?;
        std::io::stdout().lock().write_all(&body)?;
    } else {
        printer.item(&Event::from(&letter), Event::lines)?;
    }
    Ok(ExitStatus::Done)
}

/// The bytes that Shopify signed; of what is no envelope, the message.
async fn body(stack: &Stack, message: &str) -> anyhow::Result<Vec<u8>> {
    let Ok(envelope) = Envelope::parse(message) else { return Ok(message.as_bytes().to_vec()) };
    let fetched = match envelope.reference() {
        Some(reference) => Some(stack.bodies.get(reference).await?),
        None => None,
    };
    Ok(envelope.open(fetched)?)
}
