//! `draft_orders/*`.

use crate::Samples;
use crate::basket::Levy;
use crate::draw::{DAY, HOUR, gid, joined};
use crate::money::Currencies;
use serde_json::{Value, json};

pub(crate) fn created(samples: &mut Samples) -> Value {
    body(samples, 0)
}

pub(crate) fn updated(samples: &mut Samples) -> Value {
    let age = samples.age(HOUR, 9 * DAY);
    body(samples, age)
}

fn body(samples: &mut Samples, age: i64) -> Value {
    let id = samples.id();
    let currency = samples.shop.home.currency;
    let currencies = Currencies { shop: currency, presentment: currency };
    let lines = samples.lines();
    let basket = samples.basket(lines, currencies);
    let buyer = samples.person();
    let line_items: Vec<_> = (basket.lines.iter())
        .map(|line| {
            let article = &line.article;
            json!({
                "id": line.id,
                "admin_graphql_api_id": gid("DraftOrderLineItem", line.id),
                "variant_id": article.variant_id,
                "product_id": article.product_id,
                "title": article.product.title,
                "variant_title": article.variant_title(),
                "name": article.name(),
                "sku": article.variant.sku,
                "vendor": article.product.vendor,
                "quantity": line.quantity,
                "requires_shipping": article.needs_shipping(),
                "taxable": !article.product.gift_card,
                "gift_card": article.product.gift_card,
                "fulfillment_service": "manual",
                "grams": article.variant.grams,
                "tax_lines": taxes(&line.taxes, currencies),
                "applied_discount": null,
                "properties": line.properties,
                "custom": false,
                "price": currencies.write(line.price),
            })
        })
        .collect();
    let discount = basket.discount.map(|discount| {
        json!({
            "title": discount.code,
            "description": discount.code,
            "value": format!("{}.0", discount.percent),
            "value_type": "percentage",
            "amount": currencies.write(basket.discounts()),
        })
    });
    let shipping = (basket.shipping.as_ref()).map(|shipping| {
        json!({ "custom": true, "handle": null, "title": shipping.title, "price": currencies.write(shipping.price) })
    });
    let key = samples.hex(32);
    let invoice = format!("https://{}/{}/invoices/{key}", samples.shop.domain, samples.shop.id);
    joined([
        json!({
            "id": id,
            "admin_graphql_api_id": gid("DraftOrder", id),
            "name": format!("#D{}", samples.rng.u32(1..5_000)),
            "status": "open",
            "note": samples.note(),
            "note_attributes": [],
            "tags": "",
            "email": buyer.email,
            "currency": currency.code,
            "created_at": samples.ago(age),
            "updated_at": samples.ago(0),
            "completed_at": null,
            "invoice_sent_at": null,
            "invoice_url": invoice,
            "order_id": null,
            "api_client_id": null,
            "created_on_api_version_handle": null,
            "allow_discount_codes_in_checkout?": false,
            "b2b?": false,
        }),
        json!({
            "line_items": line_items,
            "applied_discount": discount,
            "shipping_line": shipping,
            "tax_lines": taxes(&basket.taxes(), currencies),
            "tax_exempt": false,
            "taxes_included": basket.taxes_included,
            "subtotal_price": currencies.write(basket.subtotal()),
            "total_tax": currencies.write(basket.tax()),
            "total_price": currencies.write(basket.total()),
            "payment_terms": null,
            "customer": buyer.customer(samples),
            "billing_address": buyer.at(&buyer.home),
            "shipping_address": buyer.at(&buyer.home),
        }),
    ])
}

fn taxes(levies: &[Levy], currencies: Currencies) -> Value {
    levies
        .iter()
        .map(|levy| json!({ "rate": levy.tax.rate(), "title": levy.tax.title, "price": currencies.write(levy.price) }))
        .collect()
}
