//! `weir dlq drop`: says what it would delete, or deletes it.

use std::{
    cell::{Cell, RefCell},
    fs::File,
    io::Write,
    path::Path,
};

use anyhow::Context;
use resilience::UnixMillis;
use weir_aws::Operations;

use super::{
    act::{finish, plan},
    filter::Filter,
    operation::{Kind, Operation, Record, State},
    outside::{Outside, Stack},
    replay::Done,
    stop::until_asked,
    sweep::{Batch, Sweep},
    who,
};
use crate::{cli::DlqDropArgs, commands::ExitStatus, printer::Printer, problem::Usage, target::Place};

pub(super) async fn run(args: &DlqDropArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let filter = Filter::new(&args.filter, UnixMillis::now())?;
    if filter.is_empty() && !args.all {
        let hint = "give a filter, as --topic or --error; --all means everything";
        return Err(Usage::new("nothing says which events to drop", hint).into());
    }
    let place = Place::find(&args.source).await?;
    let stack = Stack::of(&place)?;
    let stopped = Cell::new(false);
    if !args.yes {
        return plan(&stack, &filter, &stopped, "drop", printer).await;
    }
    let keep = args.keep.as_deref().map(create).transpose()?.map(RefCell::new);
    let operations = Operations::new(&place.config, place.output("OperationsTable")?);
    let operation = Operation::new(Kind::Drop, who::acts(&place).await?, filter.clone());
    let record = Record::begin(&operations, operation).await?;
    let done = Cell::new(Done::default());
    let sweep = Sweep::new(&stack, &filter, &stopped);
    let pass = sweep.run(async |lane, batch: Batch| {
        let names: Vec<String> = batch.iter().map(|(letter, _)| letter.name()).collect();
        let mut now = done.get();
        // Its place among the names: no two batches write the same document.
        record.dropping(&names, now.deleted + now.passed_over).await?;
        if let Some(file) = &keep {
            append(&mut file.borrow_mut(), lane.as_str(), &batch).context("the messages could not be kept")?;
        }
        let receipts: Vec<String> = batch.into_iter().map(|(letter, _)| letter.receipt).collect();
        stack.delete(lane, &receipts).await?;
        now = done.get();
        now.deleted += receipts.len() as u64;
        done.set(now);
        record.tell(now).await?;
        Ok(Batch::new())
    });
    let ended = until_asked(&stopped, pass).await;
    let state = match &ended {
        Err(_) => State::Failed,
        Ok(()) if stopped.get() => State::Interrupted,
        Ok(()) => State::Done,
    };
    finish(record, state, ended.map(|()| done.get()), done.get(), printer).await
}

/// A new file, for the owner's eyes only.
fn create(path: &Path) -> anyhow::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let file = File::options().write(true).create_new(true).mode(0o600).open(path);
    file.with_context(|| format!("{} could not be made: it must be a new file", path.display()))
}

/// A line of JSON a message, on the disk before any of them is deleted.
fn append(file: &mut File, lane: &str, batch: &Batch) -> std::io::Result<()> {
    for (letter, message) in batch {
        let line = serde_json::json!({ "event": letter.name(), "lane": lane, "message": message.body });
        writeln!(file, "{line}")?;
    }
    file.sync_data()
}
