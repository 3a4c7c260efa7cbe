//! The rules of `weir_core::fence::enter` as conditions of a write.

use aws_sdk_dynamodb::types::AttributeValue;
use weir_core::{
    MAX_LEASE,
    fence::{EnterRequest, Run},
};

use super::item::ran;
use crate::ledger::item::{number, text};

/// One conditional write.
pub(super) struct Write {
    pub(super) update: String,
    pub(super) condition: String,
    pub(super) names: Vec<(&'static str, String)>,
    pub(super) values: Vec<(&'static str, AttributeValue)>,
}

/// Nobody else is in there.
const IS_FREE: &str =
    "(attribute_not_exists(#owner) OR #owner = :me OR lease_until_ms < :now OR lease_until_ms > :believed)";

/// An operator runs an event again, that its topic ran for.
const IS_FORCED: &str = "(begins_with(#ran, :of_event) AND #ran < :of_generation)";

const LEASE: &str = "#owner = :me, lease_until_ms = :until";
const STAMP: &str = "updated_at_ms = :now, expires_at_s = :expires";

/// The state becomes the newest.
pub(super) fn enter(ask: &EnterRequest<'_>) -> Write {
    let (order, topic) = (is_not_older(ask), may_run(ask));
    let condition = format!("attribute_not_exists(pk) OR ({IS_FREE} AND {order} AND {topic})");
    let (set, remove) = state(ask);
    Write::new(ask, format!("SET {STAMP}, {LEASE}, {set}{remove}"), condition)
}

/// Another topic of the same action overtook the event: the newest state stays.
pub(super) fn enter_beside(ask: &EnterRequest<'_>) -> Write {
    let same = match &ask.state.event {
        Some(_) => "(#event = :event OR #body = :body)",
        None => "#body = :body",
    };
    let condition = format!("{IS_FREE} AND updated_ns = :updated AND {same} AND {}", may_run(ask));
    Write::new(ask, format!("SET {STAMP}, {LEASE}"), condition)
}

/// The state is not the one of the topic's run that was read, though it has its body.
pub(super) fn enter_after(ask: &EnterRequest<'_>, seen: &Run) -> Write {
    let condition = format!("{IS_FREE} AND {} AND #ran = :seen", is_not_older(ask));
    let (set, remove) = state(ask);
    let mut write = Write::new(ask, format!("SET {STAMP}, {LEASE}, {set}{remove}"), condition);
    write.values.push((":seen", text(seen.to_string())));
    write
}

/// The rule of `weir_core::topics::Version::order`. An item has `updated_ns`, or else `earliest_ns`.
fn is_not_older(ask: &EnterRequest<'_>) -> String {
    let version = ask.state.version;
    let (apart, meets) = match version.updated_at() {
        Some(_) => {
            ("latest_ns < :earliest OR updated_ns < :updated", "updated_ns = :updated OR earliest_ns <= :latest")
        }
        None => ("latest_ns < :earliest", "updated_ns <= :latest OR earliest_ns <= :latest"),
    };
    match version.triggered_at() {
        Some(_) => {
            let later = "attribute_not_exists(triggered_ns) OR triggered_ns <= :triggered";
            format!("({apart} OR (({meets}) AND ({later})))")
        }
        None => format!("({apart} OR {meets})"),
    }
}

/// The rule among the runs of a topic.
fn may_run(ask: &EnterRequest<'_>) -> String {
    if ask.once {
        return format!("(attribute_not_exists(#ran) OR {IS_FORCED})");
    }
    // `weir_core::fence::looks_repeated`, after which the item has to be read.
    let later = match (ask.state.version.updated_at(), ask.state.version.triggered_at()) {
        (Some(_), None) => "(#ran < :at_version AND NOT (contains(#ran, :in_body) AND #body = :body))",
        _ => "#ran < :at_version",
    };
    format!(
        "(attribute_not_exists(#ran) OR NOT begins_with(#ran, :at_update) OR {IS_FORCED} OR {later} \
        OR (begins_with(#ran, :at_version) AND NOT contains(#ran, :in_body) AND NOT contains(#ran, :in_delivery)))"
    )
}

/// What sets the newest state: attributes to set and to remove.
fn state(ask: &EnterRequest<'_>) -> (String, String) {
    let state = ask.state;
    let (time, other) = match state.version.updated_at() {
        Some(_) => ("updated_ns = :updated", "earliest_ns"),
        None => ("earliest_ns = :earliest", "updated_ns"),
    };
    let mut set = format!("{time}, latest_ns = :latest, #body = :body");
    // Without one the last that is known still counts.
    if state.version.triggered_at().is_some() {
        set.push_str(", triggered_ns = :triggered");
    }
    let mut remove = vec![other];
    let optional = [("#event", ":event", state.event.is_some()), ("content", ":content", state.content.is_some())];
    for (name, value, is_known) in optional {
        match is_known {
            true => set.push_str(&format!(", {name} = {value}")),
            false => remove.push(name),
        }
    }
    (set, format!(" REMOVE {}", remove.join(", ")))
}

impl Write {
    /// With the names and values that its expressions use: DynamoDB refuses others.
    fn new(ask: &EnterRequest<'_>, update: String, condition: String) -> Self {
        let (run, state) = (ask.run, ask.state);
        let names = [("#ran", ran(ask.mark)), ("#body", "body".to_owned()), ("#event", "event".to_owned())];
        let values = [
            (":until", Some(number(ask.lease_until.0))),
            (":believed", Some(number((ask.now + MAX_LEASE).0))),
            (":updated", state.version.updated_at().map(number)),
            (":earliest", Some(number(state.version.earliest()))),
            (":latest", Some(number(state.version.latest()))),
            (":triggered", state.version.triggered_at().map(number)),
            (":body", Some(text(&state.body))),
            (":event", state.event.as_ref().map(text)),
            (":content", state.content.as_ref().map(|content| text(content.to_string()))),
            (":at_update", Some(text(run.at_update()))),
            (":at_version", Some(text(run.at_version()))),
            (":of_event", Some(text(run.of_event()))),
            (":of_generation", Some(text(run.of_generation()))),
            (":in_body", Some(text(format!("/{}", run.body)))),
            (":in_delivery", Some(text(format!("/{}/", run.delivery)))),
        ];
        let is_used =
            |name: &str| [&update, &condition].into_iter().any(|text| tokens(text).any(|token| token == name));
        let names = names.into_iter().filter(|(name, _)| is_used(name)).collect();
        let values = values.into_iter().filter_map(|(name, value)| Some((name, value.filter(|_| is_used(name))?)));
        let values = values.collect();
        Self { update, condition, names, values }
    }
}

fn tokens(expression: &str) -> impl Iterator<Item = &str> {
    expression.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '#')))
}
