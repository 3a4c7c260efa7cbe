//! What an order looks like: four axes, its money and its lines. A pure function of the state.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    join::Latest,
    money::{Currency, Money, MoneyBag},
    payload::Id,
    state::{Line, OrderState, Quantities},
    status::{
        FulfilmentStatus, Lifecycle, PaymentStatus, RestockType, ReturnStatus, ReturnsStatus, TransactionKind,
        TransactionStatus,
    },
};

/// The four axes of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Axes {
    /// Where it is in its life.
    pub lifecycle: Lifecycle,
    /// Where its payment stands.
    pub payment: PaymentStatus,
    /// How much of it has been fulfilled.
    pub fulfilment: FulfilmentStatus,
    /// Where its returns stand.
    pub returns: ReturnsStatus,
}

/// A line with all of its quantities.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LineView {
    /// The line's id.
    pub id: Id,
    /// The SKU.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
    /// The variant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant_id: Option<Id>,
    /// The product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_id: Option<Id>,
    /// The price of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<MoneyBag>,
    /// Whether it is a gift card.
    pub gift_card: bool,
    /// How many were ordered; `None` while no snapshot said so.
    pub ordered: Option<u32>,
    /// How many are left after edits and refunds.
    pub current: Option<u32>,
    /// How many were sent.
    pub fulfilled: u32,
    /// How many came back.
    pub returned: u32,
    /// How many were put back into stock.
    pub restocked: u32,
}

/// The money of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// What was ordered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<MoneyBag>,
    /// What is left of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_total: Option<MoneyBag>,
    /// What all refunds give back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refunded: Option<MoneyBag>,
    /// What sales and captures took in, by currency of the transactions.
    pub received: Vec<Money>,
}

fn value<T>(latest: Option<&Latest<T>>) -> Option<&T> {
    latest.map(|latest| &latest.value)
}

impl OrderState {
    /// The axes.
    pub fn axes(&self) -> Axes {
        Axes {
            lifecycle: self.lifecycle(),
            payment: value(self.payment.as_ref()).cloned().unwrap_or(PaymentStatus::Unknown),
            fulfilment: value(self.fulfilment.as_ref()).cloned().unwrap_or(FulfilmentStatus::Unknown),
            returns: self.returns_status(),
        }
    }

    fn lifecycle(&self) -> Lifecycle {
        let at = |time: &Option<Latest<Option<i64>>>| value(time.as_ref()).copied();
        match (self.deleted, at(&self.cancelled_at), at(&self.closed_at)) {
            (true, ..) => Lifecycle::Deleted,
            (_, Some(Some(_)), _) => Lifecycle::Cancelled,
            (.., Some(Some(_))) => Lifecycle::Closed,
            (_, None, None) if self.created_at.is_none() => Lifecycle::Unknown,
            _ => Lifecycle::Open,
        }
    }

    /// Open returns count before requested ones, these before closed ones. A status that nobody knows is shown where no
    /// other says more.
    fn returns_status(&self) -> ReturnsStatus {
        let statuses: Vec<&ReturnStatus> = self.returns.values().filter_map(|one| value(one.status.as_ref())).collect();
        let has = |status: ReturnStatus| statuses.contains(&&status);
        let unknown = statuses.iter().filter(|status| matches!(status, ReturnStatus::Other(_))).min();
        let came_back = self.refunds.values().any(|refund| refund.brings_back);
        match unknown {
            _ if has(ReturnStatus::Open) => ReturnsStatus::InProgress,
            _ if has(ReturnStatus::Requested) => ReturnsStatus::Requested,
            Some(unknown) => ReturnsStatus::of(unknown.as_str()),
            None if has(ReturnStatus::Closed) || came_back => ReturnsStatus::Returned,
            None => ReturnsStatus::None,
        }
    }

