//! The events of an order: which of them a state calls for.
//!
//! [`OrderState::events`] is monotone: a state that knows more calls for the same events and maybe others. So whatever the
//! order of arrival, the same deliveries lead to the same events, and each of them is called for at one moment only.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::{
    payload::Id,
    state::{Milestone, OrderState},
};

/// When an order counts as confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ConfirmedWhen {
    /// It was placed.
    Created,
    /// Its whole amount was authorized or paid.
    #[default]
    Authorized,
    /// Its whole amount was paid.
    Paid,
}

/// The text names no such moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected created, authorized or paid")]
pub struct NoSuchMoment;

impl FromStr for ConfirmedWhen {
    type Err = NoSuchMoment;

    fn from_str(text: &str) -> Result<Self, NoSuchMoment> {
        match text {
            "created" => Ok(Self::Created),
            "authorized" => Ok(Self::Authorized),
            "paid" => Ok(Self::Paid),
            _ => Err(NoSuchMoment),
        }
    }
}

/// An event with its cause. No order has the same one twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OrderEvent {
    /// The order counts as confirmed.
    Confirmed,
    /// Its whole amount was paid.
    Paid,
    /// A fulfillment sent a part of it.
    PartiallyFulfilled(Option<Id>),
    /// A fulfillment sent the rest of it.
    Fulfilled(Option<Id>),
    /// It was cancelled.
    Cancelled,
    /// A refund was made.
    Refunded(Id),
    /// An edit was committed.
    Edited(Id),
    /// A return was closed.
    Returned(Id),
    /// A refund that belongs to no return brought items back.
    BroughtBack(Id),
}

impl OrderEvent {
    /// The type of the CloudEvent, and the `detail-type` on the bus.
    pub fn event_type(self) -> &'static str {
        match self {
            Self::Confirmed => "order.confirmed",
            Self::Paid => "order.paid",
            Self::PartiallyFulfilled(_) => "order.partially_fulfilled",
            Self::Fulfilled(_) => "order.fulfilled",
            Self::Cancelled => "order.cancelled",
            Self::Refunded(_) => "order.refunded",
            Self::Edited(_) => "order.edited",
            Self::Returned(_) | Self::BroughtBack(_) => "order.returned",
        }
    }
}

impl OrderState {
    /// All events that the order has called for so far.
    pub fn events(&self, confirmed: ConfirmedWhen) -> BTreeSet<OrderEvent> {
        let confirmed = match confirmed {
            ConfirmedWhen::Created => Milestone::Created,
            ConfirmedWhen::Authorized => Milestone::Authorized,
            ConfirmedWhen::Paid => Milestone::Paid,
        };
        let mut events = BTreeSet::new();
        for milestone in self.milestones.keys() {
            if *milestone == confirmed {
                events.insert(OrderEvent::Confirmed);
            }
            events.extend(match *milestone {
                Milestone::Created | Milestone::Authorized => None,
                Milestone::Paid => Some(OrderEvent::Paid),
                Milestone::PartiallyFulfilled(by) => Some(OrderEvent::PartiallyFulfilled(by)),
                Milestone::Fulfilled(by) => Some(OrderEvent::Fulfilled(by)),
                Milestone::Cancelled => Some(OrderEvent::Cancelled),
            });
        }
        for (id, refund) in &self.refunds {
            events.extend(refund.content.as_ref().map(|_| OrderEvent::Refunded(*id)));
            events.extend(refund.brings_back.then_some(OrderEvent::BroughtBack(*id)));
        }
        events.extend(self.edits.keys().map(|id| OrderEvent::Edited(*id)));
        let closed = self.returns.iter().filter(|(_, one)| one.closed);
        events.extend(closed.map(|(id, _)| OrderEvent::Returned(*id)));
        events
    }
}

impl fmt::Display for OrderEvent {
    /// The event and its cause, as the end of the event's id: `refunded/890088186047892319`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Confirmed => f.write_str("confirmed"),
            Self::Paid => f.write_str("paid"),
            Self::PartiallyFulfilled(None) => f.write_str("partially_fulfilled"),
            Self::PartiallyFulfilled(Some(id)) => write!(f, "partially_fulfilled/{id}"),
            Self::Fulfilled(None) => f.write_str("fulfilled"),
            Self::Fulfilled(Some(id)) => write!(f, "fulfilled/{id}"),
            Self::Cancelled => f.write_str("cancelled"),
            Self::Refunded(id) => write!(f, "refunded/{id}"),
            Self::Edited(id) => write!(f, "edited/{id}"),
            Self::Returned(id) => write!(f, "returned/{id}"),
            Self::BroughtBack(id) => write!(f, "returned/refund/{id}"),
        }
    }
}

/// The text names no event of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an event of an order")]
pub struct NotAnEvent;

impl FromStr for OrderEvent {
    type Err = NotAnEvent;

    fn from_str(text: &str) -> Result<Self, NotAnEvent> {
        let id = |id: &str| id.parse::<u64>().map(Id).map_err(|_| NotAnEvent);
        match text.split_once('/') {
            None => match text {
                "confirmed" => Ok(Self::Confirmed),
                "paid" => Ok(Self::Paid),
                "partially_fulfilled" => Ok(Self::PartiallyFulfilled(None)),
                "fulfilled" => Ok(Self::Fulfilled(None)),
                "cancelled" => Ok(Self::Cancelled),
                _ => Err(NotAnEvent),
            },
            Some(("partially_fulfilled", cause)) => Ok(Self::PartiallyFulfilled(Some(id(cause)?))),
            Some(("fulfilled", cause)) => Ok(Self::Fulfilled(Some(id(cause)?))),
            Some(("refunded", cause)) => id(cause).map(Self::Refunded),
            Some(("edited", cause)) => id(cause).map(Self::Edited),
            Some(("returned", cause)) => match cause.strip_prefix("refund/") {
                Some(refund) => id(refund).map(Self::BroughtBack),
                None => id(cause).map(Self::Returned),
            },
            Some(_) => Err(NotAnEvent),
        }
    }
}

impl Serialize for OrderEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for OrderEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_is_read_again_from_its_text() {
        let id = Id(890_088_186_047_892_319);
        for event in [
            OrderEvent::Confirmed,
            OrderEvent::Paid,
            OrderEvent::PartiallyFulfilled(None),
            OrderEvent::PartiallyFulfilled(Some(id)),
            OrderEvent::Fulfilled(None),
            OrderEvent::Fulfilled(Some(id)),
            OrderEvent::Cancelled,
            OrderEvent::Refunded(id),
            OrderEvent::Edited(id),
            OrderEvent::Returned(id),
            OrderEvent::BroughtBack(id),
        ] {
            assert_eq!(event.to_string().parse(), Ok(event));
        }
        for text in ["", "paid/1", "refunded", "refunded/x", "returned/refund/", "edited/-1"] {
            assert_eq!(text.parse::<OrderEvent>(), Err(NotAnEvent), "{text}");
        }
    }
}
