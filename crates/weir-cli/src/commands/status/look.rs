//! One look at a stack: everything at once, each part on its own, so that one that can't be read hides no other.

use std::time::Duration;

use resilience::{Clock, UnixMillis};
use weir_aws::{DynamoLedger, Operations, controls::Parameter};
use weir_shops::DynamoState;

use super::{
    flow::Flows,
    judge,
    model::Status,
    monitor, queues, refusals,
    shared::{self, Shared},
};
use crate::target::Place;

/// How old what processes share may be on a screen: reading it costs by its size.
const SHARED_EVERY: Duration = Duration::from_secs(30);

/// Looks at one stack.
pub(super) struct Looking {
    place: Place,
    sqs: aws_sdk_sqs::Client,
    state: DynamoState,
    operations: Operations,
    ledger: DynamoLedger,
    controls: Parameter,
    flows: Flows,
    last: Duration,
    shared: Option<(UnixMillis, Shared)>,
    refusals: Option<(UnixMillis, Vec<String>)>,
}

impl Looking {
    pub(super) fn new(place: Place, last: Duration) -> anyhow::Result<Self> {
        Ok(Self {
            sqs: aws_sdk_sqs::Client::new(&place.config),
            state: DynamoState::new(&place.config, place.output("StateTable")?, Clock::Wall),
            operations: Operations::new(&place.config, place.output("OperationsTable")?),
            // It is only read.
            ledger: DynamoLedger::new(&place.config, place.output("LedgerTable")?, Duration::ZERO),
            controls: Parameter::new(&place.config, place.output("ControlsParameter")?),
            flows: Flows::of(&place),
            last,
            shared: None,
            refusals: None,
            place,
        })
    }

    /// Looks once.
    ///
    /// # Errors
    /// If the lanes can't be read: then nothing can.
    pub(super) async fn look(&mut self) -> anyhow::Result<Status> {
        let now = UnixMillis::now();
        let mut status = Status {
            stack: self.place.stack.clone(),
            at: now.to_string(),
            last_seconds: self.last.as_secs(),
            ..Status::default()
        };
        let is_old = self.shared.as_ref().is_none_or(|(at, _)| now.since(*at) >= SHARED_EVERY);
        let shared = async { if is_old { Some(shared::read(&self.state, now).await) } else { None } };
        let (lanes, flow, shared, controls, monitor) = tokio::join!(
            queues::read(&self.place, &self.sqs),
            self.flows.read(now, self.last),
            shared,
            shared::controls(&self.controls),
            monitor::read(&self.operations, now),
        );
        status.lanes = lanes?;
        if let Some(read) = shared {
            self.shared = told("circuits and budgets", read, &mut status.unread).map(|shared| (now, shared));
        }
        if let Some((_, shared)) = &self.shared {
            status.circuits = Some(shared.circuits.clone());
            status.budgets = Some(shared.budgets.clone());
        }
        let is_old = self.refusals.as_ref().is_none_or(|(at, _)| now.since(*at) >= SHARED_EVERY);
        if status.lanes.iter().all(|lane| lane.delayed == 0) {
            self.refusals = None;
        } else if is_old {
            let read = refusals::read(&self.ledger, now).await;
            self.refusals = told("parked events", read, &mut status.unread).map(|refusals| (now, refusals));
        }
        status.refusals = self.refusals.as_ref().map(|(_, refusals)| refusals.clone());
        status.controls = told("controls", controls, &mut status.unread);
        status.shopify = told("the monitor's findings", monitor, &mut status.unread);
        if let Some((flow, oldest)) = told("rates and latencies", flow, &mut status.unread) {
            status.flow = Some(flow);
            for lane in &mut status.lanes {
                lane.oldest_seconds = oldest.get(lane.lane).copied();
            }
        }
        status.findings = judge::findings(&status);
        Ok(status)
    }
}

/// What was read, or nothing and the reason.
fn told<T>(what: &str, read: anyhow::Result<T>, unread: &mut Vec<String>) -> Option<T> {
    read.map_err(|error| {
        // Without the hint, which is about the whole command.
        let said = format!("{error:#}");
        let said = said.lines().next().unwrap_or_default();
        unread.push(format!("{what}: {said}"));
    })
    .ok()
}
