//! Which events a changed resource implies, and which of them the fence has seen. Pure.
//!
//! | topic | is implied if | was seen if |
//! |---|---|---|
//! | `orders/create`, `products/create` | the resource was created since `once_from` | the topic ran, at any version |
//! | `orders/cancelled` | the order was cancelled since `once_from` | the same |
//! | `orders/paid` | the order is paid, and was created since `once_from` or paid since then | the same |
//! | `orders/updated`, `products/update` | the resource changed after it was created | the topic ran at this version; or the creation did, whose snapshot it then is |
//! | `inventory_levels/update` | the level changed | the topic ran at this version |
//!
//! An update was seen too if a newer version was let in. A creation is then left for the next run, with that snapshot.
//!
//! # Changes of one second
//!
//! Shopify's `updated_at` has whole seconds, and the Admin API tells no Triggered-At. Where its version is that of the newest
//! state that the fence let in, the contents decide, as far as both are known: if they differ, the last state of that second
//! is missing.
//!
//! # Events that happen once
//!
//! The fence's marks decide whether a creation, a payment or a cancellation was seen, not the walk that lists the
//! resource: a later change moves the resource out of the walk that would have found the event. The bound `once_from`
//! only leaves out what weir can't judge. It is the latest of three moments:
//!
//! | moment | an event before it | why it is left out |
//! |---|---|---|
//! | the app's installation | belongs to no subscription of this installation | nobody asked for it |
//! | the oldest moment that a walk of this cursor looked back to | was never watched for these topics | weir would send a shop's whole past |
//! | now − [`FENCE_MEMORY`](crate::FENCE_MEMORY) | may have been seen and forgotten | an event would run twice |
//!
//! A walk from a moment that an operator names ([`Since::At`](crate::Since)) judges everything since that moment,
//! whatever the three say.
//!
//! The other end of the time line has two cases. Both are decided again later in the walk, or by the next one:
//!
//! | event | what happens |
//! |---|---|
//! | younger than the grace | its delivery may be on its way. The cursor stays before the change |
//! | older, but its resource changed within the grace | it is sent now. Only the update is left |
//!
//! Shopify stamps some events later than the change that shows them: an import has a payment of next week. An event counts
//! from the resource's last change at the latest.

use jiff::Timestamp;
use weir_core::{
    UnixMillis,
    fence::{Mark, Record},
    topics::{Content, Version, happens_once},
};

use crate::change::{Change, Payment};

/// The times between which events are judged, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// The oldest creation, payment or cancellation.
    pub(crate) once_from: UnixMillis,
    /// The newest event. The deliveries of newer ones may be on their way.
    pub(crate) until: UnixMillis,
}

impl Bounds {
    /// Whether the delivery of an event that was triggered then may be on its way.
    pub(crate) fn is_within_grace(&self, at: Timestamp) -> bool {
        at.as_millisecond() > self.until.0
    }
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
pub(crate) enum SeenStatus {
    Seen,
    /// A worker is in there.
    OnItsWay,
    NotSeen,
}

/// Whether a change implies an event of this topic.
pub(crate) fn implied(change: &Change, topic: &str, record: Option<&Record>, once_from: UnixMillis) -> Implied {
    let is_judged = |at: &Timestamp| at.as_millisecond() >= once_from.0;
    let once = |at: Option<Timestamp>| match at.map(|at| at.min(change.updated)).filter(is_judged) {
        Some(at) => Implied::At(at),
        None => Implied::No,
    };
    match topic.rsplit_once('/').map(|(_, what)| what) {
        Some("create") => once(change.created),
        Some("cancelled") => once(change.cancelled),
        Some("paid") => match (change.payment, change.created) {
            (Payment::Open, _) => Implied::No,
            // An order is not paid before it is there, whatever an import says of its payment.
            (Payment::Done, Some(created)) if is_judged(&created) => Implied::At(change.updated),
            (Payment::DoneAt(at), _) => once(Some(at)),
            (Payment::Done, _) => Implied::AskPayment,
        },
        Some("update" | "updated")
            if change.created.is_none_or(|created| change.updated > created)
                || record.is_some_and(|record| lacks(record, change.version(), change.content.as_ref())) =>
        {
            Implied::At(change.updated)
        }
        _ => Implied::No,
    }
}

/// Whether the newest state that the fence let in has this version and another content: a later state of the same second is
/// missing.
pub(crate) fn lacks(record: &Record, version: Version, content: Option<&Content>) -> bool {
    let agrees = record.newest.content.as_ref().zip(content).and_then(|(known, there)| known.agrees_with(there));
    record.newest.version.shares_updated_at(&version) && agrees == Some(false)
}

/// Whether weir saw it: an event of this mark, at this version of the resource, and with this content.
pub(crate) fn seen_status(
    record: Option<&Record>,
    topic: &str,
    mark: &Mark,
    (version, content): (Version, Option<&Content>),
    now: UnixMillis,
) -> SeenStatus {
    let Some(record) = record else { return SeenStatus::NotSeen };
    let ran = record.ran.get(mark);
    let is_seen = match happens_once(topic) {
        true => ran.is_some(),
        false if lacks(record, version, content) => false,
        false => {
            ran.is_some_and(|run| !run.version.is_older_than(&version))
                || record.newest.version.is_newer_than(&version)
                || is_of_the_creation(record, topic, version)
        }
    };
    if is_seen {
        return SeenStatus::Seen;
    }
    match &record.held {
        // It just changed: this snapshot of it would be refused.
        _ if record.newest.version.is_newer_than(&version) => SeenStatus::OnItsWay,
        Some((_, until)) if *until >= now => SeenStatus::OnItsWay,
        _ => SeenStatus::NotSeen,
    }
}

/// Shopify touches an order once more while it is being made: that version came as its creation.
fn is_of_the_creation(record: &Record, topic: &str, version: Version) -> bool {
    let Some((resource, _)) = topic.rsplit_once('/') else { return false };
    let is_creation = |mark: &Mark| {
        let rest = mark.as_str().strip_prefix(resource).and_then(|rest| rest.strip_prefix("/create"));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('@'))
    };
    record.ran.iter().any(|(mark, run)| run.version.shares_updated_at(&version) && is_creation(mark))
}

#[cfg(test)]
mod tests;
