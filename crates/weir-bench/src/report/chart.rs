//! The comparison as a picture: bars, one panel a figure. Its grey is read on white and on black: what a page's ground is
//! like, a picture does not know.

use std::fmt::Write;

use super::{Report, WEIR, table::number};
use crate::metric::Metric;

/// What is shown: the metric, its title, its unit.
const PANELS: [(Metric, &str, &str); 6] = [
    (Metric::IngestColdMs, "Cold start to first answer", "ms"),
    (Metric::IngestCpuUs, "CPU of a webhook", "µs"),
    (Metric::IngestWarmP50Ms, "A warm webhook, p50", "ms"),
    (Metric::IngestMemoryMb, "Peak memory of ingest", "MB"),
    (Metric::WorkerRate, "Messages a second of one worker (more is better)", "/s"),
    (Metric::WorkerMemoryMb, "Peak memory of the worker", "MB"),
];

/// Names, titles and colours, each told from the others on white and on black.
const BARS: [(&str, &str, &str); 3] =
    [(WEIR, "weir", "#d9622b"), ("node", "Node", "#3f9b54"), ("python", "Python", "#4b84c4")];

const WIDTH: f64 = 860.0;
const PANEL: (f64, f64) = (430.0, 118.0);
const LABEL: f64 = 62.0;
const VALUE: f64 = 78.0;
const MARGIN: f64 = 16.0;

/// The picture.
#[must_use]
pub fn svg(report: &Report) -> String {
    let panels = PANELS.iter().filter(|(metric, _, _)| report.median(WEIR, *metric).is_some());
    let panels: Vec<_> = panels.collect();
    let height = panels.len().div_ceil(2) as f64 * PANEL.1 + 34.0;
    let mut svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" aria-label="weir beside Node and Python">
<style>
text {{ font: 13px system-ui, sans-serif; fill: #6e7781; }}
.title {{ font-weight: 600; }}
</style>
"#
    );
    for (place, (metric, title, unit)) in panels.into_iter().enumerate() {
        let (left, top) = ((place % 2) as f64 * PANEL.0 + MARGIN, (place / 2) as f64 * PANEL.1 + MARGIN);
        panel(&mut svg, report, *metric, (title, unit), (left, top));
    }
    let _ = writeln!(
        svg,
        r#"<text x="{MARGIN}" y="{}">{}, {}: medians of {} rounds in turns; AWS is a stub on the same machine</text>"#,
        height - 12.0,
        report.date,
        escaped(&report.machine.cpu),
        report.rounds
    );
    svg.push_str("</svg>\n");
    svg
}

fn panel(svg: &mut String, report: &Report, metric: Metric, (title, unit): (&str, &str), (left, top): (f64, f64)) {
    let _ = writeln!(svg, r#"<text class="title" x="{left}" y="{}">{title}</text>"#, top + 12.0);
    let bars: Vec<_> =
        BARS.iter().filter_map(|(name, label, colour)| Some((label, colour, report.median(name, metric)?))).collect();
    let longest = bars.iter().map(|(_, _, value)| *value).fold(f64::MIN_POSITIVE, f64::max);
    let room = PANEL.0 - MARGIN * 2.0 - LABEL - VALUE;
    for (place, (label, colour, value)) in bars.into_iter().enumerate() {
        let y = top + 22.0 + place as f64 * 24.0;
        // One that is too short to be seen is seen all the same.
        let length = (value / longest * room).max(2.0);
        let _ = writeln!(
            svg,
            r#"<text x="{left}" y="{}">{label}</text><rect x="{}" y="{y}" width="{length:.1}" height="17" rx="2" fill="{colour}"/><text x="{:.1}" y="{}">{} {unit}</text>"#,
            y + 13.0,
            left + LABEL,
            left + LABEL + length + 6.0,
            y + 13.0,
            number(value)
        );
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn every_panel_has_a_bar_for_each_that_was_measured() {
        assert_eq!(svg(&sample::weir_alone()).matches("<rect").count(), PANELS.len());
        assert_eq!(svg(&sample::with_node()).matches("<rect").count(), PANELS.len() * 2);
    }

    #[test]
    fn no_bar_leaves_its_panel() {
        let svg = svg(&sample::with_node());
        let widths = svg.split(" width=\"").skip(2).filter_map(|rest| rest.split('"').next()?.parse::<f64>().ok());
        let widths: Vec<f64> = widths.collect();
        assert_eq!(widths.len(), PANELS.len() * 2);
        assert!(widths.iter().all(|width| *width > 0.0 && *width <= PANEL.0 - LABEL - VALUE), "{widths:?}");
    }

    #[test]
    fn machine_name_is_escaped_in_the_chart() {
        let mut report = sample::weir_alone();
        report.machine.cpu = "A<B> & Co".to_owned();
        assert!(svg(&report).contains("A&lt;B> &amp; Co"));
    }
}
