//! How far the reading got.

use std::time::{Duration, Instant};

use weir_ops::api_usage::Tally;

use super::view::count;

/// Work that takes longer than this shows that it goes on.
const TELL_EVERY: Duration = Duration::from_secs(2);

/// Says it from time to time.
#[derive(Debug)]
pub(super) struct Progress {
    told_at: Instant,
    /// Answers of CloudWatch Logs; most may be empty.
    pages: u64,
}

impl Progress {
    pub(super) fn new(now: Instant) -> Self {
        Self { told_at: now, pages: 0 }
    }

    /// One more page was searched.
    pub(super) fn page(&mut self) {
        self.pages += 1;
    }

    /// What to say, if it is time to.
    pub(super) fn tell(&mut self, now: Instant, tally: &Tally) -> Option<String> {
        if now.saturating_duration_since(self.told_at) < TELL_EVERY {
            return None;
        }
        self.told_at = now;
        let read = match self.pages {
            0 => format!("{} read", count(tally.lines(), "line", "lines")),
            pages => format!("{} of the log groups searched", count(pages, "page", "pages")),
        };
        let up_to = tally.to().map_or_else(String::new, |to| format!(", the last one of {to}"));
        Some(format!("{read}, {} found{up_to}", count(tally.calls(), "call", "calls")))
    }
}

#[cfg(test)]
mod tests {
    use resilience::UnixMillis;
    use weir_ops::api_usage::Line;

    use super::*;

    const CALL: &str = r#"{"message":"Called Shopify","app":"default","shop":"north.myshopify.com","operation":"A","same":"1","attempt":1,"took_ms":100,"status":200}"#;

    #[test]
    fn every_two_seconds_it_says_how_far_it_got() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let (mut progress, mut tally) = (Progress::new(start), Tally::default());
        assert_eq!(progress.tell(at(1_999), &tally), None);
        progress.page();
        let empty = "1 page of the log groups searched, 0 calls found";
        assert_eq!(progress.tell(at(2_000), &tally).as_deref(), Some(empty));
        tally.take(&Line::read(CALL.as_bytes(), Some(UnixMillis(1_795_755_600_000))));
        assert_eq!(progress.tell(at(3_999), &tally), None);
        let found = "1 page of the log groups searched, 1 call found, the last one of 2026-11-27T05:00:00.000Z";
        assert_eq!(progress.tell(at(4_000), &tally).as_deref(), Some(found));
    }

    #[test]
    fn progress_of_a_file_counts_its_lines() {
        let start = Instant::now();
        let mut tally = Tally::default();
        tally.take(&Line::Other);
        let told = Progress::new(start).tell(start + TELL_EVERY, &tally);
        assert_eq!(told.as_deref(), Some("1 line read, 0 calls found"));
    }
}
