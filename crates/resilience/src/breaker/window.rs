//! Calls and failures of the last while.

use std::time::Duration;

use crate::UnixMillis;

/// The parts of a window: what is older than the window is forgotten a part at a time.
const PARTS: usize = 6;

/// A sliding count of calls and failures.
#[derive(Debug, Clone, Default)]
pub struct Window {
    parts: [Part; PARTS],
}

#[derive(Debug, Clone, Copy, Default)]
struct Part {
    number: i64,
    calls: u32,
    failures: u32,
}

impl Window {
    /// Counts one call.
    pub fn record(&mut self, failed: bool, length: Duration, now: UnixMillis) {
        let number = number(length, now);
        let part = &mut self.parts[usize::try_from(number.rem_euclid(PARTS as i64)).unwrap_or(0)];
        if part.number != number {
            *part = Part { number, calls: 0, failures: 0 };
        }
        part.calls = part.calls.saturating_add(1);
        part.failures = part.failures.saturating_add(u32::from(failed));
    }

    /// Calls and failures within `length` before `now`.
    pub fn count(&self, length: Duration, now: UnixMillis) -> (u32, u32) {
        let newest = number(length, now);
        let live = self.parts.iter().filter(|part| (0..PARTS as i64).contains(&(newest - part.number)));
        live.fold((0, 0), |(calls, failures), part| (calls + part.calls, failures + part.failures))
    }
}

fn number(length: Duration, now: UnixMillis) -> i64 {
    let part = i64::try_from(length.as_millis()).unwrap_or(i64::MAX) / PARTS as i64;
    now.0.div_euclid(part.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_older_than_the_window_is_forgotten() {
        let length = Duration::from_secs(60);
        let mut window = Window::default();
        let start = UnixMillis(1_000_000_020_000);
        window.record(true, length, start);
        window.record(false, length, start + Duration::from_secs(30));
        assert_eq!(window.count(length, start + Duration::from_secs(30)), (2, 1));
        assert_eq!(window.count(length, start + Duration::from_secs(70)), (1, 0));
        assert_eq!(window.count(length, start + Duration::from_secs(600)), (0, 0));
        window.record(true, length, start + Duration::from_secs(600));
        assert_eq!(window.count(length, start + Duration::from_secs(600)), (1, 1));
    }
}
