//! Tables in Markdown.

use std::fmt::Write;

use super::{Report, WEIR, targets, targets::Bound};
use crate::metric::Metric;

/// Names and titles of the columns.
const COLUMNS: [(&str, &str); 3] = [(WEIR, "weir"), ("node", "Node"), ("python", "Python")];

/// Every table of a run, as docs/benchmarks.md shows it.
#[must_use]
pub fn all(report: &Report) -> String {
    let mut text = head(report);
    text.push_str(&comparison(report));
    text.push_str("\nTargets, by the same run:\n\n");
    text.push_str(&against_targets(report));
    if !report.pipeline.is_empty() {
        text.push_str("\nThe whole pipeline on the emulator, from the first post to the last event on the bus:\n\n");
        text.push_str(&crate::pipeline::table(&report.pipeline));
    }
    text
}

fn head(report: &Report) -> String {
    let Report { date, machine, rounds, .. } = report;
    let cores = machine.cores;
    let mut text = format!(
        "{date}, {} ({cores} cores), {}; medians of {rounds} rounds in turns, in brackets the median of each round's ratio to weir.\n\n",
        machine.cpu, machine.system
    );
    for (name, title) in COLUMNS.iter().filter(|(name, _)| report.subjects.contains_key(*name)) {
        let versions = &report.subjects[*name].versions;
        let listed: Vec<String> = versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
        let _ = writeln!(text, "- {title}: {}", listed.join(", "));
    }
    text.push('\n');
    text
}

fn comparison(report: &Report) -> String {
    let columns: Vec<_> = COLUMNS.iter().filter(|(name, _)| report.subjects.contains_key(*name)).collect();
    let mut text = String::from("| |");
    for (_, title) in &columns {
        let _ = write!(text, " {title} |");
    }
    text.push_str("\n|---|");
    text.push_str(&"---:|".repeat(columns.len()));
    text.push('\n');
    for (metric, what, unit) in Metric::TABLE {
        let _ = write!(text, "| {what}{} |", in_unit(unit));
        for (name, _) in &columns {
            let value = report.median(name, *metric).map_or_else(|| "–".to_owned(), number);
            let ratio = report.ratio(name, *metric).map_or_else(String::new, |ratio| format!(" ({}×)", number(ratio)));
            let _ = write!(text, " {value}{ratio} |");
        }
        text.push('\n');
    }
    rest(report, &columns, &mut text);
    text
}

/// What is measured once, not in turns.
fn rest(report: &Report, columns: &[&(&str, &str)], text: &mut String) {
    let mut row = |what: &str, value: &dyn Fn(&super::Figures) -> Option<String>| {
        let _ = write!(text, "| {what} |");
        for (name, _) in columns {
            let value = report.subjects.get(*name).and_then(value);
            let _ = write!(text, " {} |", value.unwrap_or_else(|| "–".to_owned()));
        }
        text.push('\n');
    };
    row("ingest: artifact, unpacked, MB", &|figures| Some(number(figures.artifact_bytes as f64 / 1e6)));
    row("ingest, a body of 1 MB: p50 without the stub's time, ms", &|figures| Some(number(figures.large?.own_p50_ms)));
    row("ingest, AWS 50 ms away: first webhook after a cold start, ms", &|figures| Some(number(figures.far?.first_ms)));
    row("… connections opened in init, and by that webhook", &|figures| {
        let far = figures.far?;
        Some(format!("{}, {}", far.handshakes_in_init, far.handshakes_in_first))
    });
}

fn against_targets(report: &Report) -> String {
    let mut text = String::from("| | target | measured | |\n|---|---:|---:|---|\n");
    for row in targets::rows(report) {
        let unit = if row.unit.is_empty() { String::new() } else { format!(" {}", row.unit) };
        let bound = match row.bound {
            Bound::AtMost(limit) => format!("≤ {}{unit}", number(limit)),
            Bound::AtLeast(limit) => format!("≥ {}{unit}", number(limit)),
        };
        let measured = row.measured.map_or_else(|| "–".to_owned(), |value| format!("{}{unit}", number(value)));
        let _ = writeln!(text, "| {} | {bound} | {measured} | {} |", row.what, row.verdict());
    }
    text
}

fn in_unit(unit: &str) -> String {
    if unit.is_empty() { String::new() } else { format!(", {unit}") }
}

/// With as many digits as mean something.
pub(crate) fn number(value: f64) -> String {
    let decimals = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    let text = format!("{value:.decimals$}");
    match text.split_once('.') {
        Some((whole, zeros)) if zeros.bytes().all(|digit| digit == b'0') => whole.to_owned(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn numbers_have_three_digits_or_so() {
        for (value, text) in [(1234.4, "1234"), (12.34, "12.3"), (1.234, "1.23"), (25.0, "25"), (2.0, "2"), (0.0, "0")]
        {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn unmeasured_peer_has_no_column() {
        let alone = all(&sample::weir_alone());
        assert!(alone.contains("| | weir |\n"), "{alone}");
        assert!(!alone.contains("Node |"));
        let both = all(&sample::with_node());
        assert!(both.contains("| | weir | Node |\n"), "{both}");
        assert!(both.contains("(8×)"));
    }

    #[test]
    fn every_row_has_as_many_cells_as_its_table() {
        let mut cells = 0;
        for line in all(&sample::with_node()).lines() {
            let here = line.matches('|').count();
            match line.starts_with('|') {
                true if cells == 0 => cells = here,
                true => assert_eq!(here, cells, "{line}"),
                false => cells = 0,
            }
        }
    }
}
