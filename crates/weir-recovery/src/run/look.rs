//! A look at one page.

use shopify_client::Call;
use weir_core::{UnixMillis, fence::Record};

use super::Request;
use crate::{
    Report, Walk, Wanted,
    change::Change,
    cursor::OVERLAP,
    standing::{Implied, Standing, implied, standing},
};

/// What a page is looked at for, and what was found.
pub(super) struct Look<'a> {
    pub(super) request: &'a Request<'a>,
    pub(super) wanted: &'a [&'a Wanted],
    pub(super) walk: &'a mut Walk,
    pub(super) call: &'a Call,
    pub(super) report: &'a mut Report,
}

impl Look<'_> {
    /// Another event of the resource is with a worker, or just got in: only afterwards it shows whether this one is missing.
    pub(super) fn on_its_way(&mut self, change: &Change, record: Option<&Record>, now: UnixMillis) {
        self.report.on_their_way += 1;
        // Were the fence ahead of Shopify for long, whatever the reason, the cursor would stand still.
        let just_passed = |record: &Record| record.version.0 > i128::from((now - OVERLAP).0) * 1_000_000;
        if record.is_some_and(|record| is_held(record, now) || just_passed(record)) {
            self.walk.leave_undecided(UnixMillis(change.updated.as_millisecond()));
        }
    }

    /// Whether it depends on a worker which of its events are missing.
    pub(super) fn waits_for_a_worker(&self, change: &Change, record: Option<&Record>, now: UnixMillis) -> bool {
        record.is_some_and(|record| is_held(record, now))
            && self.wanted.iter().any(|one| {
                implied(change, &one.topic, self.walk.window()) != Implied::No
                    && standing(record, &one.topic, &one.mark(), change.version(), now) == Standing::OnItsWay
            })
    }
}

fn is_held(record: &Record, now: UnixMillis) -> bool {
    record.held.as_ref().is_some_and(|(_, until)| *until >= now)
}
