//! The calls of the last minute.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use resilience::UnixMillis;

/// Within this, asking the same again tells nothing new, or what a webhook tells.
pub(super) const WINDOW: Duration = Duration::from_secs(60);

/// Which calls succeeded within the last minute. Older ones are forgotten, so this does not grow with the log.
#[derive(Debug, Default)]
pub(super) struct Recent {
    last: HashMap<String, UnixMillis>,
    /// In the order in which they were read, which is about that of time.
    order: VecDeque<(UnixMillis, String)>,
    newest: Option<UnixMillis>,
}

impl Recent {
    /// Whether the same call had succeeded within the minute before. Lines of different processes may be some seconds
    /// out of order.
    pub(super) fn has(&self, same: &str, at: UnixMillis) -> bool {
        self.last.get(same).is_some_and(|last| at.since(*last).max(last.since(at)) < WINDOW)
    }

    /// Notes a call that succeeded.
    pub(super) fn add(&mut self, same: &str, at: UnixMillis) {
        let newest = self.newest.map_or(at, |newest| newest.max(at));
        self.newest = Some(newest);
        let last = self.last.entry(same.to_owned()).or_insert(at);
        *last = at.max(*last);
        self.order.push_back((at, same.to_owned()));
        while let Some((at, same)) = self.order.pop_front() {
            if newest.since(at) < WINDOW {
                self.order.push_front((at, same));
                break;
            }
            // A later call of the same has an entry of its own further back.
            if self.last.get(&same) == Some(&at) {
                self.last.remove(&same);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::line::tests::NOW, *};

    fn after(seconds: u64) -> UnixMillis {
        NOW + Duration::from_secs(seconds)
    }

    #[test]
    fn a_minute_is_remembered_and_no_more() {
        let mut recent = Recent::default();
        assert!(!recent.has("a", NOW));
        recent.add("a", NOW);
        assert!(recent.has("a", after(59)) && !recent.has("a", after(60)) && !recent.has("b", NOW));
        assert!(recent.has("a", NOW - Duration::from_secs(5)), "out of order");
        assert!(!recent.has("a", NOW - WINDOW), "far out of order");
        recent.add("a", after(30));
        recent.add("b", after(70));
        assert!(recent.has("a", after(80)) && !recent.has("a", after(90)));
    }

    #[test]
    fn a_long_log_takes_no_more_room_than_a_minute_of_it() {
        let mut recent = Recent::default();
        for second in 0..100_000 {
            recent.add(&second.to_string(), after(second));
        }
        assert!(recent.last.len() <= 60 && recent.order.len() <= 60);
    }
}
