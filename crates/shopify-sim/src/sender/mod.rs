//! The webhook sender: what happened, to whom it is told, and how long it is tried.

mod body;
mod deliver;

use std::{fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, StatusCode};
use shopify_webhook::ShopDomain;

use crate::UnixMillis;

pub(crate) use body::{level_body, order_body, product_body};
pub(crate) use deliver::{announce, test_notification};

/// Something that webhooks tell of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ShopEvent {
    OrderCreated(u64),
    OrderPaid(u64),
    OrderCancelled(u64),
    OrderUpdated(u64),
    ProductCreated(u64),
    ProductUpdated(u64),
    ProductDeleted(u64),
    /// Item and location.
    InventoryChanged(u64, u64),
    BulkFinished(u64),
    Uninstalled,
    /// A request of one of the three compliance topics, with or without the header that names the shop.
    Compliance {
        topic: &'static str,
        nameless: bool,
    },
}

impl ShopEvent {
    pub(crate) fn topic(&self) -> &'static str {
        match self {
            Self::OrderCreated(_) => "orders/create",
            Self::OrderPaid(_) => "orders/paid",
            Self::OrderCancelled(_) => "orders/cancelled",
            Self::OrderUpdated(_) => "orders/updated",
            Self::ProductCreated(_) => "products/create",
            Self::ProductUpdated(_) => "products/update",
            Self::ProductDeleted(_) => "products/delete",
            Self::InventoryChanged(..) => "inventory_levels/update",
            Self::BulkFinished(_) => "bulk_operations/finish",
            Self::Uninstalled => "app/uninstalled",
            Self::Compliance { topic, .. } => topic,
        }
    }
}

/// Where deliveries go in place of a socket: the request as it would be sent, its URI the subscription's.
pub trait Receiver: Send + Sync {
    /// The status that the receiver answers with, or what went wrong.
    fn receive(&self, delivery: Request<Bytes>) -> Pin<Box<dyn Future<Output = Result<StatusCode, String>> + Send>>;
}

/// An in-process receiver, or sockets.
#[derive(Clone, Default)]
pub enum Outlet {
    /// Over HTTP, to the subscription's address.
    #[default]
    Http,
    /// To a receiver in this process: for tests on paused time.
    Here(Arc<dyn Receiver>),
}

impl fmt::Debug for Outlet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "Http",
            Self::Here(_) => "Here",
        })
    }
}

/// What goes wrong on the way, each by its likelihood, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DeliveryFaults {
    /// Sent twice, with one webhook id.
    pub duplicate: f64,
    /// Sent twice, under two webhook ids that share the event id: Shopify's own kind of duplicate.
    pub second_id: f64,
    /// Overtaken by what comes after it.
    pub reorder: f64,
    /// Late by `late_by`.
    pub late: f64,
    /// How late.
    pub late_by: Duration,
    /// Never sent.
    pub lost: f64,
}

impl Default for DeliveryFaults {
    fn default() -> Self {
        Self { duplicate: 0.0, second_id: 0.0, reorder: 0.0, late: 0.0, late_by: Duration::from_secs(3_600), lost: 0.0 }
    }
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// 2xx.
    Delivered(u16),
    /// Another status.
    Refused(u16),
    /// No answer: why.
    Failed(String),
    /// Not sent at all: a fault that was asked for.
    Lost,
}

/// One attempt of a delivery.
#[derive(Debug, Clone)]
pub struct DeliveryRecord {
    /// When it ended.
    pub at: UnixMillis,
    /// Whose event it is.
    pub shop: ShopDomain,
    /// `orders/create`
    pub topic: String,
    /// Where it went.
    pub uri: String,
    /// The same on each attempt.
    pub webhook_id: String,
    /// Shared by what one action caused.
    pub event_id: String,
    /// From 1 to 9.
    pub attempt: u32,
    /// How it ended.
    pub outcome: Attempt,
}
