//! Line items, shipping lines and tax lines as orders, fulfillments and refunds show them.

use crate::basket::{Levy, Line, Shipping};
use crate::draw::{gid, joined};
use crate::money::{Currencies, Money};
use serde_json::{Value, json};

/// How far a line has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    Open,
    Fulfilled,
    /// Taken off the order by a cancellation.
    Removed,
}

/// A line item as an order shows it.
pub(crate) fn of_order(line: &Line, currencies: Currencies, progress: Progress) -> Value {
    joined([
        of_shipment(line, currencies, progress),
        json!({
            "attributed_staffs": [],
            "current_quantity": if progress == Progress::Removed { 0 } else { line.quantity },
            "sales_line_item_group_id": null,
        }),
    ])
}

/// A line item as fulfillments and refunds show it.
pub(crate) fn of_shipment(line: &Line, currencies: Currencies, progress: Progress) -> Value {
    let article = &line.article;
    let manages_inventory = article.needs_shipping().then_some("shopify");
    joined([
        // A code's discount is in the allocations: `total_discount` is for what staff take off by hand.
        currencies.fields(&[("price", line.price), ("total_discount", Money::default())]),
        json!({
            "id": line.id,
            "admin_graphql_api_id": gid("LineItem", line.id),
            "title": article.product.title,
            "name": article.name(),
            "sku": article.variant.sku,
            "vendor": article.product.vendor,
            "quantity": line.quantity,
            "fulfillable_quantity": if progress == Progress::Open { line.quantity } else { 0 },
            "fulfillment_service": if article.product.gift_card { "gift_card" } else { "manual" },
            "fulfillment_status": (progress == Progress::Fulfilled).then_some("fulfilled"),
            "gift_card": article.product.gift_card,
            "grams": article.variant.grams,
            "product_exists": true,
            "product_id": article.product_id,
            "properties": line.properties,
            "requires_shipping": article.needs_shipping(),
            "taxable": !article.product.gift_card,
        }),
        json!({
            "variant_id": article.variant_id,
            "variant_inventory_management": manages_inventory,
            "variant_title": article.variant_title(),
            "tax_lines": taxes(&line.taxes, currencies),
            "duties": [],
            "discount_allocations": allocations(line.discount, currencies),
        }),
    ])
}

fn allocations(discount: Money, currencies: Currencies) -> Value {
    if discount.is_zero() {
        return json!([]);
    }
    let amount = currencies.fields(&[("amount", discount)]);
    json!([joined([amount, json!({ "discount_application_index": 0 })])])
}

pub(crate) fn taxes(levies: &[Levy], currencies: Currencies) -> Value {
    levies
        .iter()
        .map(|levy| {
            let price = currencies.fields(&[("price", levy.price)]);
            joined([price, json!({ "title": levy.tax.title, "rate": levy.tax.rate(), "channel_liable": false })])
        })
        .collect()
}

/// A shipping line; `current` is what is left of its price after refunds.
pub(crate) fn of_shipping(shipping: &Shipping, current: Money, currencies: Currencies) -> Value {
    joined([
        currencies.fields(&[("price", shipping.price), ("discounted_price", shipping.price)]),
        json!({
            "id": shipping.id,
            "carrier_identifier": null,
            "code": shipping.title,
            "current_discounted_price_set": currencies.set(current),
            "is_removed": false,
            "phone": null,
            "requested_fulfillment_service_id": null,
            "source": "shopify",
            "title": shipping.title,
            "tax_lines": taxes(&shipping.taxes, currencies),
            "discount_allocations": [],
        }),
    ])
}
