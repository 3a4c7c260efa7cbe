//! One page of changes, and what was found on it.

use shopify_client::Call;
use weir_core::{UnixMillis, fence::Record};

use super::Request;
use crate::{
    ReconcileTopic, Report, Walk,
    change::Change,
    cursor::OVERLAP,
    seen_status::{Bounds, Implied, SeenStatus, implied, seen_status},
};

/// A page of changes: what it is compared with, and what was found.
pub(super) struct PageScan<'a> {
    pub(super) request: &'a Request<'a>,
    pub(super) wanted: &'a [&'a ReconcileTopic],
    pub(super) walk: &'a mut Walk,
    pub(super) bounds: Bounds,
    pub(super) call: &'a Call,
    pub(super) report: &'a mut Report,
}

impl PageScan<'_> {
    /// Another event of the resource is with a worker, or just got in: only afterwards it shows whether this one is missing.
    pub(super) fn on_its_way(&mut self, change: &Change, record: Option<&Record>, now: UnixMillis) {
        self.report.on_their_way += 1;
        if record.is_some_and(|record| is_passing(record, now)) {
            self.walk.leave_undecided(UnixMillis(change.updated.as_millisecond()));
        }
    }

    /// Its delivery may be on its way. A walk that goes on for long must not move the cursor past it.
    pub(super) fn leave_to_its_delivery(&mut self, change: &Change) {
        self.report.on_their_way += 1;
        self.walk.leave_undecided(UnixMillis(change.updated.as_millisecond()));
    }

    /// Whether it depends on a worker which of its events are missing.
    pub(super) fn waits_for_a_worker(&self, change: &Change, record: Option<&Record>, now: UnixMillis) -> bool {
        record.is_some_and(|record| is_held(record, now))
            && self.wanted.iter().any(|one| {
                let is_judged = match implied(change, &one.topic, record, self.bounds.once_from) {
                    Implied::No => false,
                    Implied::At(at) => !self.bounds.is_within_grace(at),
                    Implied::AskPayment => true,
                };
                is_judged && seen_status(record, &one.topic, &one.mark(), change.state(), now) == SeenStatus::OnItsWay
            })
    }
}

fn is_held(record: &Record, now: UnixMillis) -> bool {
    record.held.as_ref().is_some_and(|(_, until)| *until >= now)
}

/// Whether an event of it is in there, or came by just now. Were the fence ahead of Shopify for long, whatever the reason, a
/// cursor that waits for that would stand still.
fn is_passing(record: &Record, now: UnixMillis) -> bool {
    is_held(record, now) || record.newest.version.latest() > i128::from((now - OVERLAP).0) * 1_000_000
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, time::Duration};

    use weir_core::{fence::State, ledger::Owner, topics::Version};

    use super::*;

    const NOW: UnixMillis = UnixMillis(1_795_755_600_500);

    fn record(version: UnixMillis, held_until: Option<UnixMillis>) -> Record {
        let version = Version::updated(jiff::Timestamp::from_millisecond(version.0).unwrap());
        let newest = State { version, body: "b".into(), event: None, content: None };
        let held = held_until.map(|until| (Owner("o".into()), until));
        Record { key: "k".into(), newest, held, ran: BTreeMap::new() }
    }

    #[test]
    fn a_fence_that_is_ahead_for_long_holds_up_no_cursor() {
        let (recent, old) = (NOW - Duration::from_secs(30), NOW - OVERLAP);
        assert!(is_passing(&record(recent, None), NOW));
        assert!(!is_passing(&record(old, None), NOW));
        assert!(is_passing(&record(old, Some(NOW)), NOW), "held, whatever its version");
        assert!(!is_passing(&record(old, Some(recent)), NOW), "the lease has ended");
    }
}
