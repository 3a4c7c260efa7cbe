//! How things are said.

use std::time::Duration;

use weir_core::UnixMillis;
use weir_ops::dead_letters::{
    Group,
    operation::{Counts, Kind},
};

use crate::{layout::columns, when::when};

/// `1,234 messages`.
pub(crate) fn messages(count: u64) -> String {
    if count == 1 { "1 message".to_owned() } else { format!("{} messages", number(count)) }
}

/// With a comma for each thousand.
pub(crate) fn number(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `40 s`, `12 min`, `3 h`, `2 d`.
pub(crate) fn time(time: Duration) -> String {
    match time.as_secs() {
        seconds @ ..=90 => format!("{seconds} s"),
        seconds @ ..=5_400 => format!("{} min", seconds / 60),
        seconds @ ..=172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} d", seconds / 86_400),
    }
}

/// Groups as a table.
pub(crate) fn table(groups: &[Group], what: &str, now: UnixMillis) -> String {
    let head = ["COUNT", "SHOPS", "OLDEST", "NEWEST", "TOPICS", "STATE", what].map(str::to_owned);
    let top = |all: &[(String, u64)]| match all {
        [] => String::new(),
        [(one, _)] => one.clone(),
        [(first, _), rest @ ..] => format!("{first} +{}", rest.len()),
    };
    let rows = groups.iter().map(|group| {
        [
            number(group.count),
            number(group.shops),
            when(&group.oldest, now),
            when(&group.newest, now),
            top(&group.topics),
            top(&group.states),
            group.what.clone(),
        ]
    });
    columns(std::iter::once(head).chain(rows).collect())
}

/// What became of messages, in a line: only what there is.
pub(crate) fn counts(kind: Kind, counts: &Counts) -> String {
    let Counts { read, sent, forced, ended, dropped, mismatched, unreadable, returned, failed, undeleted, unrecorded } =
        *counts;
    let mut parts = match kind {
        Kind::Replay => vec![format!("{} sent to their lanes", number(sent))],
        Kind::Drop => vec![format!("{} deleted", number(dropped))],
    };
    let mut also = |count: u64, what: &str| {
        if count > 0 {
            parts.push(format!("{} {what}", number(count)));
        }
    };
    also(forced, "of them as a new generation");
    also(ended, "only taken out, for their events had ended");
    also(returned, "left: they failed again and came back");
    also(mismatched, "left: another body came under their id (--force sends them)");
    also(unreadable, "left: they are no envelopes that can be sent");
    also(failed, "left: SQS or the ledger did not take them");
    also(undeleted, "sent, and not deleted: they are sent again, and run once");
    also(unrecorded, "sent, and the ledger did not take it down: `weir dlq history` has them");
    format!("{}; {} looked at", parts.join(", "), number(read))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_are_easy_to_read() {
        assert_eq!((number(7), number(1_234), number(1_234_567)), ("7".into(), "1,234".into(), "1,234,567".into()));
        assert_eq!(messages(1), "1 message");
        for (seconds, said) in [(40, "40 s"), (600, "10 min"), (7_200, "2 h"), (259_200, "3 d")] {
            assert_eq!(time(Duration::from_secs(seconds)), said);
        }
    }

    #[test]
    fn only_what_happened_is_told() {
        let some = Counts { read: 10, sent: 4, mismatched: 1, ..Counts::default() };
        let said = counts(Kind::Replay, &some);
        assert!(said.starts_with("4 sent to their lanes, 1 left: another body"), "{said}");
        assert!(said.ends_with("; 10 looked at") && !said.contains("unreadable"), "{said}");
    }
}
