//! Dead-lettered events by what went wrong with them.

use std::collections::{BTreeMap, BTreeSet};

use resilience::UnixMillis;
use serde::Serialize;

use super::letter::Letter;

/// Events that failed alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Group {
    pub(super) lane: &'static str,
    /// What went wrong, numbers left out.
    pub(super) error: String,
    pub(super) count: u64,
    pub(super) topics: BTreeSet<String>,
    pub(super) shops: u64,
    /// When the first and the last of them came in.
    pub(super) oldest: String,
    pub(super) newest: String,
    /// Some of them.
    pub(super) examples: Vec<String>,
    /// How many ended: sent again as they are, they do nothing.
    pub(super) ended: u64,
    /// How many have another body than their event: sent again as they are, they come back.
    pub(super) mismatches: u64,
}

/// Examples of a group.
const EXAMPLES: usize = 3;

/// Adds up letters.
#[derive(Debug, Default)]
pub(super) struct Groups(BTreeMap<(&'static str, String), Sum>);

#[derive(Debug)]
struct Sum {
    count: u64,
    topics: BTreeSet<String>,
    shops: BTreeSet<String>,
    oldest: UnixMillis,
    newest: UnixMillis,
    examples: Vec<String>,
    ended: u64,
    mismatches: u64,
}

impl Groups {
    pub(super) fn add(&mut self, letter: &Letter) {
        let at = letter.came_at();
        let sum = self.0.entry((letter.lane.as_str(), alike(letter.error()))).or_insert_with(|| Sum {
            count: 0,
            topics: BTreeSet::new(),
            shops: BTreeSet::new(),
            oldest: at,
            newest: at,
            examples: Vec::new(),
            ended: 0,
            mismatches: 0,
        });
        sum.count += 1;
        sum.topics.extend(letter.meta.as_ref().map(|meta| meta.topic.clone()));
        sum.shops.extend(letter.shop().map(str::to_owned));
        sum.oldest = sum.oldest.min(at);
        sum.newest = sum.newest.max(at);
        sum.ended += u64::from(letter.has_ended());
        sum.mismatches += u64::from(letter.is_mismatch());
        if sum.examples.len() < EXAMPLES {
            sum.examples.push(letter.name());
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.0.values().map(|sum| sum.count).sum()
    }

    /// The largest first.
    pub(super) fn into_groups(self) -> Vec<Group> {
        let group = |((lane, error), sum): ((&'static str, String), Sum)| Group {
            lane,
            error,
            count: sum.count,
            topics: sum.topics,
            shops: sum.shops.len() as u64,
            oldest: sum.oldest.to_string(),
            newest: sum.newest.to_string(),
            examples: sum.examples,
            ended: sum.ended,
            mismatches: sum.mismatches,
        };
        let mut groups: Vec<Group> = self.0.into_iter().map(group).collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.count));
        groups
    }
}

/// Errors that differ in numbers alone (a line, a time, an id) are alike.
fn alike(error: &str) -> String {
    let mut text = String::with_capacity(error.len());
    for c in error.chars() {
        if !c.is_ascii_digit() {
            text.push(c);
        } else if !text.ends_with('#') {
            text.push('#');
        }
    }
    text
}

impl Group {
    pub(super) fn lines(&self) -> String {
        let topics = if self.topics.is_empty() {
            "no topic".to_owned()
        } else {
            self.topics.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
        };
        let shops = if self.shops == 1 { "1 shop".to_owned() } else { format!("{} shops", self.shops) };
        let mut lines = vec![
            format!("{:>7}  {:<8}  {}", self.count, self.lane, self.error),
            format!("         {topics}; {shops}; from {} to {}", self.oldest, self.newest),
            format!("         as {}", self.examples.join(", ")),
        ];
        if self.ended > 0 {
            lines.push(format!(
                "         {} ended already: sent again as they are they do nothing; --force runs them again",
                self.ended
            ));
        }
        if self.mismatches > 0 {
            lines.push(format!(
                "         {} have another body than the event of their id: they are passed over; --force runs them",
                self.mismatches
            ));
        }
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::letter::tests::letter;
    use super::*;

    #[test]
    fn what_failed_alike_stands_together_the_largest_group_first() {
        let mut groups = Groups::default();
        let at = UnixMillis(1_795_755_600_000);
        groups.add(&letter("1", "the body is not JSON", at));
        groups.add(&letter("2", "gave up after 24 h of waiting, parked 99 times", at));
        groups.add(&letter("3", "gave up after 25 h of waiting, parked 101 times", at + Duration::from_secs(60)));
        assert_eq!(groups.count(), 3);
        let groups = groups.into_groups();
        assert_eq!((groups.len(), groups[0].count), (2, 2));
        assert_eq!(groups[0].error, "gave up after # h of waiting, parked # times");
        assert!(groups[0].lines().contains("orders/create; 1 shop; from 2026-11-27T05:00:00"), "{}", groups[0].lines());
    }
}
