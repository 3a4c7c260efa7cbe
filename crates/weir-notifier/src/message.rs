//! The message: Slack's own markup, which other receivers of such webhooks show as text.

use std::fmt::Write;

use crate::{
    alarm::{Change, State},
    alarm_state::Notification,
};

/// So many alarms are told whole, the others by name: Slack cuts a text at 40,000 characters.
const WHOLE: usize = 20;

/// What is to be told.
#[derive(Debug, Clone, Copy)]
pub struct AlarmStates<'a> {
    /// The stack's name.
    pub stack: &'a str,
    /// The changes, each told somehow.
    pub changes: &'a [(Change, Notification)],
    /// Alarms that stand beside these.
    pub standing: &'a [String],
    /// Messages on the topic that tell of no alarm.
    pub others: usize,
    /// Where people read the runbook, without the section.
    pub runbook_url: Option<&'a str>,
}

/// One message for all of it.
pub fn compose(told: &AlarmStates<'_>) -> String {
    let alarms = told.changes.iter().filter(|(change, _)| change.state == State::Alarm).count();
    let mut text = match (alarms, told.changes.len()) {
        (0, 0) => format!("*{}*: something came that is no alarm\n", escaped(told.stack)),
        (0, _) => format!(":large_green_circle: *{}*: over\n", escaped(told.stack)),
        (1, _) => format!(":red_circle: *{}*: an alarm\n", escaped(told.stack)),
        (many, _) => format!(":red_circle: *{}*: {many} alarms\n", escaped(told.stack)),
    };
    for (index, (change, telling)) in in_order(told.changes).into_iter().enumerate() {
        if index < WHOLE {
            one(&mut text, change, *telling, told.runbook_url);
        } else {
            line(&mut text, format_args!("{}: {}", escaped(&change.name), change.state));
        }
    }
    if told.others > 0 {
        line(&mut text, format_args!("{} on the alarm topic told of no alarm; not shown here", messages(told.others)));
    }
    if !told.standing.is_empty() {
        let names: Vec<_> = told.standing.iter().take(WHOLE).map(|name| escaped(name)).collect();
        let more = if told.standing.len() > WHOLE { ", …" } else { "" };
        line(&mut text, format_args!("Still in alarm: {}{more}", names.join(", ")));
    }
    text.truncate(text.trim_end().len());
    text
}

/// What wakes people first, then its children, then the other alarms, then what is over.
fn in_order(changes: &[(Change, Notification)]) -> Vec<&(Change, Notification)> {
    let is_child = |change: &Change| changes.iter().any(|(other, _)| other.children.contains(&change.name));
    let mut ordered: Vec<_> = changes.iter().collect();
    ordered.sort_by_key(|(change, _)| {
        (change.state != State::Alarm, !change.is_composite, !is_child(change), change.at, change.name.clone())
    });
    ordered
}

fn one(text: &mut String, change: &Change, telling: Notification, runbook_url: Option<&str>) {
    // Seconds: CloudWatch looks once a minute, or every ten seconds at best.
    let at = jiff::Timestamp::from_millisecond(change.at.0).unwrap_or_default();
    let since = at.strftime("%Y-%m-%d %H:%M:%S UTC");
    line(text, format_args!("\n*{}*  {} since {since}", escaped(&change.name), change.state));
    let Some(description) = &change.told else {
        return line(text, "(not an alarm of this stack)");
    };
    if change.state != State::Alarm {
        return;
    }
    if !description.text.is_empty() {
        line(text, escaped(&description.text));
    }
    if let Some(measured) = &change.measured {
        line(text, escaped(measured));
    }
    if !change.children.is_empty() {
        line(text, format_args!("Set off by {}", escaped(&change.children.join(", "))));
    }
    if telling == Notification::Flapping {
        line(text, "It goes on and off: its end is not told until it has been quiet for 15 minutes");
    }
    if let Some(first) = &description.first {
        line(text, format_args!("First: `{}`", escaped(first)));
    }
    let runbook = description.runbook.as_deref().map(|section| match runbook_url.zip(section.split_once('#')) {
        Some((url, (_, anchor))) => format!("Runbook: <{url}#{}|{}>", escaped(anchor), escaped(section)),
        None => format!("Runbook: {}", escaped(section)),
    });
    let console = change.console.as_deref().map(|url| format!("<{}|Console>", escaped(url)));
    let links: Vec<_> = runbook.into_iter().chain(console).collect();
    if !links.is_empty() {
        line(text, links.join("   "));
    }
}

fn line(text: &mut String, line: impl std::fmt::Display) {
    // Writing to a String can't fail.
    let _ = writeln!(text, "{line}");
}

