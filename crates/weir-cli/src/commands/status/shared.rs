//! What processes share: circuits and cost budgets; and what an operator switched off.

use anyhow::Context;
use resilience::{
    UnixMillis,
    breaker::{Circuit, Phase},
};
use shopify_client::budget::bucket::Bucket;
use weir_aws::controls::Parameter;
use weir_core::controls;
use weir_shops::DynamoState;

use super::model;

const CIRCUITS: &str = "breaker/";
const BUDGETS: &str = "budget/";

/// Budgets that are shown: those that are used most.
const MOST_BUDGETS: usize = 5;

/// Circuits that are not closed, and the budgets that are used most.
#[derive(Debug, Clone, Default)]
pub(super) struct Shared {
    pub(super) circuits: Vec<model::Circuit>,
    pub(super) budgets: Vec<model::Budget>,
}

/// Reads the whole table of shared documents.
pub(super) async fn read(state: &DynamoState, now: UnixMillis) -> anyhow::Result<Shared> {
    let mut shared = Shared::default();
    for (name, document) in state.list(&[CIRCUITS, BUDGETS]).await? {
        let unreadable = || format!("the document {name} is not what this version of weir writes");
        if let Some(circuit) = name.strip_prefix(CIRCUITS) {
            let read: Circuit = serde_json::from_str(&document.value).with_context(unreadable)?;
            shared.circuits.extend(shown(circuit, read));
        } else if let Some(shop) = name.strip_prefix(BUDGETS) {
            let mut bucket: Bucket = serde_json::from_str(&document.value).with_context(unreadable)?;
            // As it is by now, not as it was when somebody wrote it.
            bucket.advance(now);
            let Bucket { level, max, restore, .. } = bucket;
            shared.budgets.push(model::Budget { name: shop.to_owned(), level, max, restore });
        }
    }
    shared.budgets.sort_by(|a, b| (a.level / a.max).total_cmp(&(b.level / b.max)));
    shared.budgets.truncate(MOST_BUDGETS);
    Ok(shared)
}

fn shown(name: &str, circuit: Circuit) -> Option<model::Circuit> {
    let (phase, until) = match circuit.phase {
        Phase::Closed => return None,
        Phase::Open(until) => ("open", until),
        Phase::HalfOpen(until) => ("half_open", until),
    };
    Some(model::Circuit {
        name: name.to_owned(),
        phase,
        since: circuit.opened_at_ms.to_string(),
        until: until.to_string(),
        failed_probes: circuit.failed_probes,
        reason: circuit.reason,
    })
}

/// What is switched off, and how many limits there are.
pub(super) async fn controls(parameter: &Parameter) -> anyhow::Result<model::Controls> {
    let Some(stored) = parameter.read().await? else { return Ok(model::Controls::default()) };
    let (read, _left_out) = controls::Controls::read(&stored.text)?;
    let off = |switch: &controls::Switch| {
        let why = switch.why.as_ref().map_or(String::new(), |why| format!(": {why}"));
        format!("{} for {}{why}", switch.target.target(), switch.scope)
    };
    Ok(model::Controls { off: read.off.iter().map(off).collect(), limits: read.limits.len() })
}
