//! What a changed resource implies, and what of it the fence has seen. Pure.
//!
//! | topic | was triggered, if | was seen, if |
//! |---|---|---|
//! | `orders/create`, `products/create` | it was created within the window | the topic ran, at any version |
//! | `orders/cancelled` | it was cancelled within the window | the same |
//! | `orders/paid` | it is paid, and the last payment lies within the window | the same |
//! | `orders/updated`, `products/update` | it changed after it was created | the topic ran at this version; or the creation did, whose snapshot it then is |
//! | `inventory_levels/update` | it changed | the topic ran at this version |
//!
//! An update was seen too if a newer version was let in; a creation is then left for the next run, with that snapshot.

use jiff::Timestamp;
use weir_core::{
    UnixMillis,
    fence::{Mark, Record},
    topics::{Version, happens_once},
};

use crate::change::{Change, Payment};

/// The changes that are looked at: those of which the last lies within it, its ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) from: UnixMillis,
    pub(crate) until: UnixMillis,
}

/// Whether Shopify triggered a topic's event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Implied {
    No,
    /// At that time.
    At(Timestamp),
    /// It depends on when the order was paid.
    AskPayment,
}

/// What the fence says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Seen,
    /// A worker is in there.
    OnItsWay,
    NotSeen,
}

/// Whether a change implies an event of this topic.
pub(crate) fn implied(change: &Change, topic: &str, window: Window) -> Implied {
    let from = |at: Timestamp| at.as_millisecond() >= window.from.0;
    let within = |at: Option<Timestamp>| match at {
        Some(at) if from(at) && at.as_millisecond() <= window.until.0 => Implied::At(at),
        _ => Implied::No,
    };
    match topic.rsplit_once('/').map(|(_, what)| what) {
        Some("create") => within(change.created),
        Some("cancelled") => within(change.cancelled),
        Some("paid") => match (change.payment, change.created) {
            (Payment::Open, _) => Implied::No,
            (Payment::DoneAt(at), _) => within(Some(at)),
            // Not paid before it was there.
            (Payment::Done, Some(created)) if from(created) => Implied::At(change.updated),
            (Payment::Done, _) => Implied::AskPayment,
        },
        Some("update" | "updated") if change.created.is_none_or(|created| change.updated > created) => {
            Implied::At(change.updated)
        }
        _ => Implied::No,
    }
}

/// Whether weir saw it: an event of this mark, at this version of the resource.
pub(crate) fn standing(
    record: Option<&Record>,
    topic: &str,
    mark: &Mark,
    version: Version,
    now: UnixMillis,
) -> Standing {
    let Some(record) = record else { return Standing::NotSeen };
    let ran = record.ran.get(mark);
    let is_seen = match happens_once(topic) {
        true => ran.is_some(),
        false => {
            ran.is_some_and(|run| run.version >= version)
                || record.version > version
                || is_of_the_creation(record, topic, version)
        }
    };
    if is_seen {
        return Standing::Seen;
    }
    match &record.held {
        // It just changed: this snapshot of it would be refused.
        _ if record.version > version => Standing::OnItsWay,
        Some((_, until)) if *until >= now => Standing::OnItsWay,
        _ => Standing::NotSeen,
    }
}

/// Shopify touches an order once more while it is being made: that version came as its creation.
fn is_of_the_creation(record: &Record, topic: &str, version: Version) -> bool {
    let Some((resource, _)) = topic.rsplit_once('/') else { return false };
    let is_creation = |mark: &Mark| {
        let rest = mark.as_str().strip_prefix(resource).and_then(|rest| rest.strip_prefix("/create"));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('@'))
    };
    record.ran.iter().any(|(mark, run)| run.version == version && is_creation(mark))
}

#[cfg(test)]
mod tests;
