//! From an outbox to the bus.

use weir_aws::{Bus, Entry};
use weir_core::{Failure, UnixMillis};

use super::group::Group;
use crate::{OrderEvent, Record, cloud_event, store::OrderKey};

/// Publishes events.
pub trait Publish: Send + Sync + 'static {
    /// One result an entry, in order.
    fn publish(&self, entries: Vec<Entry>) -> impl Future<Output = Vec<Result<(), Failure>>> + Send;
}

impl Publish for Bus {
    fn publish(&self, entries: Vec<Entry>) -> impl Future<Output = Vec<Result<(), Failure>>> + Send {
        self.publish(entries)
    }
}

/// What is published of one order.
pub(super) struct Publication {
    pub(super) group: Group,
    pub(super) record: Record,
    pub(super) events: Vec<OrderEvent>,
    /// Those of them that the bus has.
    pub(super) done: Vec<OrderEvent>,
}

impl Publication {
    /// The delivery that called for an event fails with it. The failure of an orphan is nobody's here: the next delivery
    /// of its order tries again.
    pub(super) fn fail(&self, event: OrderEvent, failure: &Failure, results: &mut [Result<(), Failure>]) {
        if let Some(pending) = self.record.outbox.get(&event) {
            self.group.fail_delivery(&pending.delivery, failure, results);
        }
    }
}

/// The events of an outbox that are due, with their entries on the bus.
pub(super) fn entries(
    key: &OrderKey,
    record: &Record,
    handles: impl Fn(&str) -> bool,
    now: UnixMillis,
) -> Result<(Vec<OrderEvent>, Vec<Entry>), Failure> {
    let events: Vec<OrderEvent> = record.due(handles, now).collect();
    let entry = |event: &OrderEvent| {
        let detail = cloud_event::detail(key, record, *event).map_err(Failure::permanent)?;
        Ok(Entry { topic: event.event_type().to_owned(), detail, xray: None })
    };
    let entries = events.iter().map(entry).collect::<Result<_, Failure>>()?;
    Ok((events, entries))
}
