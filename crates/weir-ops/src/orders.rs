//! The projection of orders: which orders there are, and what happened to one.

use std::time::Duration;

use resilience::Clock;
use serde::Serialize;
use shopify_webhook::ShopDomain;
use weir_core::{EventShop, Failure};
use weir_orders::{
    Axes, Record,
    cloud_event::{OrderView, event_id},
    history::HistoryEntry,
    payload::Id,
    status::{FulfilmentStatus, Lifecycle, PaymentStatus, ReturnsStatus},
    store::{DynamoOrders, OrderKey, OrderStore},
};

use crate::{Stack, StackError};

/// The orders of a stack.
#[derive(Debug, Clone)]
pub struct Orders {
    store: DynamoOrders,
}

/// Orders can't be shown.
#[derive(Debug, thiserror::Error)]
pub enum OrdersError {
    /// The stack does not project orders.
    #[error("the stack projects no orders")]
    Off(#[source] StackError),
    /// Nothing is known of the order.
    #[error("order {order} of {shop} is not in the table of orders")]
    Unknown {
        /// The shop.
        shop: String,
        /// Shopify's id of the order.
        order: u64,
    },
    /// The table.
    #[error("the table of orders can't be read")]
    Table(#[source] Failure),
}

/// Which orders are wanted: those that agree with all that is set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OrderFilter {
    /// Where they are in their life.
    pub lifecycle: Option<Lifecycle>,
    /// Where their payment stands.
    pub payment: Option<PaymentStatus>,
    /// How much of them has been fulfilled.
    pub fulfilment: Option<FulfilmentStatus>,
    /// Where their returns stand.
    pub returns: Option<ReturnsStatus>,
}

impl OrderFilter {
    /// Whether an order with these axes is wanted.
    #[must_use]
    pub fn takes(&self, axes: &Axes) -> bool {
        self.lifecycle.as_ref().is_none_or(|wanted| *wanted == axes.lifecycle)
            && self.payment.as_ref().is_none_or(|wanted| *wanted == axes.payment)
            && self.fulfilment.as_ref().is_none_or(|wanted| *wanted == axes.fulfilment)
            && self.returns.as_ref().is_none_or(|wanted| *wanted == axes.returns)
    }
}

/// An order with all that is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderDetail {
    /// The shop.
    pub shop: String,
    /// The order as its events show it.
    #[serde(flatten)]
    pub order: OrderView,
    /// Events that are still to be published, by their ids.
    pub unpublished: Vec<String>,
    /// How many older changes are not known any more.
    pub dropped_changes: u32,
    /// Which delivery changed what, the oldest first.
    pub history: Vec<HistoryEntry>,
}

impl Orders {
    /// The orders of a stack.
    ///
    /// # Errors
    /// If the stack does not project orders.
    pub fn of(stack: &Stack) -> Result<Self, OrdersError> {
        let table = stack.output("OrdersTable").map_err(OrdersError::Off)?;
        // It only reads: how long orders are remembered is of no use here.
        Ok(Self { store: DynamoOrders::new(&stack.config, table.to_owned(), Duration::ZERO, Clock::Wall) })
    }

    /// The newest orders of a shop that are wanted, at most `limit`, the newest first.
    ///
    /// # Errors
    /// If the table can't be read.
    pub async fn list(
        &self,
        shop: &ShopDomain,
        filter: &OrderFilter,
        limit: usize,
    ) -> Result<Vec<OrderView>, OrdersError> {
        let is_wanted = |record: &Record| filter.takes(&record.state.axes());
        let listed = self.store.newest(&event_shop(shop), limit, &is_wanted).await.map_err(OrdersError::Table)?;
        Ok(listed.iter().map(|(key, record)| OrderView::of(key.order, &record.state)).collect())
    }

    /// One order.
    ///
    /// # Errors
    /// If nothing is known of it, or the table can't be read.
    pub async fn show(&self, shop: &ShopDomain, order: u64) -> Result<OrderDetail, OrdersError> {
        let key = OrderKey { shop: event_shop(shop), order: Id(order) };
        let record = self.store.get(&key).await.map_err(OrdersError::Table)?;
        let record = record.ok_or_else(|| OrdersError::Unknown { shop: shop.to_string(), order })?;
        Ok(detail(&key, record))
    }
}

fn event_shop(shop: &ShopDomain) -> EventShop {
    EventShop::from_stored(shop.as_str())
}

fn detail(key: &OrderKey, record: Record) -> OrderDetail {
    OrderDetail {
        shop: key.shop.to_string(),
        order: OrderView::of(key.order, &record.state),
        unpublished: record.outbox.keys().map(|event| event_id(key, *event)).collect(),
        dropped_changes: record.history.dropped,
        history: record.history.changes,
    }
}

#[cfg(test)]
mod tests {
    use weir_orders::OrderState;

    use super::*;

    #[test]
    fn order_is_wanted_if_it_agrees_with_all_that_is_set() {
        let axes = OrderState::default().axes();
        assert!(OrderFilter::default().takes(&axes));
        let unknown = OrderFilter { payment: Some(PaymentStatus::Unknown), ..OrderFilter::default() };
        assert!(unknown.takes(&axes));
        assert!(!OrderFilter { lifecycle: Some(Lifecycle::Open), ..unknown }.takes(&axes));
    }
}
