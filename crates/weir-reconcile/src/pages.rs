//! Pages of what changed, by the Admin API.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Serialize;
use shopify_client::{
    Call, Client, Error, Reply,
    operations::{
        InventoryLevelChangesPage, LocationIdsPage, OrderChangesPage, OrderPayments, ProductChangesPage,
        inventory_level_changes_page as levels, location_ids_page as locations,
        order_changes_page::{self as orders, OrderDisplayFinancialStatus},
        order_payments::{self as payments, OrderPaymentsNodes, OrderTransactionKind, OrderTransactionStatus},
        product_changes_page as products,
    },
};
use shopify_webhook::ShopDomain;
use weir_core::{UnixMillis, topics::Content};

use crate::{
    Kind,
    change::{Change, Payment, item_of_level, number},
    cursor::Walk,
};

/// Resources a page: as many as DynamoDB is asked for at once. About ten points.
pub(crate) const PAGE: u16 = 100;

/// Orders at once whose payments are read: 21 points each, of the 1,000 of a query.
const PAYMENTS: usize = 40;

/// What a page brought.
pub(crate) struct Page {
    pub(crate) changes: Vec<Change>,
    /// Where the next one begins, if there is one.
    pub(crate) next: Option<String>,
    pub(crate) points: u64,
}

/// What is asked for, of all that a walk reads.
pub(crate) struct Range<'a> {
    pub(crate) walk: &'a Walk,
    /// Nothing that changed later is listed. Without it, a resource that changes while the walk goes on is listed in its new
    /// place, instead of nowhere.
    pub(crate) until: Option<UnixMillis>,
    /// Resources a page.
    pub(crate) size: u16,
}

impl Range<'_> {
    fn query(&self) -> String {
        let from = format!("updated_at:>='{}'", second(self.walk.from.0));
        match self.until {
            Some(until) => format!("{from} AND updated_at:<='{}'", second(until.0)),
            None => from,
        }
    }
}

/// Reads the page at which a walk stands.
pub(crate) async fn read(
    client: &Client,
    shop: &ShopDomain,
    kind: Kind,
    range: &Range<'_>,
    call: &Call,
) -> Result<Page, Error> {
    let walk = range.walk;
    let (first, after, query) = (i64::from(range.size), walk.page.clone(), Some(range.query()));
    match kind {
        Kind::Orders => {
            let reply = client.run::<OrderChangesPage>(shop, orders::Variables { first, after, query }, call).await?;
            let (points, page) = (points(&reply), reply.data.orders);
            let changes = page.nodes.into_iter().filter_map(order).collect();
            Ok(Page { changes, next: page.page_info.end_cursor.filter(|_| page.page_info.has_next_page), points })
        }
        Kind::Products => {
            let variables = products::Variables { first, after, query };
            let reply = client.run::<ProductChangesPage>(shop, variables, call).await?;
            let (points, page) = (points(&reply), reply.data.products);
            let change = |node: products::ProductChangesPageProductsNodes| {
                let id = number(&node.id)?.to_owned();
                let content = Content::of_product(Some(&node.title), name_of(&node.status).as_deref());
                let change = Change::new(kind, id, Some(node.created_at), node.updated_at);
                Some(Change { content: Some(content), ..change })
            };
            let changes = page.nodes.into_iter().filter_map(change).collect();
            Ok(Page { changes, next: page.page_info.end_cursor.filter(|_| page.page_info.has_next_page), points })
        }
        Kind::Inventory => {
            let place = walk.place.clone().unwrap_or_default();
            let location = format!("gid://shopify/Location/{place}");
            let variables = levels::Variables { location, first, after, query };
            let reply = client.run::<InventoryLevelChangesPage>(shop, variables, call).await?;
            let points = points(&reply);
            // The location may be gone by now.
            let Some(page) = reply.data.location.map(|location| location.inventory_levels) else {
                return Ok(Page { changes: Vec::new(), next: None, points });
            };
            let change = |node: levels::InventoryLevelChangesPageLocationInventoryLevelsNodes| {
                let id = format!("{}:{place}", item_of_level(&node.id)?);
                let available = node.quantities.first().map(|one| one.quantity);
                let change = Change::new(kind, id, None, node.updated_at);
                Some(Change { content: Some(Content::of_level(available)), ..change })
            };
            let changes = page.nodes.into_iter().filter_map(change).collect();
            Ok(Page { changes, next: page.page_info.end_cursor.filter(|_| page.page_info.has_next_page), points })
        }
    }
}

