//! What the demo looks like: bars that move on a terminal, lines elsewhere, JSON for programs; a table at the end.

use std::collections::BTreeMap;
use std::io;

use console::Term;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use tokio::time::{Duration, Instant};

use super::tally::{Counts, Goal, ShopCounts, Tally};
use crate::printer::Printer;

/// Where nothing can be redrawn, one line in this time is enough.
const LINE_EVERY: Duration = Duration::from_secs(1);

/// The demo on its way.
pub(super) struct View<'a> {
    printer: &'a Printer,
    bars: Option<Bars>,
    last: Option<(Instant, Counts)>,
}

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Event<'a> {
    Demo { counts: &'a Counts, goal: Goal },
    DemoFinished { complete: bool, missing: Vec<String>, counts: Counts, shops: BTreeMap<&'a str, ShopCounts> },
}

impl<'a> View<'a> {
    pub(super) fn new(printer: &'a Printer, tally: &Tally) -> io::Result<Self> {
        let goal = tally.goal();
        let forged = goal.rejected;
        printer.line(format_args!(
            "A flash sale in the simulated Shopify: {} orders, payments and renamed products of {} shops, {} of them sent\n\
             twice; {forged} forged signature, {} poison payload. The webhooks of changed stock levels are not counted here.",
            goal.done,
            tally.shops().len(),
            goal.duplicate,
            goal.dead_lettered,
        ))?;
        let bars = (!printer.is_json() && Term::stderr().features().is_attended()).then(|| Bars::new(goal));
        Ok(Self { printer, bars, last: None })
    }

    pub(super) fn update(&mut self, tally: &Tally) -> io::Result<()> {
        let counts = tally.counts();
        if let Some(bars) = &self.bars {
            bars.show(&counts, &tally.shops());
            return Ok(());
        }
        let now = Instant::now();
        let is_news = self.last.as_ref().is_none_or(|(at, last)| *last != counts && now - *at >= LINE_EVERY);
        if is_news {
            if self.printer.is_json() {
                self.printer.item(&Event::Demo { counts: &counts, goal: tally.goal() }, |_| String::new())?;
            } else {
                self.printer.note(line(&counts));
            }
            self.last = Some((now, counts));
        }
        Ok(())
    }

    /// The last word: the table, and what is missing from it.
    pub(super) fn finish(self, tally: &Tally) -> io::Result<()> {
        if let Some(bars) = self.bars {
            bars.all.clear()?;
        }
        let (missing, counts, shops) = (tally.missing(), tally.counts(), tally.shops());
        let finished = Event::DemoFinished { complete: missing.is_empty(), missing: missing.clone(), counts, shops };
        self.printer
            .item(&finished, |_| format!("\n{}\n\n{}\n", table(&tally.shops(), &tally.counts()), last_words(&missing)))
    }
}

fn last_words(missing: &[String]) -> String {
    if missing.is_empty() {
        return "Each event took effect once, or gave way to a newer one of its resource. The forgery was turned away at the door;\n\
                the poison payload waits on a dead-letter queue and held up nobody: `cargo weir events list --state failed` says why it is there."
            .to_owned();
    }
    let missing: String = missing.iter().map(|sentence| format!("\n  - {sentence}")).collect();
    format!(
        "Not all is accounted for:{missing}\n`cargo weir events list` shows where each event is now; the log named above \
         says what the functions did."
    )
}

fn line(counts: &Counts) -> String {
    let Counts { accepted, rejected, waiting, working, done, stale, duplicate, retrying, dead_lettered, .. } = counts;
    format!(
        "accepted {accepted}, rejected {rejected}; on their way {}, done {done}, stale {stale}, duplicate {duplicate}, \
         retrying {retrying}, dead-lettered {dead_lettered}",
        waiting + working
    )
}

fn table(shops: &BTreeMap<&str, ShopCounts>, whole: &Counts) -> String {
    const HEAD: [&str; 8] = ["sent", "accepted", "rejected", "done", "stale", "duplicate", "retrying", "dead-lettered"];
    let of_shop = |counts: &ShopCounts| {
        let ShopCounts { sent, accepted, rejected, done, stale, duplicate, .. } = counts;
        let known = [sent, accepted, rejected, done, stale, duplicate].map(ToString::to_string);
        known.into_iter().collect::<Vec<_>>()
    };
    let of_all = |counts: &Counts| {
        let Counts { sent, accepted, rejected, done, stale, duplicate, retrying, dead_lettered, .. } = counts;
        let known =
            [sent, accepted, rejected, done, stale, duplicate, retrying, dead_lettered].map(ToString::to_string);
        known.into_iter().collect::<Vec<_>>()
    };
    let row = |name: &str, cells: Vec<String>| {
        let cells = HEAD.iter().zip(cells).map(|(head, cell)| format!("  {cell:>width$}", width = head.len()));
        format!("  {name:<28}{}", cells.collect::<String>())
    };
    let mut lines = vec![row("", HEAD.map(str::to_owned).into())];
    lines.extend(shops.iter().map(|(shop, counts)| row(shop, of_shop(counts))));
    lines.push(row("all", of_all(whole)));
    lines.join("\n")
}

/// A bar for each thing that may become of a delivery.
struct Bars {
    all: MultiProgress,
    accepted: ProgressBar,
    rejected: ProgressBar,
    on_the_way: ProgressBar,
    done: ProgressBar,
    duplicate: ProgressBar,
    retrying: ProgressBar,
    dead_lettered: ProgressBar,
    shops: ProgressBar,
}

impl Bars {
    fn new(goal: Goal) -> Self {
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        let bar = |name: &'static str, colour: &str, length: usize, shows_goal: bool| {
            let goal = if shows_goal { "/{len}" } else { "" };
            let template = format!("  {{prefix:<13}}  {{bar:40.{colour}}}  {{pos}}{goal}");
            let bar = all.add(ProgressBar::new(length as u64));
            bar.set_style(style(&template));
            bar.set_prefix(name);
            bar
        };
        Self {
            accepted: bar("accepted", "blue", goal.accepted, true),
            rejected: bar("rejected", "magenta", goal.rejected, true),
            on_the_way: bar("on their way", "cyan", goal.done, false),
            done: bar("done", "green", goal.done, true),
            duplicate: bar("duplicate", "white", goal.duplicate, true),
            retrying: bar("retrying", "yellow", goal.done, false),
            dead_lettered: bar("dead-lettered", "red", goal.dead_lettered, true),
            shops: all.add(ProgressBar::new(0).with_style(style("  {msg}"))),
            all,
        }
    }

    fn show(&self, counts: &Counts, shops: &BTreeMap<&str, ShopCounts>) {
        let now = [
            (&self.accepted, counts.accepted),
            (&self.rejected, counts.rejected),
            (&self.on_the_way, counts.waiting + counts.working),
            (&self.done, counts.done + counts.stale),
            (&self.duplicate, counts.duplicate),
            (&self.retrying, counts.retrying),
            (&self.dead_lettered, counts.dead_lettered),
        ];
        for (bar, count) in now {
            bar.set_position(count as u64);
        }
        let shops = shops.iter().map(|(shop, counts)| {
            let name = shop.split('.').next().unwrap_or(shop);
            format!("{name} {}/{}", counts.done + counts.stale, counts.orders)
        });
        self.shops.set_message(format!("done          {}", shops.collect::<Vec<_>>().join("  ")));
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
        let goal = Goal { accepted: 221, rejected: 1, done: 200, duplicate: 20, dead_lettered: 1 };
        let bars = Bars::new(goal);
        bars.all.set_draw_target(ProgressDrawTarget::hidden());
        let counts = Counts { accepted: 100, done: 40, ..Counts::default() };
        bars.show(&counts, &[("a.myshopify.com", ShopCounts::default())].into());
        assert_eq!((bars.done.position(), bars.done.length()), (40, Some(200)));
    }

    #[test]
    fn the_table_lines_up_and_ends_with_the_whole() {
        let counts = Counts { sent: 222, accepted: 221, done: 200, dead_lettered: 1, ..Counts::default() };
        let shop = ShopCounts { sent: 222, accepted: 221, ..ShopCounts::default() };
        let table = table(&[("a.myshopify.com", shop)].into(), &counts);
        let lines: Vec<&str> = table.lines().collect();
        let end_of = |line: &str, what: &str| line.find(what).map(|at| at + what.len());
        assert_eq!(end_of(lines[0], "accepted"), end_of(lines[1], "221"));
        assert_eq!(end_of(lines[0], "dead-lettered"), Some(lines[2].len()));
        assert!(lines[2].trim_start().starts_with("all"));
    }

    #[test]
    fn an_honest_end_lists_what_is_missing() {
        let words = last_words(&["1 of 200 events are not done".to_owned()]);
        assert!(words.contains("\n  - 1 of 200 events are not done\n"), "{words}");
        assert!(!words.contains("Each event"));
    }
}