fn messages(count: usize) -> String {
    if count == 1 { "A message".to_owned() } else { format!("{count} messages") }
}

/// Slack's own three: with them left in, a text could call a whole channel.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use weir_core::UnixMillis;

    use super::*;
    use crate::alarm::Description;

    fn alarm(name: &str, state: State) -> Change {
        Change {
            name: name.into(),
            state,
            before: None,
            at: UnixMillis(1_795_755_600_120),
            told: Some(Description {
                text: "Events are dead-lettered.".into(),
                first: Some("weir dlq list --stack weir".into()),
                runbook: Some("docs/operations/runbook.md#dead-letters".into()),
            }),
            measured: Some("3 > 0, Messages".into()),
            is_composite: false,
            children: Vec::new(),
            console: Some("https://eu-west-1.console.aws.amazon.com/x".into()),
        }
    }

    fn told<'a>(changes: &'a [(Change, Notification)], standing: &'a [String]) -> AlarmStates<'a> {
        AlarmStates { stack: "weir", changes, standing, others: 0, runbook_url: Some("https://example.com/runbook.md") }
    }

    #[test]
    fn an_alarm_is_told_with_all_that_is_needed_to_begin() {
        let changes = [(alarm("weir-urgent-dlq", State::Alarm), Notification::Full)];
        let text = compose(&told(&changes, &[]));
        let expected = "\
:red_circle: *weir*: an alarm

*weir-urgent-dlq*  ALARM since 2026-11-27 05:00:00 UTC
Events are dead-lettered.
3 &gt; 0, Messages
First: `weir dlq list --stack weir`
Runbook: <https://example.com/runbook.md#dead-letters|docs/operations/runbook.md#dead-letters>   <https://eu-west-1.console.aws.amazon.com/x|Console>";
        assert_eq!(text, expected);
        let plain = compose(&AlarmStates { runbook_url: None, ..told(&changes, &[]) });
        assert!(plain.contains("Runbook: docs/operations/runbook.md#dead-letters   <https"), "{plain}");
    }

    #[test]
    fn message_lists_paging_alarms_first() {
        let mut page = alarm("weir-page-me", State::Alarm);
        (page.is_composite, page.children) = (true, vec!["weir-z".into()]);
        let changes =
            [alarm("weir-over", State::Ok), alarm("weir-a", State::Alarm), alarm("weir-z", State::Alarm), page]
                .map(|change| (change, Notification::Full));
        let text = compose(&told(&changes, &["weir-old".to_owned()]));
        let places: Vec<_> = [
            "3 alarms",
            "*weir-page-me*",
            "Set off by weir-z",
            "*weir-z*",
            "*weir-a*",
            "*weir-over*  OK since",
            "Still in alarm: weir-old",
        ]
        .map(|part| text.find(part).unwrap_or_else(|| panic!("{part} is not in {text}")))
        .into();
        assert!(places.is_sorted(), "{text}");
    }

    #[test]
    fn the_end_of_an_alarm_is_short() {
        let changes = [(alarm("weir-a", State::Ok), Notification::Full)];
        assert_eq!(
            compose(&told(&changes, &[])),
            ":large_green_circle: *weir*: over\n\n*weir-a*  OK since 2026-11-27 05:00:00 UTC"
        );
    }

    #[test]
    fn a_hundred_alarms_are_one_message_that_slack_takes() {
        let changes: Vec<_> =
            (0..100).map(|n| (alarm(&format!("weir-{n:03}"), State::Alarm), Notification::Flapping)).collect();
        let text = compose(&told(&changes, &[]));
        assert!(text.contains("100 alarms") && text.contains("weir-099: ALARM"), "{text}");
        assert!(text.len() < 20_000, "{}", text.len());
        assert_eq!(text.matches("It goes on and off").count(), WHOLE);
    }

    #[test]
    fn no_text_can_call_a_channel_or_make_a_link() {
        let mut change = alarm("weir-<!channel>", State::Alarm);
        if let Some(told) = &mut change.told {
            told.text = "<!here> & <https://evil.example|click>".into();
        }
        let text = compose(&told(&[(change, Notification::Full)], &["<!everyone>".to_owned()]));
        assert!(!text.contains("<!") && !text.contains("<https://evil"), "{text}");
    }

    #[test]
    fn unreadable_notification_is_counted_and_not_shown() {
        let text = compose(&AlarmStates { others: 2, ..told(&[], &[]) });
        assert!(text.contains("2 messages on the alarm topic told of no alarm"), "{text}");
    }
}
