//! How an order is written.

use super::Order;
use crate::draw::{gid, joined};
use crate::line_item::{self, Progress};
use crate::money::Money;
use crate::refund::{Refund, Restock};
use crate::{Samples, fulfillment};
use serde_json::{Value, json};

impl Order {
    fn progress(&self, line: usize) -> Progress {
        match line {
            _ if self.cancelled => Progress::Removed,
            line if line < self.fulfilled => Progress::Fulfilled,
            _ => Progress::Open,
        }
    }

    pub(super) fn json(&self, samples: &mut Samples) -> Value {
        let refunds: Vec<_> =
            if self.cancelled { vec![Refund::of_all(self, Restock::Cancel).json(self, samples)] } else { Vec::new() };
        let fulfillments: Vec<_> = if self.fulfilled > 0 {
            vec![fulfillment::body(self, self.fulfilled, self.age / 2, 0, samples)]
        } else {
            Vec::new()
        };
        let basket = &self.basket;
        let line_items: Vec<_> = (basket.lines.iter().enumerate())
            .map(|(place, line)| line_item::of_order(line, basket.currencies, self.progress(place)))
            .collect();
        let shipping_lines: Vec<_> = (basket.shipping.iter())
            .map(|shipping| line_item::of_shipping(shipping, self.current(shipping.price), basket.currencies))
            .collect();
        joined([
            self.facts(samples),
            self.sums(),
            self.people(samples),
            self.origin(samples),
            json!({
                "line_items": line_items,
                "shipping_lines": shipping_lines,
                "fulfillments": fulfillments,
                "refunds": refunds,
                "returns": [],
                "line_item_groups": [],
                "payment_terms": null,
            }),
        ])
    }

    /// A cancellation leaves nothing of an amount.
    fn current(&self, amount: Money) -> Money {
        if self.cancelled { Money::default() } else { amount }
    }

    fn facts(&self, samples: &mut Samples) -> Value {
        let financial_status = match (self.paid, self.cancelled) {
            (true, false) => "paid",
            (true, true) => "refunded",
            (false, false) => "pending",
            (false, true) => "voided",
        };
        let fulfillment_status = match self.fulfilled {
            0 => None,
            all if all == self.basket.lines.len() => Some("fulfilled"),
            _ => Some("partial"),
        };
        let done = fulfillment_status == Some("fulfilled");
        let cancel_reason = *samples.pick(&["customer", "inventory", "fraud", "other"]);
        let attributes = if samples.one_in(5) { json!([{ "name": "gift", "value": "yes 🎁" }]) } else { json!([]) };
        let gateways = if self.paid { json!(["shopify_payments"]) } else { json!(["Bank Deposit"]) };
        json!({
            "id": self.id,
            "admin_graphql_api_id": gid("Order", self.id),
            "name": self.name(),
            "number": self.number,
            "order_number": self.number + 1_000,
            "confirmation_number": samples.letters(9),
            "confirmed": true,
            "test": false,
            "created_at": samples.ago(self.age),
            "processed_at": samples.ago(self.age),
            "updated_at": samples.ago(0),
            "cancelled_at": self.cancelled.then(|| samples.ago(0)),
            "cancel_reason": self.cancelled.then_some(cancel_reason),
            "closed_at": (done || self.cancelled).then(|| samples.ago(0)),
            "financial_status": financial_status,
            "fulfillment_status": fulfillment_status,
            "payment_gateway_names": gateways,
            "note": self.note,
            "note_attributes": attributes,
            "tags": *samples.pick(&["", "", "first-order", "gift, priority", "großhandel"]),
        })
    }

    fn sums(&self) -> Value {
        let basket = &self.basket;
        let currencies = basket.currencies;
        let outstanding = if self.paid { Money::default() } else { self.current(basket.total()) };
        let fields = currencies.fields(&[
            ("total_line_items_price", basket.goods()),
            ("total_discounts", basket.discounts()),
            ("subtotal_price", basket.subtotal()),
            ("total_tax", basket.tax()),
            ("total_price", basket.total()),
            ("current_subtotal_price", self.current(basket.subtotal())),
            ("current_total_discounts", self.current(basket.discounts())),
            ("current_total_tax", self.current(basket.tax())),
            ("current_total_price", self.current(basket.total())),
        ]);
        let applications: Value = (basket.discount.iter())
            .map(|discount| {
                json!({
                    "target_type": "line_item",
                    "type": "discount_code",
                    "value": format!("{}.0", discount.percent),
                    "value_type": "percentage",
                    "allocation_method": "across",
                    "target_selection": "all",
                    "code": discount.code,
                })
            })
            .collect();
        let none = currencies.set(Money::default());
        joined([
            fields,
            json!({
                "currency": currencies.shop.code,
                "presentment_currency": currencies.presentment.code,
                "taxes_included": basket.taxes_included,
                "tax_exempt": false,
                "estimated_taxes": false,
                "duties_included": false,
                "tax_lines": line_item::taxes(&basket.taxes(), currencies),
                "discount_codes": basket.discount_codes(),
                "discount_applications": applications,
                "total_shipping_price_set": currencies.set(basket.shipping_price()),
                "current_shipping_price_set": currencies.set(self.current(basket.shipping_price())),
                "total_outstanding": currencies.write(outstanding),
                "total_tip_received": currencies.write(Money::default()),
                "total_weight": basket.grams(),
                "total_cash_rounding_payment_adjustment_set": none,
                "total_cash_rounding_refund_adjustment_set": none,
                "original_total_additional_fees_set": null,
                "original_total_duties_set": null,
                "current_total_additional_fees_set": null,
                "current_total_duties_set": null,
            }),
        ])
    }

    fn people(&self, samples: &Samples) -> Value {
        let buyer = &self.buyer;
        json!({
            "email": buyer.email,
            "contact_email": buyer.email,
            "phone": buyer.phone,
            "buyer_accepts_marketing": buyer.marketing,
            "customer_locale": buyer.locale,
            "customer": buyer.customer(samples),
            "billing_address": buyer.at(&buyer.home),
            "shipping_address": self.basket.shipping.as_ref().map(|_| buyer.at(&self.recipient)),
        })
    }

    /// Where the order came from.
    fn origin(&self, samples: &mut Samples) -> Value {
        let (ip, token, key) = (samples.ip(), samples.hex(32), samples.hex(32));
        let shop = &samples.shop;
        let status_url = format!("https://{}/{}/orders/{token}/authenticate?key={key}", shop.domain, shop.id);
        json!({
            "app_id": shop.id_of("App", "online store"),
            "browser_ip": ip,
            "client_details": {
                "accept_language": self.buyer.locale,
                "browser_height": null,
                "browser_ip": ip,
                "browser_width": null,
                "session_hash": null,
                "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
            },
            "cart_token": samples.hex(32),
            "checkout_token": samples.hex(32),
            "token": token,
            "order_status_url": status_url,
            "merchant_business_entity_id": samples.letters(14),
            "source_name": "web",
            "landing_site": "/",
            "landing_site_ref": null,
            "referring_site": "",
            "device_id": null,
            "location_id": null,
            "merchant_of_record_app_id": null,
            "po_number": null,
            "reference": null,
            "source_identifier": null,
            "source_url": null,
            "user_id": null,
        })
    }
}
