//! The body of the order as it is.

use serde_json::{Value, json};

use super::{START, Shop, time};

impl Shop {
    /// Shopify's word for how much of it has been fulfilled.
    pub(crate) fn fulfilment(&self) -> Option<&'static str> {
        let open: u32 =
            self.lines.iter().map(|line| (line.current + line.returned).saturating_sub(line.fulfilled)).sum();
        let sent: u32 = self.lines.iter().map(|line| line.fulfilled).sum();
        match (sent, open) {
            (0, _) => None,
            (_, 0) => Some("fulfilled"),
            _ => Some("partial"),
        }
    }

    /// What was ordered, in cents.
    pub(super) fn total(&self) -> u32 {
        self.lines.iter().map(|line| line.ordered * self.price).sum()
    }

    /// Cents in both currencies.
    pub(super) fn money(&self, cents: u32) -> Value {
        let (currency, rate) = self.presentment;
        let write = |units: u32| format!("{}.{:02}", units / 100, units % 100);
        json!({ "shop_money": { "amount": write(cents), "currency_code": "USD" },
            "presentment_money": { "amount": write(cents * rate), "currency_code": currency } })
    }

    pub(super) fn some_lines(&self, quantities: &[u32]) -> Vec<Value> {
        let some = self.lines.iter().zip(quantities).filter(|(_, quantity)| **quantity > 0);
        some.map(|(line, quantity)| json!({ "id": line.id, "quantity": quantity, "name": "Ada's mug" })).collect()
    }

    /// The body of `orders/*`.
    pub(crate) fn body(&self) -> Value {
        let left: u32 = self.lines.iter().map(|line| line.current * self.price).sum();
        let lines: Vec<Value> = (self.lines.iter())
            .map(|line| {
                json!({ "id": line.id, "sku": format!("SKU-{}", line.id % 1000), "variant_id": 7, "product_id": 8,
                    "quantity": line.ordered, "current_quantity": line.current, "gift_card": line.gift_card,
                    "requires_shipping": !line.gift_card, "price_set": self.money(self.price), "title": "Ada's mug",
                    "properties": [{ "name": "engraving", "value": "for Grace" }] })
            })
            .collect();
        let mut body = json!({
            "id": self.order, "name": "#1001", "created_at": time(START), "updated_at": time(self.now),
            "cancelled_at": self.cancelled.then(|| time(self.now)), "closed_at": null, "test": self.test,
            "source_name": self.source, "financial_status": self.payment, "fulfillment_status": self.fulfilment(),
            "currency": "USD", "total_price_set": self.money(self.total()), "current_total_price_set": self.money(left),
            "line_items": lines, "fulfillments": self.fulfillments, "refunds": self.refunds, "returns": self.returns,
            "email": "ada@example.com", "customer": { "first_name": "Ada", "phone": "+15550100" },
            "shipping_address": { "address1": "1 Analytical Row" }, "note": "ring twice",
        });
        if let Some(fields) = body.as_object_mut() {
            fields.retain(|name, _| !self.left_out.contains(&name.as_str()));
        }
        body
    }
}
