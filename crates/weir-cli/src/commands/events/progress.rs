//! How far a search got, from time to time.

use std::time::{Duration, Instant};

use weir_ops::events::{LookupProgress, SearchProgress};

use crate::printer::Printer;

/// Work that takes longer than this shows that it goes on.
const REPORT_EVERY: Duration = Duration::from_secs(2);

/// Reports of a search through the index.
pub(in crate::commands) struct Reports<'a> {
    printer: &'a Printer,
    last: Instant,
}

impl<'a> Reports<'a> {
    pub(in crate::commands) fn new(printer: &'a Printer) -> Self {
        Self { printer, last: Instant::now() }
    }

    pub(super) fn search(&mut self, progress: SearchProgress) {
        let SearchProgress { back_to, items, found } = progress;
        self.report(|| format!("back to {back_to}: {items} items read, {found} found"));
    }

    pub(in crate::commands) fn lookup(&mut self, progress: LookupProgress) {
        let LookupProgress { back_to, items } = progress;
        self.report(|| format!("back to {back_to}: {items} items read"));
    }

    fn report(&mut self, text: impl FnOnce() -> String) {
        if self.last.elapsed() >= REPORT_EVERY {
            self.last = Instant::now();
            self.printer.note(text());
        }
    }
}
