//! An order as it is stored: its state, the events that are still to be published, and what changed it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use weir_core::{UnixMillis, envelope::Meta};

use crate::{
    event::{ConfirmedWhen, OrderEvent},
    history::{Change, History},
    join::Join,
    projection::LineView,
    state::OrderState,
};

/// An event of the outbox whose delivery did not come back for so long is published by whoever sees it next: longer than
/// the queue hides a message.
pub const ORPHANED_AFTER: std::time::Duration = std::time::Duration::from_secs(15 * 60);

/// An event that is still to be published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// The webhook id of the delivery that called for it. That delivery is not done before the event is published.
    pub delivery: String,
    /// When it was called for.
    pub since: UnixMillis,
}

/// An order as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record {
    /// How often it was written. What is not stored yet has version 0.
    pub version: u64,
    /// All that is known of the order.
    pub state: OrderState,
    /// The outbox.
    pub outbox: BTreeMap<OrderEvent, Pending>,
    /// Which delivery changed what.
    pub history: History,
}

impl Record {
    /// Takes in what a delivery says. Returns whether anything is to be written.
    ///
    /// The state is a join, so a repeated delivery changes nothing. An event is called for at the one moment at which the
    /// state first calls for it: it goes into the outbox in the same write.
    pub fn take(&mut self, meta: &Meta, said: OrderState, confirmed: ConfirmedWhen, now: UnixMillis) -> bool {
        let mut state = self.state.clone();
        state.join(said);
        if state == self.state {
            return false;
        }
        let before = self.state.events(confirmed);
        let delivery = meta.webhook_id.as_str();
        for event in state.events(confirmed).difference(&before) {
            self.outbox.insert(*event, Pending { delivery: delivery.to_owned(), since: now });
        }
        let change = Change::between(&self.state, &state);
        if !change.is_empty() {
            self.history.note(delivery, meta.topic.as_str(), meta.received_at, change);
        }
        self.state = state;
        true
    }

    /// The events that whoever handles these deliveries has to publish.
    pub fn due<'a>(
        &'a self,
        handles: impl Fn(&str) -> bool + 'a,
        now: UnixMillis,
    ) -> impl Iterator<Item = OrderEvent> + 'a {
        let is_orphan = move |pending: &Pending| now.since(pending.since) >= ORPHANED_AFTER;
        let due = self.outbox.iter().filter(move |(_, pending)| handles(&pending.delivery) || is_orphan(pending));
        due.map(|(event, _)| *event)
    }

    /// The lines.
    pub fn lines(&self) -> Vec<LineView> {
        self.state.line_views()
    }
}
