//! A shop: its plan, its status, what the app keeps there, and its data.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use bytes::Bytes;
use secrecy::SecretString;
use serde_json::Value;
use shopify_webhook::ShopDomain;

use super::catalog::{Catalog, Order};
use crate::{Plan, UnixMillis, plan::Bucket, tokens::Tokens};

/// Whether the shop may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ShopStatus {
    Open,
    /// 402.
    Frozen,
    /// 423.
    Locked,
    /// Its tokens are void.
    Uninstalled,
}

#[derive(Debug, Clone)]
pub(crate) struct Subscription {
    pub(crate) topic: String,
    pub(crate) uri: String,
    pub(crate) format: String,
    pub(crate) filter: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) include_fields: Vec<String>,
    pub(crate) metafield_namespaces: Vec<String>,
    /// As the input has them: objects of `namespace` and `key`.
    pub(crate) metafields: Vec<serde_json::Value>,
    pub(crate) created: UnixMillis,
    pub(crate) updated: UnixMillis,
    /// Failed deliveries in a row.
    pub(crate) failures: u32,
}

/// A subscription that the API does not list, and that is never removed.
#[derive(Debug, Clone)]
pub(crate) struct Declared {
    /// `orders/create`
    pub(crate) topic: String,
    pub(crate) uri: String,
    pub(crate) by: DeclaredBy,
}

/// Who made a subscription that is not listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeclaredBy {
    /// The app, in its configuration: signed with the app's secret.
    App,
    /// The merchant, in the admin: signed with the shop's own key.
    Merchant,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BulkKind {
    Query { text: String, grouped: bool },
    Mutation { text: String, upload: String },
}

#[derive(Debug, Clone)]
pub(crate) struct BulkJob {
    pub(crate) kind: BulkKind,
    pub(crate) app: String,
    pub(crate) status: &'static str,
    pub(crate) error: Option<&'static str>,
    pub(crate) created: UnixMillis,
    pub(crate) completed: Option<UnixMillis>,
    pub(crate) objects: u64,
    pub(crate) roots: u64,
    pub(crate) result: Option<Bytes>,
    pub(crate) partial: bool,
}

/// How long the result of a bulk operation can be fetched.
const BULK_RESULT_LIFETIME: Duration = Duration::from_secs(7 * 86_400);

impl BulkJob {
    /// When the result can't be fetched any more.
    pub(crate) fn result_expires(&self) -> UnixMillis {
        self.completed.unwrap_or(self.created).plus(BULK_RESULT_LIFETIME)
    }

    pub(crate) fn running(&self) -> bool {
        matches!(self.status, "CREATED" | "RUNNING" | "CANCELING")
    }

    pub(crate) fn is_query(&self) -> bool {
        matches!(self.kind, BulkKind::Query { .. })
    }
}

/// What an idempotency key was used for.
#[derive(Debug, Clone)]
pub(crate) struct Idempotent {
    pub(crate) mutation: String,
    pub(crate) input: Value,
    pub(crate) result: Value,
    /// Until then another request with the same key is told that it runs.
    pub(crate) busy_until: UnixMillis,
    pub(crate) expires: UnixMillis,
}

impl Idempotent {
    /// Whether the request was refused.
    pub(crate) fn refused(&self) -> bool {
        self.result["userErrors"].as_array().is_some_and(|errors| !errors.is_empty())
    }
}

#[derive(Debug)]
pub(crate) struct Shop {
    pub(crate) domain: ShopDomain,
    pub(crate) id: u64,
    pub(crate) plan: Plan,
    pub(crate) status: ShopStatus,
    pub(crate) scopes: BTreeSet<String>,
    pub(crate) tokens: Tokens,
    /// Signs test notifications, and the webhooks that the merchant made in the admin.
    pub(crate) signing_key: SecretString,
    /// When the last event was triggered, in nanoseconds: no two at once.
    pub(crate) last_triggered: i64,
    pub(crate) bucket: Bucket,
    pub(crate) rest: Bucket,
    pub(crate) catalog: Catalog,
    pub(crate) subscriptions: BTreeMap<u64, Subscription>,
    pub(crate) declared: Vec<Declared>,
    pub(crate) bulks: BTreeMap<u64, BulkJob>,
    pub(crate) uploads: HashMap<String, Bytes>,
    pub(crate) idempotent: HashMap<String, Idempotent>,
    pub(crate) created: UnixMillis,
    pub(crate) next: u64,
    pub(crate) next_order: u32,
    pub(crate) rng: fastrand::Rng,
}

impl Shop {
    /// A new id: above 2^53, so that a reader that passes it through a float is found out.
    pub(crate) fn new_id(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// When an event is triggered that happens now, as `X-Shopify-Triggered-At` has it: with nanoseconds, which
    /// `odd` makes up, and later than every one before it.
    pub(crate) fn triggered(&mut self, now: UnixMillis, odd: u32) -> String {
        let nanoseconds = now.0.saturating_mul(1_000_000).saturating_add(i64::from(odd % 1_000_000));
        self.last_triggered = nanoseconds.max(self.last_triggered.saturating_add(1));
        let moment =
            jiff::Timestamp::from_nanosecond(self.last_triggered.into()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        moment.strftime("%Y-%m-%dT%H:%M:%S.%9fZ").to_string()
    }

    /// Places an order of one to three lines now, of what is on the shelves, and takes it off them.
    /// `None` if the shop sells nothing. Also the inventory items and locations that changed.
    pub(crate) fn place_order(&mut self, now: UnixMillis) -> Option<(u64, Vec<(u64, u64)>)> {
        let (first, last) = (*self.catalog.variants.keys().next()?, *self.catalog.variants.keys().next_back()?);
        let mut lines = Vec::new();
        let mut changed = Vec::new();
        for _ in 0..self.rng.u32(1..=3) {
            let from = self.rng.u64(first..=last);
            let (id, variant) = self.catalog.variants.range(from..).next()?;
            let (id, variant) = (*id, variant.clone());
            let title = self.catalog.products.get(&variant.product).map(|product| product.title.clone());
            let quantity = self.rng.u32(1..=3);
            let line = self.new_id();
            let place = self.catalog.levels_of(variant.item).map(|(location, _)| location).next();
            if let Some(level) = place.and_then(|place| self.catalog.levels.get_mut(&(variant.item, place))) {
                level.available -= i64::from(quantity);
                level.committed += i64::from(quantity);
                level.updated = now;
                changed.push((variant.item, place.unwrap_or_default()));
            }
            lines.push(LineItem {
                id: line,
                variant: id,
                product: variant.product,
                title: title.unwrap_or_default(),
                sku: variant.sku,
                quantity,
                price: variant.price,
            });
        }
        let customers: Vec<u64> = self.catalog.customers.keys().copied().collect();
        let customer = self.rng.choice(customers);
        let email = customer.and_then(|id| self.catalog.customers.get(&id)).map(|customer| customer.email.clone());
        let id = self.new_id();
        self.next_order += 1;
        let order = Order {
            number: self.next_order,
            email: email.unwrap_or_else(|| "guest@example.com".to_owned()),
            customer,
            paid: None,
            cancelled: None,
            note: None,
            tags: Vec::new(),
            lines,
            created: now,
            updated: now,
        };
        self.catalog.orders.insert(id, order);
        Some((id, changed))
    }
}

use super::catalog::LineItem;
