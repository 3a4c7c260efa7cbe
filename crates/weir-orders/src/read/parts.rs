//! What a body says of a part of its order.

use std::collections::BTreeMap;

use crate::{
    join::Latest,
    money::MoneyBag,
    payload::{
        EditBody, FulfillmentBody, FulfillmentOrdersBody, Given, Id, RefundBody, ReturnBody, ReturnLines,
        TransactionBody,
    },
    stamp::DeliveryStamp,
    state::{Edit, Fulfillment, OrderState, Quantities, Refund, RefundContent, RefundLine, Return, Transaction},
    status::{RestockType, ReturnStatus, TransactionKind, TransactionStatus},
};

/// The kind of an adjustment that says again what `refund_shipping_lines` say.
const SHIPPING_REFUND: &str = "shipping_refund";

impl OrderState {
    pub(super) fn read_fulfillment(&mut self, body: FulfillmentBody, at: DeliveryStamp) {
        let Some(id) = body.id else { return };
        let stamp = at.resource(body.updated_at.map(|at| at.0));
        let lines = body.line_items.map(|lines| sum(lines.into_iter().map(|line| (line.id, line.quantity))));
        let read = Fulfillment {
            status: body.status.map(|value| Latest { stamp, value }),
            lines: lines.map(|value| Latest { stamp, value }),
        };
        self.fulfillments.insert(id, read);
    }

    pub(super) fn read_fulfillment_orders(&mut self, body: &FulfillmentOrdersBody, at: DeliveryStamp) {
        for order in body.all() {
            if let (Some(id), Some(status)) = (order.id, &order.status) {
                // All that Shopify sends of a fulfillment order has no time of its own.
                let stamp = at.resource(order.updated_at.map(|at| at.0));
                crate::join::Join::join(
                    &mut self.fulfillment_orders,
                    BTreeMap::from([(id, Latest { stamp, value: status.clone() })]),
                );
            }
        }
    }

    pub(super) fn read_refund(&mut self, body: RefundBody, at: DeliveryStamp) {
        let Some(id) = body.id else { return };
        let stamp = at.resource(body.created_at.map(|at| at.0));
        let amount = refunded(&body);
        for transaction in body.transactions.into_iter().flatten() {
            self.read_transaction(transaction, at);
        }
        let lines = body.refund_line_items.map(|lines| {
            let read = lines.into_iter().filter_map(|line| {
                let restock = line.restock_type.unwrap_or(RestockType::NoRestock);
                Some(RefundLine { line: line.line_item_id?, quantity: line.quantity?, restock })
            });
            let mut lines: Vec<RefundLine> = read.collect();
            lines.sort_unstable();
            lines
        });
        let of_return = match body.of_return {
            Given::Missing => None,
            Given::Null => Some(None),
            Given::Value(named) => named.id.or(named.admin_graphql_api_id).map(Some),
        };
        let is_return = |line: &RefundLine| line.restock == RestockType::Return;
        let read = Refund {
            brings_back: of_return == Some(None) && lines.iter().flatten().any(is_return),
            content: lines.map(|lines| Latest { stamp, value: RefundContent { lines, amount } }),
            of_return: of_return.map(|value| Latest { stamp, value }),
        };
        self.refunds.insert(id, read);
    }

    pub(super) fn read_transaction(&mut self, body: TransactionBody, at: DeliveryStamp) {
        let Some(id) = body.id else { return };
        let stamp = at.resource(body.created_at.map(|at| at.0));
        let money = body.money();
        let kind = body.kind.unwrap_or_else(|| TransactionKind::of("unknown"));
        let status = body.status.unwrap_or_else(|| TransactionStatus::of("unknown"));
        self.transactions.insert(id, Latest { stamp, value: Transaction { kind, status, money } });
    }

    pub(super) fn read_return(&mut self, body: ReturnBody, at: DeliveryStamp) {
        let Some(id) = body.id() else { return };
        // No return has a time of its own, wherever it is shown: all count from their Triggered-At.
        let stamp = at.resource(None);
        let lines = match body.return_line_items {
            Some(ReturnLines::All(lines)) => {
                let quantities = lines.into_iter().map(|line| {
                    let of_order = line.fulfillment_line_item.and_then(|fulfilled| fulfilled.line_item?.id());
                    (of_order, line.quantity)
                });
                // A body may say that it has lines and show none.
                Some(sum(quantities)).filter(|read| !read.is_empty() || body.total_return_line_items == Some(0))
            }
            Some(ReturnLines::Changes(_)) | None => None,
        };
        let read = Return {
            closed: body.status == Some(ReturnStatus::Closed),
            status: body.status.map(|value| Latest { stamp, value }),
            lines: lines.map(|value| Latest { stamp, value }),
            exchanged: body.total_exchange_line_items.map(|value| Latest { stamp, value }),
        };
        self.returns.insert(id, read);
    }

    pub(super) fn read_edit(&mut self, body: EditBody, at: DeliveryStamp) {
        let Some(id) = body.id else { return };
        let stamp = at.resource(body.committed_at.map(|at| at.0));
        let value = body.line_items.map_or_else(Edit::default, |lines| Edit {
            added: sum(lines.additions.into_iter().map(|line| (line.id, line.delta))),
            removed: sum(lines.removals.into_iter().map(|line| (line.id, line.delta))),
        });
        self.edits.insert(id, Latest { stamp, value });
    }
}

/// Adds up the quantities of each line; a line may be there more than once.
fn sum(lines: impl Iterator<Item = (Option<Id>, Option<u32>)>) -> Quantities {
    let mut quantities = Quantities::new();
    for (id, quantity) in lines {
        if let (Some(id), Some(quantity)) = (id, quantity) {
            let known = quantities.entry(id).or_default();
            *known = known.saturating_add(quantity);
        }
    }
    quantities
}

/// What a refund gives back: its lines, shipping and duties, less its adjustments, of which money that went back beyond
/// them is negative.
fn refunded(body: &RefundBody) -> Option<MoneyBag> {
    let lines = body.refund_line_items.iter().flatten().flat_map(|line| [&line.subtotal_set, &line.total_tax_set]);
    let shipping = body.refund_shipping_lines.iter().flatten();
    let shipping = shipping.flat_map(|line| [&line.subtotal_amount_set, &line.tax_amount_set]);
    let has_shipping_lines = body.refund_shipping_lines.as_ref().is_some_and(|lines| !lines.is_empty());
    let adjustments = body.order_adjustments.iter().flatten();
    let adjustments = adjustments
        .filter(|adjustment| !(has_shipping_lines && adjustment.kind.as_deref() == Some(SHIPPING_REFUND)))
        .flat_map(|adjustment| [&adjustment.amount_set, &adjustment.tax_amount_set])
        .flatten()
        .map(MoneyBag::negated);
    let parts = lines.chain(shipping).chain([&body.total_duties_set]).flatten().cloned();
    let parts: Vec<MoneyBag> = parts.chain(adjustments).collect();
    MoneyBag::sum(&parts)
}
