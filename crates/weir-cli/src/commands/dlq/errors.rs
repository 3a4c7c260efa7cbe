//! Errors in words, with what to do.

use weir_ops::{
    Stack,
    dead_letters::{DeadLetterError, EventName, EventNameError, MessageBodyError, MissingMessage, ReplaceError},
};

use crate::{
    hints::{self, hint_for},
    problem::{HintedError, Usage},
    shop_domain,
};

/// The error, with what to do.
pub(super) fn explained(error: DeadLetterError, stack: &Stack) -> anyhow::Error {
    let hint = match &error {
        DeadLetterError::TakenOver => "`weir dlq history` tells who".to_owned(),
        DeadLetterError::Export { .. } => {
            "nothing is deleted that could not be kept: name another file with --keep".to_owned()
        }
        _ => hint_for(&error.to_string(), hints::of(stack)),
    };
    hints::with(&hint, error)
}

/// The same for a body that can't be read.
pub(super) fn unreadable(error: MessageBodyError, stack: &Stack) -> anyhow::Error {
    match error {
        // It has its own hint.
        MessageBodyError::Stack(error) => error.into(),
        MessageBodyError::Bucket(error) => hints::failed(stack, error),
        MessageBodyError::Damaged(problem) => {
            let hint = "`weir dlq replay --event ID --file FIXED` gives the event another body";
            HintedError::new(problem.to_string(), hint).into()
        }
    }
}

/// The same for a body that can't be replaced.
pub(super) fn not_replaced(error: ReplaceError, stack: &Stack) -> anyhow::Error {
    let hint = match error {
        ReplaceError::DeadLetter(error) => return explained(error, stack),
        // It has its own hint.
        ReplaceError::Stack(error) => return error.into(),
        ReplaceError::Bucket(error) => return hints::failed(stack, error),
        ReplaceError::Missing { event, why } => {
            let (why, hint) = missing(&why);
            return HintedError::new(format!("{event} is not dead-lettered, and {why}"), hint).into();
        }
        ReplaceError::NoGeneration => "weir did not write its message: look at it, and drop it",
        ReplaceError::NotTaken => "repeat the command: nothing is lost",
    };
    hints::with(hint, error)
}

fn missing(why: &MissingMessage) -> (&'static str, String) {
    match why {
        MissingMessage::NoShop => ("without its shop the ledger does not find it", "name it as SHOP#ID".to_owned()),
        MissingMessage::Ambiguous(events) => {
            ("that id is one of several events", format!("name one of them: {}", events.join(", ")))
        }
        MissingMessage::Unknown => ("the ledger does not know it", "`weir events list` shows what it knows".to_owned()),
        MissingMessage::NoTopic => {
            ("the ledger knows no topic of it", "it was no envelope: nothing says what it was".to_owned())
        }
    }
}

/// An event, as it was named on the command line.
pub(crate) fn event_name(text: &str) -> Result<EventName, Usage> {
    text.parse().map_err(|error| match error {
        EventNameError::ShortShop(shop) => shop_domain::not_a_shop(&shop),
        EventNameError::NoId(_) => Usage::new(
            error.to_string(),
            "it looks like north.myshopify.com#b54557e4-bdd9-4b37-8a5f-bf7d70bcd043, as `weir dlq list` prints it",
        ),
    })
}
