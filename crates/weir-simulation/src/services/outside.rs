//! All services, as one invocation reaches them.

use std::{sync::Arc, time::Duration};

use weir_aws::{BodyError, CallError, ErrorClass, NotParked};
use weir_core::envelope::Meta;
use weir_worker::outside::{BodyStore, Outside, Queue};

use super::{SimQueue, bus::SimBus, store::SimStore};
use crate::network::{Failed, Network, Process};

pub(crate) struct SimOutside {
    pub(crate) store: SimStore,
    pub(crate) bus: Arc<SimBus>,
    pub(crate) lane: SimLane,
}

/// The lane's queue, as one invocation reaches it.
pub(crate) struct SimLane {
    pub(crate) queue: SimQueue,
    pub(crate) network: Arc<Network>,
    pub(crate) process: Arc<Process>,
}

/// No simulated body is too large for a message.
pub(crate) struct NoBodies;

impl SimOutside {
    pub(crate) fn new(
        process: &Arc<Process>,
        network: &Arc<Network>,
        history: &Arc<crate::history::History>,
        tables: &Arc<weir_testkit::ModelLedger>,
        queue: &SimQueue,
    ) -> Self {
        let (process, network) = (|| process.clone(), || network.clone());
        let (tables, history) = (tables.clone(), || history.clone());
        Self {
            store: SimStore { tables, history: history(), network: network(), process: process() },
            bus: Arc::new(SimBus { history: history(), network: network(), process: process() }),
            lane: SimLane { queue: queue.clone(), network: network(), process: process() },
        }
    }
}

impl Outside for SimOutside {
    type Ledger = SimStore;
    type Fence = SimStore;
    type Bus = SimBus;
    type Bodies = NoBodies;
    type Queue = SimLane;

    fn ledger(&self) -> &SimStore {
        &self.store
    }
    fn fence(&self) -> &SimStore {
        &self.store
    }
    fn bus(&self) -> Arc<SimBus> {
        self.bus.clone()
    }
    fn bodies(&self) -> &NoBodies {
        &NoBodies
    }
    fn queue(&self) -> &SimLane {
        &self.lane
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
            messages.iter().filter(refused).count()
        };
        match self.network.call(&self.process, change).await {
            Ok(0) => None,
            Ok(refused) => Some((refused, "InternalError".to_owned())),
            Err(Failed(why)) => Some((count, why.to_owned())),
        }
    }

    async fn park(&self, copy: String, group: &str, delay: Duration) -> Result<(), NotParked> {
        let (queue, group) = (self.queue.clone(), group.to_owned());
        // Whole seconds, as SQS counts.
        let delay = Duration::from_secs(delay.as_secs_f64().ceil() as u64);
        let send = move || queue.send(copy.clone(), &group, delay);
        let sent = self.network.call(&self.process, send).await;
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
