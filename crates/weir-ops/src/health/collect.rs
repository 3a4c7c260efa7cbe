//! Reads the status of a stack: everything at once, each part on its own, so that one that can't be read hides no other.

use std::{error::Error, time::Duration};

use resilience::{Clock, UnixMillis};
use weir_aws::{DocumentStore, DynamoLedger, QueueDepths, controls::Parameter};
use weir_shops::DynamoState;

use super::{
    error::HealthError,
    findings::findings,
    model::{Health, Part, Status, Unread},
    monitor, queues, refusals,
    shared_state::{self, Shared},
    thresholds::Thresholds,
    traffic::TrafficSource,
};
use crate::{Stack, StackError};

/// How old what processes share may be: reading it costs by its size.
const SHARED_STATE_MAX_AGE: Duration = Duration::from_secs(30);

/// Reads the status of one stack, again and again.
pub struct StatusCollector {
    stack: Stack,
    thresholds: Thresholds,
    depths: QueueDepths,
    state: DynamoState,
    operations: DocumentStore,
    ledger: DynamoLedger,
    controls: Parameter,
    traffic: TrafficSource,
    last: Duration,
    shared: Option<(UnixMillis, Shared)>,
    refusals: Option<(UnixMillis, Vec<String>)>,
}

impl StatusCollector {
    /// For rates and latencies of the `last` time.
    ///
    /// # Errors
    /// If the stack lacks an output.
    pub fn new(stack: Stack, last: Duration) -> Result<Self, StackError> {
        Ok(Self {
            thresholds: Thresholds::of(&stack),
            depths: QueueDepths::new(&stack.config),
            state: DynamoState::new(&stack.config, stack.output("StateTable")?, Clock::Wall),
            operations: DocumentStore::new(&stack.config, stack.output("OperationsTable")?),
            // It is only read.
            ledger: DynamoLedger::new(&stack.config, stack.output("LedgerTable")?, Duration::ZERO),
            controls: Parameter::new(&stack.config, stack.output("ControlsParameter")?),
            traffic: TrafficSource::of(&stack),
            last,
            shared: None,
            refusals: None,
            stack,
        })
    }

    /// The stack.
    #[must_use]
    pub fn stack(&self) -> &Stack {
        &self.stack
    }

    /// Reads everything once.
    ///
    /// # Errors
    /// If the lanes can't be read: then nothing can.
    pub async fn collect(&mut self) -> Result<Health, HealthError> {
        let now = UnixMillis::now();
        let mut unread = Vec::new();
        let mut status = Status {
            stack: self.stack.name.clone(),
            at: now.to_string(),
            last_seconds: self.last.as_secs(),
            ..Status::default()
        };
        let is_old = self.shared.as_ref().is_none_or(|(at, _)| now.since(*at) >= SHARED_STATE_MAX_AGE);
        let shared = async { if is_old { Some(shared_state::read(&self.state, now).await) } else { None } };
        let (lanes, traffic, shared, controls, monitor) = tokio::join!(
            queues::read(&self.stack, &self.depths),
            self.traffic.read(now, self.last),
            shared,
            shared_state::controls(&self.controls),
            monitor::read(&self.operations, now),
        );
        status.lanes = lanes?;
        if let Some(read) = shared {
            self.shared = known(Part::SharedState, read, &mut unread).map(|shared| (now, shared));
        }
        if let Some((_, shared)) = &self.shared {
            status.circuits = Some(shared.circuits.clone());
            status.budgets = Some(shared.budgets.clone());
        }
        let is_old = self.refusals.as_ref().is_none_or(|(at, _)| now.since(*at) >= SHARED_STATE_MAX_AGE);
        if status.lanes.iter().all(|lane| lane.delayed == 0) {
            self.refusals = None;
        } else if is_old {
            let read = refusals::read(&self.ledger, now).await;
            self.refusals = known(Part::ParkedEvents, read, &mut unread).map(|refusals| (now, refusals));
        }
        status.refusals = self.refusals.as_ref().map(|(_, refusals)| refusals.clone());
        status.controls = known(Part::Controls, controls, &mut unread);
        status.shopify = known(Part::Monitor, monitor, &mut unread);
        if let Some((traffic, oldest)) = known(Part::Traffic, traffic, &mut unread) {
            status.flow = Some(traffic);
            for lane in &mut status.lanes {
                lane.oldest_seconds = oldest.get(&lane.lane).copied();
            }
        }
        Ok(Health { findings: findings(&status, &self.thresholds), status, unread })
    }
}

/// What was read; if nothing was, the reason is added to `unread`.
fn known<T>(part: Part, read: Result<T, HealthError>, unread: &mut Vec<Unread>) -> Option<T> {
    read.map_err(|error| unread.push(Unread { part, reason: reason(&error) })).ok()
}

/// The error and its causes, in a line.
fn reason(error: &HealthError) -> String {
    let mut all = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        all.push_str(": ");
        all.push_str(&error.to_string());
        next = error.source();
    }
    all
}
