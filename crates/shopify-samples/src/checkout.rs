//! `checkouts/*` and `carts/*`: what may become an order.

use crate::Samples;
use crate::basket::{Basket, Levy, Line};
use crate::draw::{HOUR, joined};
use crate::money::{Currencies, Money};
use serde_json::{Value, json};

pub(crate) fn created(samples: &mut Samples) -> Value {
    checkout(samples, 0)
}

pub(crate) fn updated(samples: &mut Samples) -> Value {
    let age = samples.age(60, 10 * HOUR);
    checkout(samples, age)
}

pub(crate) fn cart_created(samples: &mut Samples) -> Value {
    cart(samples, 0)
}

pub(crate) fn cart_updated(samples: &mut Samples) -> Value {
    let age = samples.age(60, 10 * HOUR);
    cart(samples, age)
}

fn basket(samples: &mut Samples) -> Basket {
    let currency = samples.shop.home.currency;
    let lines = samples.lines();
    samples.basket(lines, Currencies { shop: currency, presentment: currency })
}

fn checkout(samples: &mut Samples, age: i64) -> Value {
    let basket = basket(samples);
    let currencies = basket.currencies;
    let buyer = samples.person();
    let line_items: Vec<_> = basket.lines.iter().map(|line| checkout_line(line, currencies, samples)).collect();
    let shipping: Vec<_> = (basket.shipping.iter())
        .map(|shipping| {
            json!({
                "code": shipping.title,
                "title": shipping.title,
                "price": currencies.write(shipping.price),
                "source": "shopify",
                "phone": null,
                "carrier_identifier": null,
                "tax_lines": shipping.taxes.iter().map(|levy| tax(levy, currencies)).collect::<Value>(),
            })
        })
        .collect();
    let token = samples.hex(32);
    let key = samples.hex(32);
    let shop = &samples.shop;
    let recover = format!("https://{}/{}/checkouts/ac/{token}/recover?key={key}", shop.domain, shop.id);
    joined([
        json!({
            "token": token,
            "cart_token": samples.hex(32),
            "name": format!("#{}", samples.id()),
            "abandoned_checkout_url": recover,
            "email": buyer.email,
            "phone": buyer.phone,
            "gateway": null,
            "buyer_accepts_marketing": buyer.marketing,
            "buyer_accepts_sms_marketing": false,
            "sms_marketing_phone": null,
            "customer_locale": buyer.locale,
            "created_at": samples.ago(age),
            "updated_at": samples.ago(0),
            "completed_at": null,
            "closed_at": null,
            "landing_site": "/",
            "referring_site": "",
            "note": samples.note(),
            "note_attributes": [],
            "source": null,
            "source_name": "web",
            "source_identifier": null,
            "source_url": null,
            "device_id": null,
            "location_id": null,
            "user_id": null,
            "reservation_token": null,
        }),
        json!({
            "line_items": line_items,
            "shipping_lines": shipping,
            "tax_lines": basket.taxes().iter().map(|levy| tax(levy, currencies)).collect::<Value>(),
            "taxes_included": basket.taxes_included,
            "discount_codes": basket.discount_codes(),
            "currency": currencies.shop.code,
            "presentment_currency": currencies.presentment.code,
            "total_line_items_price": currencies.write(basket.goods()),
            "total_discounts": currencies.write(basket.discounts()),
            "subtotal_price": currencies.write(basket.subtotal()),
            "total_tax": currencies.write(basket.tax()),
            "total_price": currencies.write(basket.total()),
            "total_duties": null,
            "total_weight": basket.grams(),
            "customer": buyer.customer(samples),
            "billing_address": buyer.at(&buyer.home),
            "shipping_address": buyer.at(&buyer.home),
        }),
    ])
}

fn tax(levy: &Levy, currencies: Currencies) -> Value {
    json!({
        "price": currencies.write(levy.price),
        "rate": levy.tax.rate(),
        "title": levy.tax.title,
        "channel_liable": false,
    })
}

