//! Finds the message of one event, whose lane need not be known.

use std::cell::{Cell, RefCell};

use weir_aws::dead_letters::DeadLetter;

use super::{filter::Filter, letter::Letter, outside::Outside, sweep::Sweep};

/// The message, still hidden from others: give it back, or delete it.
///
/// # Errors
/// If there is none, or the queues can't be read.
pub(super) async fn one<O: Outside>(outside: &O, filter: &Filter) -> anyhow::Result<(Letter, DeadLetter)> {
    let (stopped, found) = (Cell::new(false), RefCell::new(None));
    Sweep::new(outside, filter, &stopped)
        .run(async |_lane, mut batch| {
            let mut found = found.borrow_mut();
            if found.is_none() {
                *found = batch.pop();
            }
            stopped.set(true);
            Ok(batch)
        })
        .await?;
    found.into_inner().ok_or_else(|| {
        anyhow::anyhow!(
            "no dead-letter queue has event {}\n\
             hint: `weir events show` says where it is; what was looked at by another command comes back within 15 minutes",
            filter.event.as_deref().unwrap_or_default()
        )
    })
}
