//! An event of an order as it leaves the service: a CloudEvent.

use serde::Serialize;

use crate::{
    Axes, LineView, OrderEvent, OrderState, Record, Totals,
    history::Sums,
    money::MoneyBag,
    payload::Id,
    state::{Edit, Milestone, Quantities, RefundLine},
    store::OrderKey,
};

/// The `source` of every event, on the bus and in the CloudEvent.
pub const SOURCE: &str = "weir.orders";

#[derive(Serialize)]
struct CloudEvent<'a> {
    specversion: &'static str,
    id: String,
    source: &'static str,
    #[serde(rename = "type")]
    event_type: &'static str,
    subject: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    datacontenttype: &'static str,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    shop: &'a str,
    /// Grows with each change of the order: the event of a higher revision shows the newer state.
    revision: u64,
    order: OrderView,
    #[serde(skip_serializing_if = "Option::is_none")]
    refund: Option<RefundView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    edit: Option<EditView<'a>>,
    #[serde(rename = "return", skip_serializing_if = "Option::is_none")]
    of_return: Option<ReturnView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fulfillment_id: Option<Id>,
}

/// An order as others see it: the projection, with nothing of its customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderView {
    /// Shopify's id.
    pub id: Id,
    /// `#1001`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether it is a test order.
    pub test: bool,
    /// `web`, `pos`, `shopify_draft_order`, or an app's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    /// The four axes.
    #[serde(flatten)]
    pub axes: Axes,
    /// The money.
    #[serde(flatten)]
    pub totals: Totals,
    /// The quantities of all lines together.
    pub quantities: Sums,
    /// The lines.
    pub lines: Vec<LineView>,
}

#[derive(Serialize)]
struct RefundView<'a> {
    id: Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<&'a MoneyBag>,
    lines: &'a [RefundLine],
}

#[derive(Serialize)]
struct EditView<'a> {
    id: Id,
    #[serde(flatten)]
    edit: &'a Edit,
}

#[derive(Serialize)]
struct ReturnView {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refund_id: Option<Id>,
    lines: Quantities,
    #[serde(skip_serializing_if = "Option::is_none")]
    exchanged_lines: Option<u32>,
}

impl OrderView {
    /// The view of an order.
    pub fn of(order: Id, state: &OrderState) -> Self {
        let lines = state.line_views();
        Self {
            id: order,
            name: state.name.as_ref().map(|name| name.value.clone()),
            test: state.test.as_ref().is_some_and(|test| test.value),
            source: state.source.as_ref().map(|source| source.value.clone()),
            created_at: state.created_at.as_ref().and_then(|at| rfc3339(at.value)),
            axes: state.axes(),
            totals: state.totals(),
            quantities: Sums::of(&lines),
            lines,
        }
    }
}

/// The id of an event: the same whenever and by whomever it is published.
pub fn event_id(key: &OrderKey, event: OrderEvent) -> String {
    format!("{}/{}/{event}", key.shop, key.order)
}

/// The `detail` of an event on the bus.
///
/// # Errors
/// If it can't be printed as JSON, which no state can cause.
pub fn detail(key: &OrderKey, record: &Record, event: OrderEvent) -> serde_json::Result<String> {
    let state = &record.state;
    let data = Data {
        shop: key.shop.as_str(),
        revision: record.version,
        order: OrderView::of(key.order, state),
        refund: refund(state, event),
        edit: edit(state, event),
        of_return: returned(state, event),
        fulfillment_id: match event {
            OrderEvent::PartiallyFulfilled(by) | OrderEvent::Fulfilled(by) => by,
            _ => None,
        },
    };
    serde_json::to_string(&CloudEvent {
        specversion: "1.0",
        id: event_id(key, event),
        source: SOURCE,
        event_type: event.event_type(),
        subject: format!("gid://shopify/Order/{}", key.order),
        time: happened_at(state, event).and_then(rfc3339),
        datacontenttype: "application/json",
        data,
    })
}

fn refund(state: &OrderState, event: OrderEvent) -> Option<RefundView<'_>> {
    let (OrderEvent::Refunded(id) | OrderEvent::BroughtBack(id)) = event else { return None };
    let content = &state.refunds.get(&id)?.content.as_ref()?.value;
    Some(RefundView { id, amount: content.amount.as_ref(), lines: &content.lines })
}

fn edit(state: &OrderState, event: OrderEvent) -> Option<EditView<'_>> {
    let OrderEvent::Edited(id) = event else { return None };
    Some(EditView { id, edit: &state.edits.get(&id)?.value })
}

fn returned(state: &OrderState, event: OrderEvent) -> Option<ReturnView> {
    match event {
        OrderEvent::Returned(id) => {
            let known = state.returns.get(&id)?;
            let lines = known.lines.as_ref().map(|lines| lines.value.clone()).unwrap_or_default();
            let exchanged_lines = known.exchanged.as_ref().map(|count| count.value);
            Some(ReturnView { id: Some(id), refund_id: None, lines, exchanged_lines })
        }
        OrderEvent::BroughtBack(id) => {
            let lines = &state.refunds.get(&id)?.content.as_ref()?.value.lines;
            let back = lines.iter().filter(|line| line.restock == crate::status::RestockType::Return);
            let lines = back.map(|line| (line.line, line.quantity)).collect();
            Some(ReturnView { id: None, refund_id: Some(id), lines, exchanged_lines: None })
        }
        _ => None,
    }
}

/// When it happened at Shopify, in seconds since 1970.
fn happened_at(state: &OrderState, event: OrderEvent) -> Option<i64> {
    let of_refund = |id| Some(state.refunds.get(&id)?.content.as_ref()?.stamp.seconds());
    match event {
        OrderEvent::Confirmed => {
            let first = [Milestone::Authorized, Milestone::Paid, Milestone::Created];
            first.into_iter().find_map(|milestone| state.reached(milestone))
        }
        OrderEvent::Paid => state.reached(Milestone::Paid),
        OrderEvent::PartiallyFulfilled(by) => state.reached(Milestone::PartiallyFulfilled(by)),
        OrderEvent::Fulfilled(by) => state.reached(Milestone::Fulfilled(by)),
        OrderEvent::Cancelled => state.reached(Milestone::Cancelled),
        OrderEvent::Refunded(id) | OrderEvent::BroughtBack(id) => of_refund(id),
        OrderEvent::Edited(id) => state.edits.get(&id).map(|edit| edit.stamp.seconds()),
        OrderEvent::Returned(id) => Some(state.returns.get(&id)?.status.as_ref()?.stamp.seconds()),
    }
}

fn rfc3339(seconds: i64) -> Option<String> {
    jiff::Timestamp::from_second(seconds).ok().map(|at| at.to_string())
}
