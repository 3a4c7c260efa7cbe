//! The last event once more: by the same commands that a person would give, so that these are learned on the way.

use std::time::Duration;

use clap::Parser;
use tokio::time::{Instant, sleep};
use weir_core::{
    UnixMillis,
    ledger::{Record, State},
};
use weir_ops::{
    Stack,
    events::{MessageLocation, archived_body},
};

use super::Receives;
use crate::{cli::Cli, commands, printer::Printer};

/// A worker settles what was answered, and the local archive writes what is done, within seconds.
const TIMEOUT: Duration = Duration::from_secs(15);
const LOOK_INTERVAL: Duration = Duration::from_millis(200);

/// What sends an event again.
#[derive(Debug, PartialEq, Eq)]
enum How {
    /// It is done: its archived body goes out as a new generation.
    Resend,
    /// It is in its dead-letter queue.
    Replay,
    /// weir tries it by itself.
    Wait,
    /// An operator gave it up.
    Never,
}

fn how(record: &Record, location: MessageLocation) -> How {
    match (&record.state, location) {
        (State::Done | State::Stale, _) => How::Resend,
        (State::Dropped | State::Replaced { .. }, _) => How::Never,
        (_, MessageLocation::DeadLettered(_) | MessageLocation::DueOrDeadLettered(_)) => How::Replay,
        _ => How::Wait,
    }
}

/// Sends it, or says why not. What a command refuses is told, and ends nothing.
pub(super) async fn send(
    event: Option<&str>,
    stack: &Stack,
    receives: &Receives,
    printer: &Printer,
) -> anyhow::Result<()> {
    let Some(event) = event else {
        printer.note("no event was forwarded yet: `cargo weir send orders/create` sends one");
        return Ok(());
    };
    let Some(record) = settled(stack, event).await? else {
        printer.note(format!("the ledger does not know {event} any more"));
        return Ok(());
    };
    match how(&record, receives.location(&record, UnixMillis::now())) {
        How::Resend => {
            wait_for_archive(stack, &record).await?;
            run(&["events", "resend", event, "--yes"], Instant::now(), printer).await;
        }
        // The ledger has the failure before SQS has moved the message. What finds none changes nothing.
        How::Replay => run(&["dlq", "replay", "--event", event, "--yes"], Instant::now() + TIMEOUT, printer).await,
        How::Wait => printer.note(format!("{event} is not done yet: weir tries it again by itself")),
        How::Never => printer.note(format!("{event} was given up by an operator: send another one")),
    }
    Ok(())
}

/// Its last generation, once the worker that posted it has written down what came of it.
async fn settled(stack: &Stack, event: &str) -> anyhow::Result<Option<Record>> {
    let (ledger, end) = (stack.ledger()?, Instant::now() + TIMEOUT);
    loop {
        let last = ledger.history(event).await?.into_iter().max_by_key(|record| record.key.generation);
        let is_held = last.as_ref().is_some_and(|record| matches!(record.state, State::Leased { .. }));
        if !is_held || Instant::now() >= end {
            return Ok(last);
        }
        sleep(LOOK_INTERVAL).await;
    }
}

/// If it never comes there, the command says so.
async fn wait_for_archive(stack: &Stack, record: &Record) -> anyhow::Result<()> {
    let end = Instant::now() + TIMEOUT;
    while archived_body(stack, record).await?.is_none() && Instant::now() < end {
        sleep(LOOK_INTERVAL).await;
    }
    Ok(())
}

/// Runs a command; one that fails again and again until the time is up.
async fn run(words: &[&str], end: Instant, printer: &Printer) {
    printer.step(format!("weir {}", words.join(" ")));
    loop {
        let parsed = Cli::try_parse_from(std::iter::once(&"weir").chain(words)).map_err(anyhow::Error::from);
        let ended = match parsed {
            // In a box: this command is one of those that it can run.
            Ok(cli) => Box::pin(commands::run(cli.command, printer)).await.map(drop),
            Err(error) => Err(error),
        };
        match ended {
            Err(error) if Instant::now() >= end => return printer.error(&error),
            Err(_) => sleep(LOOK_INTERVAL).await,
            Ok(()) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use weir_core::{Failure, ledger::Key};

    use super::*;

    #[test]
    fn way_of_sending_again_follows_from_the_state() {
        let now = UnixMillis(1_795_755_600_000);
        let of = |state| {
            let key = Key { event: "north.myshopify.com#1".to_owned(), generation: 0 };
            let record = Record::new(key, state, now);
            how(&record, MessageLocation::of(&record, None, now))
        };
        assert_eq!(of(State::Done), How::Resend);
        assert_eq!(of(State::Failed(Failure::permanent("HTTP 400"))), How::Replay);
        assert_eq!(of(State::Parked { until: now + Duration::from_secs(5) }), How::Wait);
        assert_eq!(of(State::Leased { until: now + Duration::from_secs(5) }), How::Wait);
        assert_eq!(of(State::Dropped), How::Never);
    }
}