/// The lines' taxes are shown in full.
fn line_tax(levy: &Levy, place: usize, currencies: Currencies) -> Value {
    joined([
        tax(levy, currencies),
        json!({
            "position": place + 1,
            "source": "Shopify",
            "zone": "province",
            "compare_at": levy.tax.rate(),
            "tax_calculation_price": currencies.write(levy.price),
            "tax_api_client_id": null,
            "tax_registration_id": null,
            "jurisdiction_id": null,
            "jurisdiction_type": null,
            "jurisdiction_source": null,
            "reporting_taxable_amount": null,
            "reporting_non_taxable_amount": null,
            "reporting_exempt_amount": null,
            "reporting_jurisdiction_name": null,
            "reporting_jurisdiction_type": null,
            "reporting_jurisdiction_code": null,
        }),
    ])
}

fn checkout_line(line: &Line, currencies: Currencies, samples: &mut Samples) -> Value {
    let article = &line.article;
    let location = samples.shop.location_id();
    let allocations: Vec<_> = (!line.discount.is_zero())
        .then(|| json!({ "amount": currencies.write(line.discount), "discount_application_index": 0 }))
        .into_iter()
        .collect();
    joined([
        json!({
            "key": samples.hex(32),
            "applied_discounts": [],
            "discount_allocations": allocations,
            "origin_location_id": location,
            "destination_location_id": samples.id(),
            "fulfillment_service": "manual",
            "gift_card": article.product.gift_card,
            "grams": article.variant.grams,
            "presentment_title": article.product.title,
            "presentment_variant_title": article.variant_title().unwrap_or(""),
            "product_id": article.product_id,
            "properties": line.properties,
            "quantity": line.quantity,
            "requires_shipping": article.needs_shipping(),
            "sku": article.variant.sku,
            "tax_lines": (line.taxes.iter().enumerate())
                .map(|(place, levy)| line_tax(levy, place, currencies))
                .collect::<Value>(),
        }),
        json!({
            "taxable": !article.product.gift_card,
            "title": article.product.title,
            "variant_id": article.variant_id,
            "variant_title": article.variant_title().unwrap_or(""),
            "variant_price": currencies.write(line.price),
            "vendor": article.product.vendor,
            "user_id": null,
            "unit_price_measurement": {
                "measured_type": null,
                "quantity_value": null,
                "quantity_unit": null,
                "reference_value": null,
                "reference_unit": null,
            },
            "rank": null,
            "compare_at_price": null,
            "line_price": currencies.write(line.goods()),
            "price": currencies.write(line.price),
        }),
    ])
}

/// A cart has a token for an id, and times in UTC.
fn cart(samples: &mut Samples, age: i64) -> Value {
    let basket = basket(samples);
    let token = format!("hWN{}", samples.hex(29));
    let line_items: Vec<_> = basket.lines.iter().map(|line| cart_line(line, basket.currencies, samples)).collect();
    json!({
        "id": token,
        "token": token,
        "line_items": line_items,
        "note": samples.note(),
        "created_at": samples.utc_ago(age),
        "updated_at": samples.utc_ago(0),
    })
}

/// Codes are entered at the checkout: a cart knows no discounts.
fn cart_line(line: &Line, currencies: Currencies, samples: &mut Samples) -> Value {
    let article = &line.article;
    joined([
        currencies.fields(&[
            ("price", line.price),
            ("discounted_price", line.price),
            ("line_price", line.goods()),
            ("original_line_price", line.goods()),
            ("total_discount", Money::default()),
        ]),
        json!({
            "id": article.variant_id,
            "variant_id": article.variant_id,
            "key": format!("{}:{}", article.variant_id, samples.hex(32)),
            "properties": null,
            "quantity": line.quantity,
            "discounts": [],
            "gift_card": article.product.gift_card,
            "grams": article.variant.grams,
            "original_price": currencies.write(line.price),
            "product_id": article.product_id,
            "sku": article.variant.sku,
            "taxable": !article.product.gift_card,
            "title": article.name(),
            "vendor": article.product.vendor,
            "parent_relationship": null,
        }),
    ])
}
