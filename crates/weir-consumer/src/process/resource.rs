//! The way of an event through the fence of its resource.

use std::time::Duration;

use tokio::time::Instant;
use weir_core::{
    Backoff, Failure, UnixMillis,
    fence::{self, Entry, Fence, Leave, Mark, Run, Settled, State},
    ledger::Owner,
    quarantined_until,
    topics::{Snapshot, Version, happens_once},
};

use super::{Processor, execute::AttemptError, fate::store_failure};
use crate::{LastStep, router::Event, services::WorkerServices};

/// How long an event waits for another one of its resource. That is handled in a fraction of a second as a rule, and a
/// short wait saves a receive.
const RESOURCE_WAIT_TIMEOUT: Duration = Duration::from_secs(2);

/// The waits between two tries. Each try costs a write that is refused.
const POLL_BACKOFF: Backoff = Backoff { base: Duration::from_millis(100), cap: Duration::from_millis(500) };

/// The right to handle an event of a resource.
pub(super) struct Visit {
    key: String,
    mark: Mark,
    run: Run,
    state: State,
    once: bool,
}

/// The answer of the fence, after the wait.
pub(super) enum Visited {
    /// The event may be handled.
    Inside(Box<Visit>),
    /// It ran before.
    Ran,
    /// A newer state came first, of this version.
    Stale(Version),
    /// The same state came before, by the same topic.
    Repeated,
}

impl<S: WorkerServices, P: LastStep> Processor<S, P> {
    /// Enters the resource, after a short wait if another event of it is being handled.
    pub(super) async fn enter(&self, event: &Event, snapshot: Snapshot, owner: &Owner) -> Result<Visited, Failure> {
        let meta = event.meta();
        let state = State::of(meta, snapshot.version, snapshot.content);
        let run = Run::of(meta, &state);
        let once = meta.synthetic.is_some() && happens_once(meta.topic.as_str());
        let visit = Visit { key: snapshot.key, mark: Mark::of(meta), run, state, once };
        let until = Instant::now() + RESOURCE_WAIT_TIMEOUT;
        let mut look = 0;
        loop {
            look += 1;
            let entry = self.consumer.services.fence().enter(&self.ask(&visit, owner)).await;
            let rest = match entry.map_err(|error| not_reached(&visit.key, &error))? {
                Entry::Granted => return Ok(Visited::Inside(Box::new(visit))),
                Entry::Ran => return Ok(Visited::Ran),
                Entry::Stale(version) => return Ok(Visited::Stale(version)),
                Entry::Repeated => return Ok(Visited::Repeated),
                Entry::Busy(rest) => rest,
            };
            let wait = POLL_BACKOFF.delay(look, &mut fastrand::Rng::new());
            if Instant::now() + wait > until {
                return Err(Failure::outage("another event of its resource is being handled", rest));
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// Leaves the resource to others. If that can't be written, they wait until the lease ends, and nothing is lost.
    pub(super) async fn leave(
        &self,
        visit: &Visit,
        owner: &Owner,
        effect: &Result<(), Failure>,
    ) -> Result<(), AttemptError> {
        let how = match effect {
            Ok(()) => Leave::Ran,
            Err(Failure::Permanent(_)) => Leave::Free,
            // What was tried may still land, after an answer that never came: nothing newer may pass it.
            Err(Failure::Transient(_) | Failure::Panic | Failure::Outage { .. } | Failure::Misconfigured(_)) => {
                Leave::Closed(quarantined_until(self.consumer.clock.now()))
            }
        };
        match self.consumer.services.fence().leave(&self.ask(visit, owner), how).await {
            Ok(Settled::Written) => Ok(()),
            Ok(Settled::Lost) => {
                tracing::warn!(
                    resource = visit.key,
                    ?how,
                    "The lease of the resource had ended: another event holds it"
                );
                Err(AttemptError::Lost)
            }
            Err(error) => {
                tracing::warn!(resource = visit.key, error = %error.source, "{error}: its lease runs out");
                // Without the mark another event of this state and topic could run: this one is not done before it is
                // there. It comes back when the lease is over.
                if effect.is_ok() { Err(not_reached(&visit.key, &error).into()) } else { Ok(()) }
            }
        }
    }

    fn ask<'a>(&self, visit: &'a Visit, owner: &'a Owner) -> fence::EnterRequest<'a> {
        let Visit { key, mark, run, state, once } = visit;
        let (now, lease_until): (UnixMillis, UnixMillis) = (self.consumer.clock.now(), self.lease_until);
        fence::EnterRequest { key, owner, mark, run, state, now, lease_until, once: *once }
    }
}

fn not_reached(key: &str, error: &weir_core::StoreError) -> Failure {
    if error.source.is::<weir_aws::BadItem>() {
        let reason = weir_aws::reason(&*error.source);
        return Failure::outage(format!("{error}: {reason}{}", reset_hint(key)), super::RETRY_DELAY);
    }
    store_failure(error)
}

/// An item that is not weir's is there until somebody resets it.
fn reset_hint(key: &str) -> String {
    match key.splitn(3, '#').collect::<Vec<_>>()[..] {
        [shop, app, resource] => format!("; weir fence show {resource} --shop {shop} --app {app}"),
        _ => String::new(),
    }
}
