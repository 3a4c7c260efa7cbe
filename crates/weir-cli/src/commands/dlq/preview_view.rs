//! What a replay or a drop would do, in words.

use weir_core::UnixMillis;
use weir_ops::dead_letters::Preview;

use super::view;
use crate::printable::line;

/// What would become of them.
pub(super) fn lines(preview: &Preview, now: UnixMillis) -> String {
    let mut out = vec![view::table(&preview.groups, "ERROR", now), String::new()];
    for (lane, count) in &preview.to {
        out.push(format!("{} would be sent to the {lane} lane", view::messages(*count)));
    }
    let mut also = |count: u64, what: &str| {
        if count > 0 {
            out.push(format!("{} {what}", view::messages(count)));
        }
    };
    also(preview.forced, "of these would run AGAIN, as a new generation: what they caused, they would cause twice");
    also(preview.ended, "would only be taken out: their events had ended (--force runs them again)");
    also(preview.dropped, "would be deleted for good");
    also(preview.mismatched, "would be left: another body came under their id before (--force sends them)");
    also(preview.unreadable, "would be left: they are no envelopes, and no worker can read them");
    out.push(String::new());
    out.push("the first of them:".to_owned());
    out.extend(preview.first.iter().map(|name| format!("  {}", line(name))));
    out.join("\n")
}

#[cfg(test)]
mod tests {
    use weir_ops::dead_letters::{DeadLetterEntry, DeadLetterStatus, operation::Kind};

    use super::super::fixtures::{RECEIVED, found};
    use super::*;

    #[test]
    fn preview_says_that_done_events_run_again() {
        let done = DeadLetterEntry { status: DeadLetterStatus::Done, ..found() };
        let forced = lines(&Preview::new(Kind::Replay, &[&done], 9, true, RECEIVED), RECEIVED);
        assert!(forced.contains("AGAIN"), "{forced}");
    }
}