fn order(node: orders::OrderChangesPageOrdersNodes) -> Option<Change> {
    let status = node.display_financial_status.as_ref().and_then(name_of);
    let content = Content::of_order(status.as_deref(), Some(node.cancelled_at.is_some()));
    let payment = match node.display_financial_status {
        // What was refunded was paid before.
        Some(
            OrderDisplayFinancialStatus::Paid
            | OrderDisplayFinancialStatus::PartiallyRefunded
            | OrderDisplayFinancialStatus::Refunded,
        ) => Payment::Done,
        _ => Payment::Open,
    };
    let change = Change::new(Kind::Orders, number(&node.id)?.to_owned(), Some(node.created_at), node.updated_at);
    Some(Change { cancelled: node.cancelled_at, payment, content: Some(content), ..change })
}

/// The shop's locations, each as its number, and the points that it took.
pub(crate) async fn places(client: &Client, shop: &ShopDomain, call: &Call) -> Result<(Vec<String>, u64), Error> {
    let (mut found, mut spent, mut after) = (Vec::new(), 0, None);
    loop {
        let variables = locations::Variables { first: PAGE.into(), after };
        let reply = client.run::<LocationIdsPage>(shop, variables, call).await?;
        spent += points(&reply);
        let page = reply.data.locations;
        found.extend(page.nodes.iter().filter_map(|node| Some(number(&node.id)?.to_owned())));
        match page.page_info.end_cursor.filter(|_| page.page_info.has_next_page) {
            Some(cursor) => after = Some(cursor),
            None => break,
        }
    }
    // As numbers: a walk goes on with the place after the one where it stood.
    found.sort_by_key(|place| (place.len(), place.clone()));
    Ok((found, spent))
}

/// When these orders were paid, and the points that it took.
pub(crate) async fn paid_at(
    client: &Client,
    shop: &ShopDomain,
    ids: &[String],
    call: &Call,
) -> Result<(HashMap<String, Timestamp>, u64), Error> {
    let (mut found, mut spent) = (HashMap::new(), 0);
    for some in ids.chunks(PAYMENTS) {
        let ids = some.iter().map(|id| format!("gid://shopify/Order/{id}")).collect();
        let reply = client.run::<OrderPayments>(shop, payments::Variables { ids }, call).await?;
        spent += points(&reply);
        for node in reply.data.nodes.into_iter().flatten() {
            let OrderPaymentsNodes::Order(order) = node else { continue };
            let is_payment = |kind: &OrderTransactionKind| {
                matches!(kind, OrderTransactionKind::Sale | OrderTransactionKind::Capture)
            };
            let last = (order.transactions.iter())
                .filter(|one| is_payment(&one.kind) && one.status == OrderTransactionStatus::Success)
                .filter_map(|one| one.processed_at)
                .max();
            if let (Some(id), Some(at)) = (number(&order.id), last) {
                found.insert(id.to_owned(), at);
            }
        }
    }
    Ok((found, spent))
}

/// The name of an enum's value: `PARTIALLY_REFUNDED`.
fn name_of(value: &impl Serialize) -> Option<String> {
    serde_json::to_value(value).ok()?.as_str().map(str::to_owned)
}

fn points<T>(reply: &Reply<T>) -> u64 {
    reply.cost.map_or(0, |cost| u64::from(cost.actual.unwrap_or(cost.requested)))
}

/// As Shopify's search takes it.
fn second(millis: i64) -> String {
    Timestamp::from_second(millis.div_euclid(1_000)).unwrap_or(Timestamp::UNIX_EPOCH).to_string()
}
