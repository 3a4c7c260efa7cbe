//! How a run looks while it goes on: bars on a terminal, a line now and then elsewhere.

use std::time::Duration;

use console::Term;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::Instant;
use weir_soak::Progress;

/// Where nothing can be redrawn, one line in this time is enough.
const LINE_INTERVAL: Duration = Duration::from_secs(10);

pub(super) struct View {
    bars: Option<Bars>,
    last: Instant,
}

struct Bars {
    all: MultiProgress,
    posted: ProgressBar,
    settled: ProgressBar,
    rest: ProgressBar,
}

impl View {
    /// Bars on a terminal, unless a program reads the result.
    pub(super) fn new(json: bool) -> Self {
        let bars = (!json && Term::stderr().features().is_attended()).then(Bars::new);
        Self { bars, last: Instant::now() }
    }

    pub(super) fn update(&mut self, now: &Progress) {
        if let Some(bars) = &self.bars {
            bars.show(now);
        } else if self.last.elapsed() >= LINE_INTERVAL {
            self.last = Instant::now();
            eprintln!("posted {}/{}, {}", now.posted, now.deliveries, line(now));
        }
    }
}

fn line(now: &Progress) -> String {
    let Progress { settled, events, stale, waiting, kills, cuts, dead, .. } = now;
    format!(
        "settled {settled}/{events} ({stale} stale), on the lanes {waiting}, killed {kills}, cut {cuts}, dead {dead}"
    )
}

impl Bars {
    fn new() -> Self {
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        let bar = |name: &'static str, colour: &str| {
            let template = format!("  {{prefix:<8}}  {{bar:40.{colour}}}  {{pos}}/{{len}}");
            all.add(ProgressBar::new(0).with_style(style(&template)).with_prefix(name))
        };
        let (posted, settled) = (bar("posted", "blue"), bar("settled", "green"));
        let rest = all.add(ProgressBar::new(0).with_style(style("  {msg}")));
        Self { all, posted, settled, rest }
    }

    fn show(&self, now: &Progress) {
        for (bar, position, length) in
            [(&self.posted, now.posted, now.deliveries), (&self.settled, now.settled, now.events)]
        {
            bar.set_length(length);
            bar.set_position(position);
        }
        self.rest.set_message(line(now));
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        // What is printed next must not stand among bars; should that fail, it does.
        let _ = self.all.clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    #[expect(clippy::expect_used, reason = "the templates stand above, and a test makes each")]
    ProgressStyle::with_template(template).expect("a template").progress_chars("█▉▊▋▌▍▎▏ ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bars_can_be_drawn() {
        let bars = Bars::new();
        bars.all.set_draw_target(ProgressDrawTarget::hidden());
        bars.show(&Progress { posted: 3, deliveries: 7, settled: 2, events: 5, ..Progress::default() });
        assert_eq!((bars.posted.position(), bars.posted.length()), (3, Some(7)));
        assert_eq!((bars.settled.position(), bars.settled.length()), (2, Some(5)));
    }
}
