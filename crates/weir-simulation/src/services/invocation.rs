//! All services, as one invocation reaches them.

use std::{sync::Arc, time::Duration};

use weir_aws::{BodyError, CallError, ErrorClass, NotParked};
use weir_consumer::services::{BodyStore, Queue, Services};
use weir_core::{
    envelope::{Envelope, Meta},
    ledger::Key,
};
use weir_worker::publish::PublishStep;

use super::{Capacity, SimQueue, bus::SimBus, store::SimStore};
use crate::{
    Environment, Service,
    history::History,
    network::{Failed, Network, Process},
};

/// The services of one invocation.
pub(crate) type SimServices = Services<SimStore, SimStore, NoBodies, SimLane>;

/// The lane's queue, as one invocation reaches it.
pub(crate) struct SimLane {
    pub(crate) queue: SimQueue,
    pub(crate) history: Arc<History>,
    pub(crate) network: Arc<Network>,
    pub(crate) process: Arc<Process>,
    /// What the invocation sends has this lineage: the SDK passes it on.
    pub(crate) lineage: u32,
}

/// What outlives an invocation.
#[derive(Clone)]
pub(crate) struct SharedServices {
    pub(crate) network: Arc<Network>,
    pub(crate) history: Arc<History>,
    pub(crate) tables: Arc<weir_testkit::ModelLedger>,
    pub(crate) capacity: Arc<Capacity>,
    pub(crate) queue: SimQueue,
    pub(crate) environment: Environment,
}

/// No simulated body is too large for a message.
pub(crate) struct NoBodies;

impl SharedServices {
    /// As an invocation of this lineage reaches them.
    pub(crate) fn of_invocation(
        &self,
        process: &Arc<Process>,
        lineage: u32,
    ) -> (SimServices, PublishStep<SimBus, NoBodies>) {
        let Self { network, history, tables, capacity, queue, environment } = self.clone();
        let process = || process.clone();
        let store =
            SimStore { tables, capacity, history: history.clone(), network: network.clone(), process: process() };
        let bus = SimBus { history: history.clone(), network: network.clone(), process: process(), environment };
        let queue = SimLane { queue, history, network, process: process(), lineage };
        let services = Services { ledger: store.clone(), fence: store, bodies: NoBodies, queue };
        (services, PublishStep { bus: Arc::new(bus), bodies: NoBodies })
    }
}

impl Queue for SimLane {
    async fn postpone(&self, messages: &[(String, Duration)]) -> Option<(usize, String)> {
        let (queue, network, messages) = (self.queue.clone(), self.network.clone(), messages.to_vec());
        let count = messages.len();
        let change = move || {
            let refused = |(receipt, delay): &&(String, Duration)| {
                network.dice.hits(network.faults().entry_refused) || !queue.change_visibility(receipt, *delay)
            };
            Ok(messages.iter().filter(refused).count())
        };
        match self.network.call(&self.process, Service::Queue, change).await {
            Ok(0) => None,
            Ok(refused) => Some((refused, "InternalError".to_owned())),
            Err(Failed(why)) => Some((count, why.to_owned())),
        }
    }

    async fn park(&self, copy: String, group: &str, delay: Duration) -> Result<(), NotParked> {
        let (queue, group, lineage) = (self.queue.clone(), group.to_owned(), self.lineage);
        // Whole seconds, as SQS counts.
        let delay = Duration::from_secs(delay.as_secs_f64().ceil() as u64);
        let key = Envelope::parse(&copy).ok().map(|envelope| Key::of(&envelope.meta));
        let send = move || {
            queue.send_on(copy.clone(), &group, delay, lineage);
            Ok(())
        };
        let sent = self.network.call(&self.process, Service::Queue, send).await;
        if sent.is_err() {
            self.history.book().not_parked.extend(key);
        }
        sent.map_err(|Failed(why)| NotParked(not_answered("SendMessage", why)))
    }
}

impl BodyStore for NoBodies {
    async fn get(&self, _reference: &str) -> Result<Vec<u8>, BodyError> {
        Err(BodyError::Lost)
    }

    async fn put(&self, _meta: &Meta, _body: Vec<u8>) -> Result<String, BodyError> {
        Err(BodyError::Lost)
    }
}

fn not_answered(operation: &'static str, why: &str) -> CallError {
    CallError { operation, resource: "lane".to_owned(), reason: why.to_owned(), class: ErrorClass::Unavailable }
}
