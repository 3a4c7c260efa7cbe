//! `weir audit`: what was asked of Shopify, from the Shopify client's log lines.
//!
//! Lines are counted as they are read: what is kept grows with operations and shops, not with lines.

pub(crate) mod args;
mod file;
mod progress;
mod run;
mod view;

use std::io::BufRead;

use weir_ops::api_usage::{Line, Report, Tally};

pub(super) use run::run;

/// What the lines say, for programs and for people.
pub(crate) fn reported(lines: impl BufRead) -> std::io::Result<(String, String)> {
    let mut tally = Tally::default();
    file::lines(lines, |line| tally.take(&Line::read(line, None)))?;
    let report: Report = tally.report();
    let text = view::text(&report, "among these lines") + "\n" + &view::footer(&report);
    Ok((serde_json::to_string(&report)?, text))
}
