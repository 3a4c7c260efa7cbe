//! What processes share: circuits and cost budgets; and what an operator switched off.

use resilience::{
    Clock, UnixMillis,
    breaker::{Circuit, Phase},
};
use shopify_client::budget::bucket::Bucket;
use weir_aws::controls::Parameter;
use weir_core::controls;
use weir_shops::DynamoState;

use super::{
    error::HealthError,
    model::{BudgetStatus, CircuitStatus, ControlsStatus},
};
use crate::Stack;

const CIRCUITS: &str = "breaker/";
const BUDGETS: &str = "budget/";

/// Budgets that are shown: those that are used most.
const MOST_BUDGETS: usize = 5;

/// Circuits that are not closed, and the budgets that are used most.
#[derive(Debug, Clone, Default)]
pub(super) struct Shared {
    pub(super) circuits: Vec<CircuitStatus>,
    pub(super) budgets: Vec<BudgetStatus>,
}

/// Reads the whole table of shared documents.
pub(super) async fn read(state: &DynamoState, now: UnixMillis) -> Result<Shared, HealthError> {
    let mut shared = Shared::default();
    for (name, document) in state.list(&[CIRCUITS, BUDGETS]).await? {
        let unreadable = |source| HealthError::Document { name: name.clone(), source };
        if let Some(circuit) = name.strip_prefix(CIRCUITS) {
            let read: Circuit = serde_json::from_str(&document.value).map_err(unreadable)?;
            shared.circuits.extend(shown(circuit, read));
        } else if let Some(shop) = name.strip_prefix(BUDGETS) {
            let mut bucket: Bucket = serde_json::from_str(&document.value).map_err(unreadable)?;
            // As it is by now, not as it was when somebody wrote it.
            bucket.advance(now);
            let Bucket { level, max, restore, .. } = bucket;
            shared.budgets.push(BudgetStatus { name: shop.to_owned(), level, max, restore });
        }
    }
    shared.budgets.sort_by(|a, b| (a.level / a.max).total_cmp(&(b.level / b.max)));
    shared.budgets.truncate(MOST_BUDGETS);
    Ok(shared)
}

/// The circuits of a stack that are not closed.
///
/// # Errors
/// If the stack lacks the output `StateTable`, or the table can't be read.
pub async fn circuits(stack: &Stack) -> Result<Vec<CircuitStatus>, HealthError> {
    let state = DynamoState::new(&stack.config, stack.output("StateTable")?, Clock::Wall);
    Ok(read(&state, UnixMillis::now()).await?.circuits)
}

fn shown(name: &str, circuit: Circuit) -> Option<CircuitStatus> {
    let (phase, until) = match circuit.phase {
        Phase::Closed => return None,
        Phase::Open(until) => ("open", until),
        Phase::HalfOpen(until) => ("half_open", until),
    };
    Some(CircuitStatus {
        name: name.to_owned(),
        phase,
        since: circuit.opened_at_ms.to_string(),
        until: until.to_string(),
        failed_probes: circuit.failed_probes,
        reason: circuit.reason,
    })
}

/// What is switched off, and how many limits there are.
pub(super) async fn controls(parameter: &Parameter) -> Result<ControlsStatus, HealthError> {
    let Some(stored) = parameter.read().await? else { return Ok(ControlsStatus::default()) };
    let (read, _left_out) = controls::Controls::read(&stored.text)?;
    let off = |switch: &controls::Switch| {
        let why = switch.why.as_ref().map_or(String::new(), |why| format!(": {why}"));
        format!("{} for {}{why}", switch.target.target(), switch.scope)
    };
    Ok(ControlsStatus { off: read.off.iter().map(off).collect(), limits: read.limits.len() })
}
