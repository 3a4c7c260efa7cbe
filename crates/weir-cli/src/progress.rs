//! How far long work got, said every two seconds.

use std::time::{Duration, Instant};

use weir_ops::events::{LookupProgress, SearchProgress};

use crate::printer::Printer;

/// Work that takes longer than this shows that it goes on.
const REPORT_INTERVAL: Duration = Duration::from_secs(2);

/// Says it from time to time.
pub(crate) struct Progress<'a> {
    printer: &'a Printer,
    reported_at: Instant,
}

impl<'a> Progress<'a> {
    pub(crate) fn new(printer: &'a Printer) -> Self {
        Self { printer, reported_at: Instant::now() }
    }

    /// Says it as a step of the work, if it is time to.
    pub(crate) fn step(&mut self, text: impl FnOnce() -> String) {
        if self.is_due() {
            self.printer.step(text());
        }
    }

    /// How far a search through the ledger got.
    pub(crate) fn search(&mut self, progress: SearchProgress) {
        let SearchProgress { back_to, items, found } = progress;
        if self.is_due() {
            self.printer.note(format!("back to {back_to}: {items} items read, {found} found"));
        }
    }

    /// How far the search for an id got.
    pub(crate) fn lookup(&mut self, progress: LookupProgress) {
        let LookupProgress { back_to, items } = progress;
        if self.is_due() {
            self.printer.note(format!("back to {back_to}: {items} items read"));
        }
    }

    fn is_due(&mut self) -> bool {
        let is_due = self.reported_at.elapsed() >= REPORT_INTERVAL;
        if is_due {
            self.reported_at = Instant::now();
        }
        is_due
    }
}
