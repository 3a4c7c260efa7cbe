//! Resends in words.

use std::collections::BTreeMap;

use serde::Serialize;
use weir_core::{Topic, UnixMillis, ledger::Record};
use weir_ops::resend::{Preview, Resend, ResendCounts, ResendOptions, ResendPlan, Selection, SkipReason, Skipped};

use crate::{
    commands::dlq::view::number,
    layout::{columns, joined},
    printable::line,
    problem::HintedError,
};

/// So many events that are not sent are named.
const NAMED: usize = 20;

/// A resend as it is shown.
#[derive(Serialize)]
pub(super) struct ResendView {
    name: String,
    state: &'static str,
    /// It says that it runs, and has not been heard of for a minute.
    abandoned: bool,
    by: String,
    command: String,
    started_at: String,
    updated_at: String,
    selection: Selection,
    options: ResendOptions,
    planned: ResendPlan,
    counts: ResendCounts,
    note: Option<String>,
    resumed: Vec<String>,
}

impl ResendView {
    pub(super) fn new(name: &str, job: &Resend, now: UnixMillis) -> Self {
        Self {
            name: name.to_owned(),
            state: job.state.as_str(),
            abandoned: job.looks_abandoned(now),
            by: job.by.clone(),
            command: job.command.clone(),
            started_at: job.started_at.to_string(),
            updated_at: job.updated_at.to_string(),
            selection: job.work.selection.clone(),
            options: job.work.options.clone(),
            planned: job.work.planned.clone(),
            counts: job.work.counts.clone(),
            note: job.note.clone(),
            resumed: job.resumed.iter().map(|one| format!("{} by {}", one.at, one.by)).collect(),
        }
    }
}

/// Many, the last one first.
pub(super) fn table(views: &[ResendView]) -> String {
    if views.is_empty() {
        return "nothing was sent again".to_owned();
    }
    let head = ["NAME", "STATE", "MEANT", "SENT", "SKIPPED", "FAILED", "BY"].map(str::to_owned);
    let rows = views.iter().map(|view| {
        [
            view.name.clone(),
            if view.abandoned { "abandoned" } else { view.state }.to_owned(),
            number(view.planned.matching),
            number(view.counts.sent),
            number(view.counts.skipped.values().sum()),
            number(view.counts.failed),
            view.by.clone(),
        ]
    });
    columns(std::iter::once(head).chain(rows).collect())
}

/// What would become of the events.
pub(super) fn lines(preview: &Preview) -> String {
    let mut out = vec![match preview.matching {
        0 => "no events match".to_owned(),
        matching => {
            format!("{} of {} would be sent again, as a new generation", events(preview.sends), number(matching))
        }
    }];
    for (what, counts) in [("topic", &preview.topics), ("shop", &preview.shops)] {
        out.extend(counts.iter().map(|(name, count)| format!("  {what}  {name}: {}", number(*count))));
    }
    out.extend(preview.to.iter().map(|(lane, count)| format!("  lane  {lane}: {}", number(*count))));
    if let Some(dollars) = preview.dollars.filter(|_| preview.sends > 0) {
        let dollars = if dollars < 0.01 { "less than $0.01".to_owned() } else { format!("about ${dollars:.2}") };
        out.push(format!("  cost  {dollars} at list prices"));
    }
    if preview.sends > 0 {
        out.push("their handlers run again, and what they caused, they cause twice".to_owned());
    }
    out.extend(skipped(&preview.skipped));
    joined(out)
}

/// What became of them.
pub(super) fn outcome(name: &str, state: &str, counts: &ResendCounts, not_sent: &[Skipped]) -> String {
    let mut out = vec![format!("resend {name} {state}: {} sent again", events(counts.sent))];
    if counts.failed > 0 {
        out.push(format!("{} not sent: SQS did not take them", number(counts.failed)));
    }
    if counts.unrecorded > 0 {
        let count = number(counts.unrecorded);
        out.push(format!("{count} sent, and the ledger did not record who did it: `weir events resends` has it"));
    }
    out.extend(skipped(not_sent));
    joined(out)
}

/// The error where nothing can be sent.
pub(super) fn refused(preview: &Preview) -> HintedError {
    let reasons = preview.reasons();
    let most = reasons.iter().max_by_key(|(_, count)| **count).map(|(reason, _)| *reason);
    let hint = most.map_or("`weir events list` shows what is there", hint);
    let all = skipped(&preview.skipped).join("\n");
    HintedError::new(format!("none of {} can be sent again\n{all}", events(preview.matching)), hint)
}

