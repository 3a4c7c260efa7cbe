//! Orders, for people.

use weir_ops::orders::OrderDetail;
use weir_orders::{
    LineView,
    cloud_event::OrderView,
    history::{Change, Sums},
    money::MoneyBag,
};

use crate::layout::{columns, facts, joined};

fn or_dash(value: Option<String>) -> String {
    value.unwrap_or_else(|| "-".to_owned())
}

/// In the shop's currency.
fn money(bag: &MoneyBag) -> String {
    bag.shop.to_string()
}

/// What a delivery changed, an axis each.
fn changes(change: &Change) -> Vec<String> {
    let axes = [
        ("lifecycle", &change.lifecycle),
        ("payment", &change.payment),
        ("fulfilment", &change.fulfilment),
        ("returns", &change.returns),
    ];
    let axes = axes.into_iter().filter_map(|(axis, change)| {
        let (before, after) = change.as_ref()?;
        Some(format!("{axis} {before} → {after}"))
    });
    let quantities = change.quantities.iter().flat_map(|(before, after)| quantity_changes(before, after));
    axes.chain(quantities).collect()
}

fn quantity_changes(before: &Sums, after: &Sums) -> Vec<String> {
    let quantities = [
        ("ordered", before.ordered, after.ordered),
        ("current", before.current, after.current),
        ("fulfilled", before.fulfilled, after.fulfilled),
        ("returned", before.returned, after.returned),
        ("restocked", before.restocked, after.restocked),
    ];
    let changed = quantities.into_iter().filter(|(_, before, after)| before != after);
    changed.map(|(name, before, after)| format!("{name} {before} → {after}")).collect()
}

/// A row for each order.
pub(super) fn table(orders: &[OrderView]) -> String {
    if orders.is_empty() {
        return "no such orders".to_owned();
    }
    let head =
        ["ORDER", "NAME", "CREATED", "LIFECYCLE", "PAYMENT", "FULFILMENT", "RETURNS", "TOTAL"].map(str::to_owned);
    let rows = orders.iter().map(|order| {
        [
            order.id.to_string(),
            or_dash(order.name.clone()),
            or_dash(order.created_at.clone()),
            order.axes.lifecycle.to_string(),
            order.axes.payment.to_string(),
            order.axes.fulfilment.to_string(),
            order.axes.returns.to_string(),
            or_dash(order.totals.current_total.as_ref().map(money)),
        ]
    });
    columns(std::iter::once(head).chain(rows).collect())
}

/// One order: what it is, its lines, and what changed it.
pub(super) fn text(detail: &OrderDetail) -> String {
    let order = &detail.order;
    let name = order.name.clone().unwrap_or_default();
    let mut lines = vec![joined([format!("order {} {name} of {}", order.id, detail.shop)])];
    let mut known = vec![
        ("created", or_dash(order.created_at.clone())),
        ("lifecycle", order.axes.lifecycle.to_string()),
        ("payment", order.axes.payment.to_string()),
        ("fulfilment", order.axes.fulfilment.to_string()),
        ("returns", order.axes.returns.to_string()),
        ("total", or_dash(order.totals.total.as_ref().map(money))),
        ("current total", or_dash(order.totals.current_total.as_ref().map(money))),
    ];
    known.extend(order.totals.refunded.as_ref().map(|refunded| ("refunded", money(refunded))));
    known.extend(order.totals.received.iter().map(|received| ("received", received.to_string())));
    known.extend(order.source.clone().map(|source| ("source", source)));
    known.extend(order.test.then(|| ("test", "a test order".to_owned())));
    known.extend(detail.unpublished.iter().map(|event| ("to be published", event.clone())));
    lines.extend(facts(&known, 0));
    lines.push(line_table(&order.lines));
    if detail.dropped_changes > 0 {
        lines.push(format!("{} older changes are not known any more", detail.dropped_changes));
    }
    lines.extend(detail.history.iter().map(|entry| {
        let changed = changes(&entry.change).join(", ");
        joined([format!("{}  {}  {}  {changed}", entry.at, entry.topic, entry.delivery)])
    }));
    lines.join("\n")
}

fn line_table(order_lines: &[LineView]) -> String {
    let head = ["LINE", "SKU", "ORDERED", "CURRENT", "FULFILLED", "RETURNED", "RESTOCKED"].map(str::to_owned);
    let count = |quantity: Option<u32>| or_dash(quantity.map(|quantity| quantity.to_string()));
    let rows = order_lines.iter().map(|line| {
        [
            line.id.to_string(),
            or_dash(line.sku.clone()),
            count(line.ordered),
            count(line.current),
            line.fulfilled.to_string(),
            line.returned.to_string(),
            line.restocked.to_string(),
        ]
    });
    columns(std::iter::once(head).chain(rows).collect())
}

#[cfg(test)]
mod tests {
    use weir_core::{Topic, UnixMillis, envelope::Meta};
    use weir_orders::{ConfirmedWhen, Reading, Record, payload::Id, read};

    use super::*;

    fn detail() -> OrderDetail {
        let body = |payment: &str| {
            format!(
                r##"{{"id":820982911946154508,"name":"#1001","financial_status":"{payment}","line_items":[{{"id":1,"sku":"MUG","quantity":2}}]}}"##
            )
        };
        let mut record = Record::default();
        for (topic, payment) in [("orders/create", "pending"), ("orders/paid", "paid")] {
            let body = body(payment);
            let triggered_at = Some(format!("2026-11-27T05:00:0{}Z", payment.len() % 7));
            let meta = Meta { topic: Topic::from_stored(topic), triggered_at, ..Meta::sample(topic, body.as_bytes()) };
            let Reading::Order(_, said) = read(&meta, body.as_bytes()).unwrap() else { panic!("no order") };
            record.take(&meta, *said, ConfirmedWhen::Authorized, UnixMillis(0));
        }
        let shop = "north.myshopify.com".to_owned();
        let order = OrderView::of(Id(820_982_911_946_154_508), &record.state);
        let history = record.history.changes;
        OrderDetail { shop, order, unpublished: Vec::new(), dropped_changes: 0, history }
    }

    #[test]
    fn order_shows_axes_lines_and_which_delivery_changed_what() {
        let shown = text(&detail());
        for part in ["order 820982911946154508 #1001", "paid", "MUG", "orders/paid", "payment pending → paid"] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
    }

    #[test]
    fn strings_of_strangers_break_no_line() {
        let mut order = detail();
        order.order.name = Some("#1\n\u{1b}[2J".to_owned());
        let lines = text(&detail()).lines().count();
        assert_eq!(text(&order).lines().count(), lines);
        assert_eq!(table(&[order.order]).lines().count(), 2);
    }
}
