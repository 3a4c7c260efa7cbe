//! Messages by what they have in common.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap},
};

use serde::Serialize;
use weir_core::UnixMillis;

use super::entry::DeadLetterEntry;

/// What makes a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupBy {
    /// The last error.
    Error,
    /// The topic.
    Topic,
    /// The shop.
    Shop,
    /// The lane.
    Lane,
    /// The state of the event in the ledger.
    Status,
    /// How long ago it was received.
    Age,
}

impl GroupBy {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Topic => "topic",
            Self::Shop => "shop",
            Self::Lane => "lane",
            Self::Status => "state",
            Self::Age => "age",
        }
    }
}

/// Messages that have one thing in common.
#[derive(Debug, Serialize, PartialEq, Eq)]
pub struct Group {
    /// What they have in common.
    pub what: String,
    /// How many there are.
    pub count: u64,
    /// Topics, the most frequent first.
    pub topics: Vec<(String, u64)>,
    /// How many shops they are of.
    pub shops: u64,
    /// The states of their events in the ledger.
    pub states: Vec<(String, u64)>,
    /// Their lanes.
    pub lanes: Vec<(String, u64)>,
    /// When the first one was received.
    pub oldest: String,
    /// When the last one was received.
    pub newest: String,
    /// Some events of it.
    pub samples: Vec<String>,
}

const SAMPLES: usize = 3;

/// The groups, the largest first.
#[must_use]
pub fn groups<'a>(found: impl IntoIterator<Item = &'a DeadLetterEntry>, by: GroupBy, now: UnixMillis) -> Vec<Group> {
    let mut by_what: HashMap<String, Vec<&DeadLetterEntry>> = HashMap::new();
    for found in found {
        by_what.entry(what(found, by, now)).or_default().push(found);
    }
    let mut groups: Vec<Group> = by_what.into_iter().map(|(what, found)| group(what, &found)).collect();
    groups.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.what.cmp(&b.what)));
    groups
}

fn group(what: String, found: &[&DeadLetterEntry]) -> Group {
    let times = || found.iter().map(|found| found.letter.received_at());
    let tally = |of: &dyn Fn(&DeadLetterEntry) -> &str| {
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for found in found {
            *counts.entry(of(found)).or_default() += 1;
        }
        let mut counts: Vec<(String, u64)> = counts.into_iter().map(|(what, count)| (what.to_owned(), count)).collect();
        counts.sort_by_key(|(_, count)| Reverse(*count));
        counts
    };
    let time = |at: Option<UnixMillis>| at.map_or_else(String::new, |at| at.to_string());
    Group {
        what,
        count: found.len() as u64,
        topics: tally(&|found| found.letter.topic().unwrap_or("-")),
        shops: found.iter().map(|found| found.letter.shop()).collect::<BTreeSet<_>>().len() as u64,
        states: tally(&|found| found.status.as_str()),
        lanes: tally(&|found| found.letter.lane.as_str()),
        oldest: time(times().min()),
        newest: time(times().max()),
        samples: found.iter().take(SAMPLES).map(|found| found.letter.name()).collect(),
    }
}

fn what(found: &DeadLetterEntry, by: GroupBy, now: UnixMillis) -> String {
    let letter = &found.letter;
    match by {
        GroupBy::Error => pattern(&found.reason()),
        GroupBy::Topic => letter.topic().unwrap_or("no topic").to_owned(),
        GroupBy::Shop => letter.shop().unwrap_or("no shop").to_owned(),
        GroupBy::Lane => letter.lane.as_str().to_owned(),
        GroupBy::Status => found.status.as_str().to_owned(),
        GroupBy::Age => age(now, letter.received_at()).to_owned(),
    }
}

fn age(now: UnixMillis, at: UnixMillis) -> &'static str {
    const HOUR: u64 = 3600;
    match now.since(at).as_secs() {
        ..HOUR => "less than an hour",
        HOUR..=21_600 => "1 to 6 hours",
        21_601..=86_400 => "6 to 24 hours",
        86_401..=259_200 => "1 to 3 days",
        259_201..=604_800 => "3 to 7 days",
        _ => "more than 7 days",
    }
}

/// The error without what is different each time: numbers and ids. The status of an answer stays.
fn pattern(error: &str) -> String {
    let mut status = false;
    let words = error.split(' ').map(|word| {
        let keep = status;
        status = matches!(word.to_ascii_lowercase().trim_end_matches(':'), "http" | "status" | "code");
        if keep { word.to_owned() } else { without_numbers(word) }
    });
    words.collect::<Vec<_>>().join(" ")
}

fn without_numbers(word: &str) -> String {
    let is_id = word.len() >= 16
        && word.bytes().any(|b| b.is_ascii_digit())
        && word.bytes().all(|b| b.is_ascii_hexdigit() || b"-.,:;()\"'".contains(&b));
    if is_id {
        return "#".to_owned();
    }
    let mut out = String::with_capacity(word.len());
    for c in word.chars() {
        match c {
            '0'..='9' if out.ends_with('#') => {}
            '0'..='9' => out.push('#'),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::entry::tests::{RECEIVED, found, unreadable};
    use super::*;

    #[test]
    fn errors_that_differ_in_numbers_are_one_group_and_statuses_are_not() {
        assert_eq!(pattern("not JSON (line 12, column 7)"), "not JSON (line #, column #)");
        assert_eq!(pattern("order 820982911946154508 is gone"), "order # is gone");
        assert_eq!(pattern("event b54557e4-bdd9-4b37-8a5f-bf7d70bcd043 failed"), "event # failed");
        assert_eq!(pattern("the ERP answered HTTP 503"), "the ERP answered HTTP 503");
        assert_eq!(pattern("status: 404 after 3 tries"), "status: 404 after # tries");
    }

    #[test]
    fn the_largest_group_comes_first_with_samples() {
        let all = [unreadable(), found(), found()];
        let by_error = groups(&all, GroupBy::Error, RECEIVED);
        assert_eq!((by_error[0].what.as_str(), by_error[0].count), ("the ERP answered HTTP 500", 2));
        assert_eq!(by_error[0].topics, [("orders/create".to_owned(), 2)]);
        assert_eq!(by_error[0].samples[0], "north.myshopify.com#7");
        assert_eq!(by_error[1].samples, ["unknown#sqs:m-1"]);
        for (by, what) in [
            (GroupBy::Topic, "orders/create"),
            (GroupBy::Shop, "north.myshopify.com"),
            (GroupBy::Status, "failed"),
            (GroupBy::Lane, "standard"),
            (GroupBy::Age, "less than an hour"),
        ] {
            assert_eq!(groups(&all, by, RECEIVED)[0].what, what);
        }
    }
}