fn events(count: u64) -> String {
    if count == 1 { "1 event".to_owned() } else { format!("{} events", number(count)) }
}

/// Events that are not sent: how many for each reason, then the first of them.
fn skipped(all: &[Skipped]) -> Vec<String> {
    let mut by_reason: BTreeMap<SkipReason, Vec<&Skipped>> = BTreeMap::new();
    for one in all {
        by_reason.entry(one.reason).or_default().push(one);
    }
    let mut out = Vec::new();
    for (reason, all) in by_reason {
        out.push(format!("{} not sent: {}", events(all.len() as u64), in_words(reason)));
        out.extend(all.iter().take(NAMED).map(|one| format!("  {}", line(&one.event))));
        if all.len() > NAMED {
            out.push(format!("  … and {} more; --json lists all", number((all.len() - NAMED) as u64)));
        }
    }
    out
}

fn in_words(reason: SkipReason) -> &'static str {
    match reason {
        SkipReason::Unknown => "the ledger does not know it",
        SkipReason::NotDone => "it is not done, and its message is in its lane or dead-letter queue",
        SkipReason::UnderWay => "it was sent again before, and no worker took it up yet",
        SkipReason::Dropped => "an operator dropped it, so it was never published or archived",
        SkipReason::NoArchive => "the stack keeps no archive (ArchiveDays is 0)",
        SkipReason::TooOld => "it is older than ArchiveDays, so the archive deleted its body",
        SkipReason::NotArchived => "the archive does not have it, or not yet: that takes about a minute",
        SkipReason::BodyDeleted => "its body was too large for the bus, and S3 deleted it since",
        SkipReason::Superseded => "a newer state of its resource took effect since (--superseded sends it)",
        SkipReason::Repeated => "another event brought the same state of its resource: send that one",
        SkipReason::LastGeneration => "it has no later generation",
    }
}

fn hint(reason: SkipReason) -> &'static str {
    match reason {
        SkipReason::Unknown => "`weir events list` shows what the ledger knows",
        SkipReason::NotDone => "`weir events show EVENT` says where it is; `weir dlq replay` sends dead letters",
        SkipReason::UnderWay => "wait for it: `weir events show EVENT` tells what becomes of it",
        SkipReason::NoArchive => "parameter ArchiveDays keeps the bodies of later events",
        SkipReason::NotArchived => "try again in a minute",
        SkipReason::Superseded | SkipReason::Repeated => {
            "`weir events list --resource RESOURCE` lists the newer events of the resource"
        }
        SkipReason::Dropped | SkipReason::TooOld | SkipReason::BodyDeleted | SkipReason::LastGeneration => {
            "Shopify's API has the resource as it is now; `weir dlq replay --event EVENT --file BODY` sends a body"
        }
    }
}

/// The preview of a resend of this event, and of one that is not sent.
pub(super) fn example(record: &Record) -> Preview {
    let of = |text: Option<&str>| [(text.unwrap_or_default().to_owned(), 1)].into();
    Preview {
        matching: 2,
        sends: 1,
        topics: of(record.topic.as_ref().map(Topic::as_str)),
        shops: of(Some(&record.key.event)),
        skipped: vec![Skipped { event: record.key.event.clone(), reason: SkipReason::TooOld }],
        ..Preview::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Shown;

    fn preview(skipped: usize, sends: u64) -> Preview {
        let skip = |number| Skipped { event: format!("north.myshopify.com#{number}"), reason: SkipReason::TooOld };
        Preview {
            matching: sends + skipped as u64,
            sends,
            topics: [("orders/create".to_owned(), sends)].into(),
            dollars: Some(0.001),
            skipped: (0..skipped).map(skip).collect(),
            ..Preview::default()
        }
    }

    #[test]
    fn preview_says_how_many_go_what_they_cost_and_why_others_do_not() {
        let said = lines(&preview(25, 3));
        assert!(said.starts_with("3 events of 28 would be sent again"), "{said}");
        assert!(said.contains("topic  orders/create: 3") && said.contains("less than $0.01"), "{said}");
        assert!(
            said.contains("25 events not sent: it is older than ArchiveDays") && said.contains("and 5 more"),
            "{said}"
        );
    }

    #[test]
    fn event_that_is_out_of_the_archive_is_refused_with_what_to_do() {
        let said = Shown::of(&refused(&preview(1, 0)).into()).lines().join("\n");
        assert!(
            said.contains("none of 1 event can be sent again") && said.contains("older than ArchiveDays"),
            "{said}"
        );
        assert!(said.contains("hint: Shopify's API has the resource"), "{said}");
    }
}
