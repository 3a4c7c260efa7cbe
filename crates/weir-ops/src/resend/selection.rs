//! Which events a resend means, a page at a time.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use weir_aws::ledger::{Indexes, ReadError};
use weir_core::UnixMillis;

use crate::events::{EventCursor, EventFilter, EventQuery, QueryTimes, search};

/// So many events are looked at, and in memory with their bodies, at once.
pub(super) const PAGE: usize = 100;

/// Which events a resend means. Times are absolute, so that whoever resumes it means the same events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Selection {
    /// These: `SHOP#ID`.
    Events(Vec<String>),
    /// Those that match.
    Matching {
        /// What must hold.
        filter: EventFilter,
        /// Received then, or later.
        #[serde(rename = "since_ms")]
        since: UnixMillis,
        /// Received until then.
        #[serde(rename = "until_ms")]
        until: UnixMillis,
    },
}

/// How far a resend looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SelectionProgress {
    /// Events that were found.
    pub found: u64,
    /// When the event was received that was read last, where events are searched for.
    pub back_to: Option<UnixMillis>,
}

/// The events of a selection, a page at a time, each once: a generation of an event is in the index as well.
pub(super) struct Pages<'a> {
    selection: &'a Selection,
    seen: HashSet<String>,
    /// Of named events: how many were given out.
    read: usize,
    after: Option<EventCursor>,
    is_over: bool,
    now: UnixMillis,
}

impl<'a> Pages<'a> {
    pub(super) fn new(selection: &'a Selection, now: UnixMillis) -> Self {
        Self { selection, seen: HashSet::new(), read: 0, after: None, is_over: false, now }
    }

    /// The next events; `None` at the end.
    pub(super) async fn next<I: Indexes>(
        &mut self,
        indexes: &I,
        progress: &mut impl FnMut(SelectionProgress),
    ) -> Result<Option<Vec<String>>, ReadError> {
        if self.is_over {
            return Ok(None);
        }
        let found = match self.selection {
            Selection::Events(events) => {
                let page: Vec<String> = events.iter().skip(self.read).take(PAGE).cloned().collect();
                self.read += page.len();
                self.is_over = self.read >= events.len();
                page
            }
            Selection::Matching { filter, since, until } => {
                let times = QueryTimes { since: Some(*since), until: Some(*until) };
                let query = EventQuery::new(filter.clone(), times, self.after.take(), PAGE, self.now);
                // An empty range has no events.
                let Ok(query) = query else { return Ok(None) };
                let known = self.seen.len() as u64;
                let found = search(indexes, &query, |looked| {
                    progress(SelectionProgress { found: known + looked.found as u64, back_to: Some(looked.back_to) });
                });
                let found = found.await?;
                self.after = found.after.as_ref().map(EventCursor::from);
                self.is_over = self.after.is_none();
                found.records.into_iter().map(|record| record.key.event).collect()
            }
        };
        let fresh: Vec<String> = found.into_iter().filter(|event| self.seen.insert(event.clone())).collect();
        progress(SelectionProgress { found: self.seen.len() as u64, back_to: None });
        Ok(Some(fresh))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selection_is_written_down_with_absolute_times() {
        let filter = EventFilter { shop: Some("north.myshopify.com".into()), ..EventFilter::default() };
        let selection = Selection::Matching { filter, since: UnixMillis(1), until: UnixMillis(2) };
        let json = serde_json::to_value(&selection).unwrap();
        let expected = serde_json::json!({"matching": {
            "filter": {"shop": "north.myshopify.com"}, "since_ms": 1, "until_ms": 2,
        }});
        assert_eq!(json, expected);
        assert_eq!(serde_json::from_value::<Selection>(json).unwrap(), selection);
    }
}
