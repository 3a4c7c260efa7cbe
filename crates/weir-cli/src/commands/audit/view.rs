//! The report for people.

use crate::printable;
use weir_ops::api_usage::{OperationRow, Report};

/// The report; `place` says where nothing was found.
pub(super) fn text(report: &Report, place: &str) -> String {
    let (Some(from), Some(to)) = (&report.from, &report.to) else {
        return format!("no calls of Shopify {place}");
    };
    let mut parts = vec![
        format!(
            "{} of Shopify for {}, {} points\n{from} to {to}",
            count(report.calls, "call", "calls"),
            count(report.shop_count as u64, "shop", "shops"),
            report.points,
        ),
        format!(
            "  failed     {:>6}  {}\n  throttled  {:>6}  {}\n  retries    {:>6}  {}\n  redundant  {:>6}  {}\n  polling            {}",
            percent(share(report.failed, report.calls)),
            report.failed,
            percent(report.throttled_rate),
            report.throttled,
            percent(report.retry_rate()),
            report.retries,
            percent(report.redundant_rate),
            report.redundant,
            report.polls,
        ),
        operations(&report.operations),
    ];
    if !report.redundant_by.is_empty() {
        let rows =
            report.redundant_by.iter().map(|row| [row.operation.clone(), row.calls.to_string(), row.shop.clone()]);
        parts.push(table(["REDUNDANT", "CALLS", "SHOP"], rows, [false, true, false]));
    }
    if !report.failures.is_empty() {
        let mut failures: Vec<_> = report.failures.iter().collect();
        failures.sort_by_key(|(_, calls)| std::cmp::Reverse(**calls));
        let rows = failures.into_iter().map(|(failure, calls)| [failure.clone(), calls.to_string()]);
        parts.push(table(["FAILURE", "CALLS"], rows, [false, true]));
    }
    let shops = report.shops.iter().map(|row| {
        let [calls, points] = [row.calls, row.points].map(|number| number.to_string());
        [row.shop.clone(), calls, bar(row.share), points, row.redundant.to_string(), row.throttled.to_string()]
    });
    let head = ["SHOP", "CALLS", "", "POINTS", "REDUNDANT", "THROTTLED"];
    parts.push(table(head, shops, [false, true, false, true, true, true]));
    parts.join("\n\n")
}

/// What was read, for stderr.
pub(super) fn footer(report: &Report) -> String {
    let lines = report.lines;
    let mut said = format!("{} read", count(lines.read, "line", "lines"));
    if lines.others > 0 {
        said += &format!(", {} of something else", lines.others);
    }
    if lines.malformed > 0 {
        said += &format!(", {} that should tell of a call and can't be read", lines.malformed);
    }
    if report.shop_count > report.shops.len() {
        said += &format!("; {} of {} shops are shown", report.shops.len(), report.shop_count);
    }
    said
}

fn operations(rows: &[OperationRow]) -> String {
    let head = ["OPERATION", "CALLS", "", "", "MEAN", "P95", "POINTS", "COST", "", "REDUNDANT"];
    let rows = rows.iter().map(|row| {
        [
            row.operation.clone(),
            row.calls.to_string(),
            percent(row.share),
            bar(row.share),
            format!("{:.0} ms", row.mean_ms),
            format!("{} ms", row.p95_ms),
            row.points.to_string(),
            percent(row.cost_share),
            bar(row.cost_share),
            row.redundant.to_string(),
        ]
    });
    table(head, rows, [false, true, true, false, true, true, true, true, false, true])
}

/// A whole share is as wide as this.
const BAR: f64 = 16.0;

/// A bar, to an eighth of a column: a share that is not nothing shows.
fn bar(share: f64) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let mut left = (share.clamp(0.0, 1.0) * BAR * 8.0).round();
    if share > 0.0 {
        left = left.max(1.0);
    }
    let mut bar = String::new();
    while left >= 8.0 {
        bar.push('█');
        left -= 8.0;
    }
    let part = (1..8_u8).find(|part| f64::from(*part) >= left && left > 0.0);
    bar + part.map_or("", |part| EIGHTHS[usize::from(part)])
}

fn share(part: u64, all: u64) -> f64 {
    part as f64 / all.max(1) as f64
}

fn percent(share: f64) -> String {
    // A rate that is not zero does not look like it.
    if share > 0.0 && share < 0.001 { "<0.1 %".to_owned() } else { format!("{:.1} %", share * 100.0) }
}

/// `1 call`, `2 calls`.
pub(super) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Columns, two blanks apart; numbers to the right.
fn table<const N: usize>(head: [&str; N], rows: impl Iterator<Item = [String; N]>, is_number: [bool; N]) -> String {
    let rows: Vec<[String; N]> = std::iter::once(head.map(str::to_owned))
        .chain(rows)
        .map(|row| row.map(|cell| printable::line(&cell).into_owned()))
        .collect();
    let width = |text: &str| text.chars().count();
    let widths: [usize; N] = std::array::from_fn(|at| rows.iter().map(|row| width(&row[at])).max().unwrap_or(0));
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(widths).zip(is_number);
        let cells: Vec<String> = cells
            .map(
                |((cell, width), is_number)| {
                    if is_number { format!("{cell:>width$}") } else { format!("{cell:width$}") }
                },
            )
            .collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_its_share() {
        for (share, expected) in
            [(0.0, ""), (0.0001, "▏"), (0.5, "████████"), (0.53125, "████████▌"), (1.0, "████████████████")]
        {
            assert_eq!(bar(share), expected, "{share}");
        }
        for share in [f64::NAN, f64::INFINITY, -1.0, 7.0] {
            assert!(bar(share).chars().count() <= 16, "{share}");
        }
    }

    #[test]
    fn small_share_is_not_shown_as_zero() {
        assert_eq!([0.0, 0.000_4, 0.001, 0.256, 1.0].map(percent), ["0.0 %", "<0.1 %", "0.1 %", "25.6 %", "100.0 %"]);
    }

    #[test]
    fn columns_line_up() {
        let rows =
            [["a".to_owned(), "█▌".to_owned(), "1".to_owned()], ["long".to_owned(), "█".to_owned(), "23".to_owned()]];
        let table = table(["X", "", "N"], rows.into_iter(), [false, false, true]);
        assert_eq!(table, "X          N\na     █▌   1\nlong  █   23");
    }
}
