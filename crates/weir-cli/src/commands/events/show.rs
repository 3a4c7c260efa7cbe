//! `weir events show`: all that is known of one event.

use std::time::{Duration, Instant};

use aws_sdk_sqs::types::QueueAttributeName;
use weir_aws::ledger::{Listing, ReadError};
use weir_core::{
    UnixMillis,
    ledger::{Record, State, index::Bucket},
};

use super::{asked, body, copies::Place, story::story, view::EventView};
use crate::{
    cli::{LedgerArgs, ShowArgs, StackArgs},
    commands::ExitStatus,
    delivery,
    printable::unescaped,
    printer::Printer,
    problem::Usage,
    target::{self, LedgerTarget, Place as Stack},
};

pub(super) async fn run(args: &ShowArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let now = UnixMillis::now();
    let shop = args.shop.as_deref().map(delivery::shop).transpose()?;
    let target = target::ledger(&args.source).await?;
    let name = match (args.event.contains('#'), shop) {
        (true, _) => Some(args.event.clone()),
        (false, Some(shop)) => Some(format!("{shop}#{}", args.event)),
        (false, None) => {
            search(args, &target, now, printer).await.map_err(|error| super::unreadable(&error, &target))?
        }
    };
    let mut records = match &name {
        Some(name) => history(&target, name).await.map_err(|error| super::unreadable(&error, &target))?,
        None => Vec::new(),
    };
    // A forced replay is the same event in a later generation.
    records.sort_by(|a, b| a.key.cmp(&b.key));
    let Some(last) = records.last() else { return Err(unknown(args, name.is_some())) };
    if args.body {
        let stack = stack(&args.source).await?;
        let place = Place::of(last, max_receives(&stack, last).await, now);
        return body::print(&stack, last, place, printer).await;
    }
    let mut told = Vec::new();
    for record in &records {
        told.push((record, place(&args.source, record, now).await));
    }
    let views: Vec<EventView> = told.iter().map(|(record, place)| EventView::at(record, *place)).collect();
    let stories = || told.iter().map(|(record, place)| story(record, *place)).collect::<Vec<_>>().join("\n\n");
    printer.item(&views, |_| stories())?;
    Ok(ExitStatus::Done)
}

/// The records of a name, which may have been copied from what was printed.
async fn history(target: &LedgerTarget, name: &str) -> Result<Vec<Record>, ReadError> {
    let records = target.ledger.history(name).await?;
    let unescaped = unescaped(name);
    if records.is_empty() && unescaped != name { target.ledger.history(&unescaped).await } else { Ok(records) }
}

fn unknown(args: &ShowArgs, has_shop: bool) -> anyhow::Error {
    let event = &args.event;
    if has_shop {
        anyhow::anyhow!(
            "the ledger knows no event {event}\nhint: an accepted one appears when a worker takes it up, moments later; \
             `weir events list` shows those that are there"
        )
    } else {
        anyhow::anyhow!(
            "no event {event} was received in the range that was looked through\nhint: name its --shop, which finds it \
             however old it is, or look further back, as --since 7d"
        )
    }
}

/// The name of the event of this webhook id, of whatever shop: looks through half of each day's buckets.
async fn search(
    args: &ShowArgs,
    target: &LedgerTarget,
    now: UnixMillis,
    printer: &Printer,
) -> Result<Option<String>, ReadError> {
    let range = asked::since(args.since, now);
    // It may be anywhere: large pages, for there is no use in the first few of each.
    let mut listing = Listing::by_day(&target.ledger, Bucket::of_webhook_id(&args.event), range, u32::MAX);
    let mut told_at = Instant::now();
    while let Some(entry) = listing.next().await? {
        if entry.key.event.split_once('#').is_some_and(|(_, id)| id == args.event) {
            return Ok(Some(entry.key.event));
        }
        if told_at.elapsed() >= Duration::from_secs(2) {
            told_at = Instant::now();
            printer.note(format!("back to {}: {} items read", entry.received_at, listing.spent().items));
        }
    }
    Ok(None)
}

/// Where its message is; the lane is asked how often it hands out a message only where that matters.
async fn place(source: &LedgerArgs, record: &Record, now: UnixMillis) -> Place {
    let place = Place::of(record, None, now);
    if !matches!((place, &record.state), (Place::DueOrDeadLettered(_), State::Failed(_))) || source.table.is_some() {
        return place;
    }
    // The story is worth telling without it.
    let Ok(stack) = stack(source).await else { return place };
    Place::of(record, max_receives(&stack, record).await, now)
}

async fn stack(source: &LedgerArgs) -> anyhow::Result<Stack> {
    if source.table.is_some() || (source.stack.is_none() && target::env("WEIR_LEDGER_TABLE").is_some()) {
        return Err(
            Usage::new("a table alone does not say where bodies are", "name the stack, with --stack NAME").into()
        );
    }
    let LedgerArgs { stack, region, profile, .. } = source;
    Stack::find(&StackArgs { stack: stack.clone(), region: region.clone(), profile: profile.clone() }).await
}

/// `maxReceiveCount` of the lane that the event came by.
async fn max_receives(stack: &Stack, record: &Record) -> Option<u32> {
    let lanes = stack.lanes().ok()?;
    let lane = lanes.iter().find(|lane| lane.lane == record.lane)?;
    let request = aws_sdk_sqs::Client::new(&stack.config).get_queue_attributes().queue_url(&lane.queue);
    let reply = request.attribute_names(QueueAttributeName::RedrivePolicy).send().await.ok()?;
    let policy: serde_json::Value =
        serde_json::from_str(reply.attributes()?.get(&QueueAttributeName::RedrivePolicy)?).ok()?;
    // SQS gives it as a number, or as text that is one.
    let count = &policy["maxReceiveCount"];
    count.as_u64().or_else(|| count.as_str()?.parse().ok()).and_then(|count| u32::try_from(count).ok())
}
