//! Looks at what is meant, and gives it back.

use std::cell::{Cell, RefCell};

use super::{filter::Filter, groups::Groups, letter::Letter, outside::Outside, sweep::Sweep};
use crate::printer::Printer;

/// What was found.
pub(super) struct Found {
    pub(super) groups: Groups,
    /// So many of them, as asked for; the first to come in first.
    pub(super) letters: Vec<Letter>,
}

/// Progress is told after each so many.
const TOLD_EVERY: u64 = 1_000;

/// Goes through the queues. `stopped` ends it early: what was found so far is then all.
pub(super) async fn look<O: Outside>(
    outside: &O,
    filter: &Filter,
    each: usize,
    stopped: &Cell<bool>,
    printer: &Printer,
) -> anyhow::Result<Found> {
    let found = RefCell::new(Found { groups: Groups::default(), letters: Vec::new() });
    let looked = Cell::new(0);
    let sweep = Sweep::new(outside, filter, stopped);
    sweep
        .run(async |_lane, batch| {
            let mut found = found.borrow_mut();
            for (letter, _) in &batch {
                found.groups.add(letter);
                if found.letters.len() < each {
                    found.letters.push(letter.clone());
                }
            }
            let before = looked.replace(looked.get() + batch.len() as u64);
            if before / TOLD_EVERY < looked.get() / TOLD_EVERY {
                printer.step(format!("{} events found", looked.get()));
            }
            Ok(batch)
        })
        .await?;
    let mut found = found.into_inner();
    found.letters.sort_by_key(Letter::came_at);
    Ok(found)
}
