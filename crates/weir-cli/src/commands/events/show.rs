//! `weir events show`: all that is known of one event.

use weir_core::{
    EventShop, UnixMillis,
    ledger::{Record, State},
};
use weir_ops::{
    Stack,
    events::{EventView, MessageLocation, ReadError, max_receives, of_any_shop, of_shop, recent_range, whole_range},
};

use super::{body, common, story::story};
use crate::{
    cli::{LedgerArgs, ShowArgs, StackArgs},
    exit::ExitStatus,
    printable::unescaped,
    printer::Printer,
    problem::{HintedError, Usage},
    progress::Progress,
    shop_domain,
    target::{self, LedgerTarget},
};

pub(super) async fn run(args: &ShowArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let now = UnixMillis::now();
    let shop = args.shop.as_deref().map(shop_domain::parse).transpose()?.map(|shop| shop.to_string());
    let target = target::ledger(&args.source).await?;
    let found = find(&args.event, shop.as_deref(), args, &target, now, printer).await;
    let mut found = found.map_err(|error| common::unreadable(&error, &target))?;
    let plain = unescaped(&args.event);
    if found.is_empty() && plain != args.event {
        // The name may have been copied from what was printed.
        let again = find(&plain, shop.as_deref(), args, &target, now, printer).await;
        found = again.map_err(|error| common::unreadable(&error, &target))?;
    }
    let mut records = Vec::new();
    for event in &found {
        let history = target.ledger.history(event).await;
        // A forced replay is the same event in a later generation.
        let mut history = history.map_err(|error| common::unreadable(&error, &target))?;
        history.sort_by(|a, b| a.key.cmp(&b.key));
        records.extend(history);
    }
    let has_shop = shop.is_some() || args.event.contains('#');
    let Some(last) = records.last() else { return Err(unknown(args, has_shop)) };
    if args.body {
        if let [_, _, ..] = &found[..] {
            let hint = format!("name one of them: {}", found.join(", "));
            return Err(
                Usage::new(format!("{} events have this event id, each with its body", found.len()), hint).into()
            );
        }
        let stack = stack(&args.source).await?;
        let location = MessageLocation::of(last, max_receives(&stack, last.lane).await, now);
        return body::print(&stack, last, location, printer).await;
    }
    let mut told = Vec::new();
    for record in &records {
        told.push((record, location(&args.source, record, now).await));
    }
    let views: Vec<EventView> = told.iter().map(|(record, location)| EventView::at(record, *location)).collect();
    let stories = || told.iter().map(|(record, location)| story(record, *location)).collect::<Vec<_>>().join("\n\n");
    printer.item(&views, |_| stories())?;
    Ok(ExitStatus::Done)
}

/// The keys of the events that a name means: `SHOP#ID`, or an id of the shop or of any shop.
async fn find(
    name: &str,
    shop: Option<&str>,
    args: &ShowArgs,
    target: &LedgerTarget,
    now: UnixMillis,
    printer: &Printer,
) -> Result<Vec<String>, ReadError> {
    // A message that is no envelope need not have a shop: `unknown#sqs:ID`.
    let (shop, id) = name.split_once('#').map_or((shop, name), |(shop, id)| (Some(shop), id));
    let mut reports = Progress::new(printer);
    let progress = |progress| reports.lookup(progress);
    match shop {
        Some(shop) => {
            let shop = EventShop::from_stored(shop);
            of_shop(&target.ledger, &shop, id, whole_range(now), progress).await
        }
        None => {
            let range = recent_range(args.since.map(|since| since.at(now)), now);
            of_any_shop(&target.ledger, id, range, progress).await
        }
    }
}

fn unknown(args: &ShowArgs, has_shop: bool) -> anyhow::Error {
    let event = &args.event;
    let error = if has_shop {
        HintedError::new(
            format!("the ledger knows no event {event}"),
            "an accepted one appears when a worker takes it up, moments later; `weir events list` shows those that are \
             there",
        )
    } else {
        HintedError::new(
            format!("no event {event} was received in the range that was looked through"),
            "name its --shop, which finds it however old it is, or look further back, as --since 7d",
        )
    };
    error.into()
}

/// Where its message is; the lane is asked how often it hands out a message only where that matters.
async fn location(source: &LedgerArgs, record: &Record, now: UnixMillis) -> MessageLocation {
    let location = MessageLocation::of(record, None, now);
    let is_open = matches!((location, &record.state), (MessageLocation::DueOrDeadLettered(_), State::Failed(_)));
    if !is_open || source.table.is_some() {
        return location;
    }
    // The story is worth telling without it.
    let Ok(stack) = stack(source).await else { return location };
    MessageLocation::of(record, max_receives(&stack, record.lane).await, now)
}

async fn stack(source: &LedgerArgs) -> anyhow::Result<Stack> {
    if source.table.is_some() || (source.stack.is_none() && target::env("WEIR_LEDGER_TABLE").is_some()) {
        return Err(
            Usage::new("a table alone does not say where bodies are", "name the stack, with --stack NAME").into()
        );
    }
    let LedgerArgs { stack, region, profile, .. } = source;
    target::stack(&StackArgs { stack: stack.clone(), region: region.clone(), profile: profile.clone() }).await
}