    /// The money.
    pub fn totals(&self) -> Totals {
        let refunds = self.refunds.values().filter_map(|refund| value(refund.content.as_ref())?.amount.as_ref());
        let mut received: BTreeMap<&Currency, Money> = BTreeMap::new();
        for transaction in self.transactions.values().map(|latest| &latest.value) {
            let takes = matches!(transaction.kind, TransactionKind::Sale | TransactionKind::Capture);
            let Some(money) = transaction.money.as_ref().filter(|_| takes) else { continue };
            if transaction.status != TransactionStatus::Success {
                continue;
            }
            // A sum that no decimal can hold stays what it was.
            let sum = received.get(&money.currency).map_or_else(|| Some(money.clone()), |sum| sum.plus(money));
            received.extend(sum.map(|sum| (&money.currency, sum)));
        }
        Totals {
            total: value(self.total.as_ref()).cloned(),
            current_total: value(self.current_total.as_ref()).cloned(),
            refunded: MoneyBag::sum(refunds),
            received: received.into_values().collect(),
        }
    }

    /// The lines, those that only a part of the order named included.
    pub fn line_views(&self) -> Vec<LineView> {
        let (sent, returned, restocked) = (self.sent(), self.returned(), self.restocked());
        let unknown = Line::default();
        let snapshot = value(self.lines.as_ref());
        let mut lines: BTreeMap<Id, &Line> = BTreeMap::new();
        let named = [&sent, &returned, &restocked].into_iter().flat_map(|quantities| quantities.keys());
        lines.extend(named.map(|id| (*id, &unknown)));
        lines.extend(snapshot.into_iter().flatten().map(|(id, line)| (*id, line)));
        let of = |quantities: &Quantities, id: Id| quantities.get(&id).copied().unwrap_or(0);
        let views = lines.into_iter().map(|(id, line)| LineView {
            id,
            sku: line.sku.clone(),
            variant_id: line.variant,
            product_id: line.product,
            price: line.price.clone(),
            gift_card: line.gift_card.unwrap_or(false),
            ordered: line.ordered,
            current: line.current,
            fulfilled: of(&sent, id),
            returned: of(&returned, id),
            restocked: of(&restocked, id),
        });
        views.collect()
    }

    fn sent(&self) -> Quantities {
        total(self.fulfillments.values().filter_map(|one| one.sent()).flatten().map(|(id, count)| (*id, *count)))
    }

    /// What came back. A return and the refunds of it speak of the same items: the greater number counts.
    fn returned(&self) -> Quantities {
        let mut alone = Quantities::new();
        let mut by_return: BTreeMap<Id, Quantities> = BTreeMap::new();
        for refund in self.refunds.values() {
            let lines = value(refund.content.as_ref()).map_or(&[][..], |content| &content.lines);
            let of_return = value(refund.of_return.as_ref()).copied().flatten();
            let quantities = of_return.map_or(&mut alone, |id| by_return.entry(id).or_default());
            // What is refunded of a return came back, whether it goes into stock again or not.
            let back = lines.iter().filter(|line| of_return.is_some() || line.restock == RestockType::Return);
            add(quantities, back.map(|line| (line.line, line.quantity)));
        }
        for (id, one) in self.returns.iter().filter(|(_, one)| one.is_done()) {
            let refunded = by_return.entry(*id).or_default();
            for (line, count) in value(one.lines.as_ref()).into_iter().flatten() {
                let known = refunded.entry(*line).or_default();
                *known = (*known).max(*count);
            }
        }
        let lines = by_return.into_values().flatten();
        add(&mut alone, lines);
        alone
    }

    fn restocked(&self) -> Quantities {
        let contents = self.refunds.values().filter_map(|refund| value(refund.content.as_ref()));
        let lines = contents.flat_map(|content| &content.lines).filter(|line| line.restock.is_restocked());
        total(lines.map(|line| (line.line, line.quantity)))
    }
}

fn total(lines: impl Iterator<Item = (Id, u32)>) -> Quantities {
    let mut sum = Quantities::new();
    add(&mut sum, lines);
    sum
}

fn add(sum: &mut Quantities, lines: impl Iterator<Item = (Id, u32)>) {
    for (id, count) in lines {
        let known = sum.entry(id).or_default();
        *known = known.saturating_add(count);
    }
}
