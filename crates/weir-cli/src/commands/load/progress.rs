//! How far it got: a bar on a terminal, a line now and then elsewhere.

use std::time::Duration;

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::Instant;
use weir_load::{Audit, Measurements};

use crate::printer::Printer;

/// Where nothing can be redrawn, one line in this time is enough.
const LINE_INTERVAL: Duration = Duration::from_secs(2);

pub(super) struct Progress<'a> {
    printer: &'a Printer,
    bar: Option<ProgressBar>,
    told_at: Instant,
}

impl<'a> Progress<'a> {
    /// Of `count` that are sent, or waited for.
    pub(super) fn new(printer: &'a Printer, count: u64) -> Self {
        let bar = (!printer.is_json() && Term::stderr().features().is_attended()).then(|| {
            let bar = ProgressBar::with_draw_target(Some(count), ProgressDrawTarget::stderr());
            bar.with_style(style())
        });
        Self { printer, bar, told_at: Instant::now() }
    }

    pub(super) fn sending(&mut self, measured: &Measurements) {
        let Measurements { sent, accepted, .. } = measured;
        let p99 = measured.latency.percentiles().map_or_else(String::new, |of| format!(", p99 {:.0} ms", of.p99));
        self.tell(*sent, format!("{sent} sent, {accepted} accepted, {} errors{p99}", measured.failed()));
    }

    pub(super) fn settling(&mut self, events: u64, audit: &Audit) {
        let ended = events.saturating_sub(audit.left() as u64);
        self.tell(ended, format!("{ended} of {events} events have come to their end"));
    }

    pub(super) fn clear(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }

    fn tell(&mut self, position: u64, text: String) {
        if let Some(bar) = &self.bar {
            bar.set_position(position);
            bar.set_message(text);
        } else if self.told_at.elapsed() >= LINE_INTERVAL {
            self.told_at = Instant::now();
            self.printer.step(text);
        }
    }
}

fn style() -> ProgressStyle {
    #[expect(clippy::expect_used, reason = "a constant template, which a test makes")]
    ProgressStyle::with_template("  {elapsed:>4}  {bar:30.cyan}  {msg}")
        .expect("a template")
        .progress_chars("█▉▊▋▌▍▎▏ ")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_bar_can_be_drawn() {
        super::style();
    }
}
