//! Something that handlers call: down at times, else in order of arrival.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use crate::{
    history::{Effect, History},
    network::{Network, Process},
};
use tokio::time::{Instant, sleep};
use weir_consumer::{
    destination::{CallError, Destination},
    router::Event,
};
use weir_core::Failure;

/// A destination's own side.
#[derive(Clone)]
pub(crate) struct SimDestination {
    pub(crate) name: &'static str,
    pub(crate) takes: Duration,
    pub(crate) is_down: Arc<AtomicBool>,
    pub(crate) history: Arc<History>,
    pub(crate) network: Arc<Network>,
}

impl SimDestination {
    /// One call of a handler.
    pub(crate) async fn deliver(&self, process: &Process, door: &Destination, event: &Event) -> Result<(), Failure> {
        let (to, id) = (self.clone(), event.meta().webhook_id.clone());
        let call = async {
            sleep(self.takes).await;
            let reply = self.network.attempt(process, move || to.take(id.as_str())).await;
            reply.unwrap_or_else(|failed| Err(CallError::Down(failed.0.to_owned())))
        };
        door.call(event, call).await
    }

    fn take(&self, webhook_id: &str) -> Result<(), CallError> {
        if self.is_down.load(Ordering::SeqCst) || self.network.dice.hits(self.network.faults().destination_fails) {
            return Err(CallError::Down("HTTP 500".to_owned()));
        }
        let (webhook_id, as_what) = (webhook_id.to_owned(), self.name.to_owned());
        self.history.book().delivered.push(Effect { webhook_id, as_what, at: Instant::now() });
        Ok(())
    }
}
