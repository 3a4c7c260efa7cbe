//! `weir topics`: what bodies can be generated for, and the lane each takes.

use serde::Serialize;
use shopify_webhook::Topic;
use weir_core::{Lane, Routes, Topics};

use crate::exit::ExitStatus;
use crate::printer::Printer;

#[derive(Serialize)]
struct Row {
    topic: &'static str,
    lane: Lane,
    /// Whether the latest event of a resource counts, or each.
    counts: &'static str,
}

pub(super) fn run(printer: &Printer) -> anyhow::Result<ExitStatus> {
    let routes = Routes::built_in();
    let lane_of = |topic| {
        let counts = if Topics::built_in().latest(topic).is_some() { "latest" } else { "every" };
        Topic::parse(topic).map(|parsed| Row { topic, lane: routes.lane(&parsed), counts })
    };
    let rows: Vec<Row> = shopify_samples::topics().iter().copied().filter_map(lane_of).collect();
    let width = rows.iter().map(|row| row.topic.len()).max().unwrap_or(0);
    printer.item(&rows, |rows| {
        let lines: Vec<String> =
            rows.iter().map(|row| format!("{:width$}  {:8}  {}", row.topic, row.lane.as_str(), row.counts)).collect();
        lines.join("\n")
    })?;
    Ok(ExitStatus::Done)
}

/// The listed topics that look most like `typo`, the best first.
pub(super) fn closest(typo: &str) -> Vec<&'static str> {
    const ALIKE: f64 = 0.8;
    const ABOUT_AS_ALIKE: f64 = 0.02;
    let mut scored: Vec<(f64, &'static str)> =
        shopify_samples::topics().iter().map(|topic| (strsim::jaro_winkler(typo, topic), *topic)).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    let worst = scored.first().map_or(ALIKE, |(best, _)| ALIKE.max(best - ABOUT_AS_ALIKE));
    scored.into_iter().take(3).take_while(|(score, _)| *score >= worst).map(|(_, topic)| topic).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_leads_to_the_topic_that_was_meant() {
        assert_eq!(closest("order/create"), ["orders/create"]);
        assert_eq!(closest("inventory_level/update").first(), Some(&"inventory_levels/update"));
        assert!(closest("zzz").is_empty());
    }

    #[test]
    fn generated_bodies_of_latest_topics_say_of_what_and_when_they_are() {
        let mut samples = shopify_samples::Samples::new(7, "north.myshopify.com", jiff::Timestamp::UNIX_EPOCH);
        let latest = shopify_samples::topics()
            .iter()
            .filter_map(|topic| Topics::built_in().latest(topic).map(|resource| (*topic, resource)));
        for (topic, resource) in latest {
            let body = samples.body(topic).unwrap();
            assert!(resource.is_named_in(body.as_bytes(), true), "{topic}");
            assert!(resource.of(serde_json::from_str(&body).unwrap()).is_some(), "{topic}");
        }
    }

    #[test]
    fn every_listed_topic_can_be_routed() {
        assert!(shopify_samples::topics().iter().all(|topic| Topic::parse(topic).is_some()));
    }
}
