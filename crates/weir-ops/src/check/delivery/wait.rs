//! Waits for the end of what was sent.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use weir_core::{
    Failure,
    ledger::{Key, Record, State},
};
use weir_load::ProbeError;

use super::{DeliveryFinding, events::Event};
use crate::{Stack, StackError};

/// Between two looks at the ledger.
const LOOK_INTERVAL: Duration = Duration::from_millis(250);

/// An event that ingest accepted.
#[derive(Debug)]
pub(super) struct Accepted {
    pub(super) event: Event,
    /// When it was posted.
    pub(super) at: Instant,
}

/// The ledger can't be asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum WaitError {
    #[error(transparent)]
    Stack(#[from] StackError),
    #[error(transparent)]
    Probe(#[from] ProbeError),
}

/// What became of each event, once all have ended or the time is up; and why the ledger could not be read any more.
pub(super) async fn ended(
    stack: &Stack,
    open: Vec<Accepted>,
    timeout: Duration,
) -> (Vec<(String, DeliveryFinding)>, Option<WaitError>) {
    let mut found = Vec::new();
    let waited = wait(stack, open, timeout, &mut found).await;
    (found, waited.err())
}

async fn wait(
    stack: &Stack,
    mut open: Vec<Accepted>,
    timeout: Duration,
    found: &mut Vec<(String, DeliveryFinding)>,
) -> Result<(), WaitError> {
    let probe = stack.ledger_probe_of(Vec::new())?;
    let began = Instant::now();
    while !open.is_empty() {
        let is_over = began.elapsed() >= timeout;
        let keys: Vec<Key> = open.iter().map(|one| Key { event: one.event.key(), generation: 0 }).collect();
        let records = probe.records(&keys).await?;
        open.retain(|one| {
            let record = records.iter().find(|record| record.key.event == one.event.key());
            let kind = judged(&one.event, record, one.at.elapsed(), is_over);
            let is_open = kind.is_none();
            found.extend(kind.map(|kind| (one.event.subject(), kind)));
            is_open
        });
        if !open.is_empty() {
            sleep(LOOK_INTERVAL).await;
        }
    }
    Ok(())
}

/// `None` while it may still be done by itself.
fn judged(event: &Event, record: Option<&Record>, waited: Duration, is_over: bool) -> Option<DeliveryFinding> {
    let state = record.map(|record| &record.state);
    if state == Some(&State::Done) {
        return Some(DeliveryFinding::Done { event: event.checked(), took: waited });
    }
    // It is in the dead-letter queue, or something that it needs is not there.
    let is_stuck = matches!(state, Some(State::Failed(Failure::Permanent(_)) | State::Parked { .. } | State::Dropped));
    (is_stuck || is_over).then(|| DeliveryFinding::NotDone {
        event: event.checked(),
        waited,
        state: state.map(State::as_str),
        last_error: record.and_then(|record| record.last_error.clone()),
    })
}

#[cfg(test)]
mod tests {
    use weir_core::UnixMillis;

    use super::*;
    use crate::events::fixtures;

    fn judged_as(state: Option<State>, is_over: bool) -> Option<DeliveryFinding> {
        let event = Event::all(&[]).swap_remove(0);
        let record = state.map(|state| Record { state, last_error: Some("no".into()), ..fixtures::record() });
        judged(&event, record.as_ref(), Duration::from_secs(1), is_over)
    }

    #[test]
    fn event_that_is_done_went_the_whole_way() {
        assert!(matches!(judged_as(Some(State::Done), true), Some(DeliveryFinding::Done { .. })));
    }

    #[test]
    fn event_that_may_still_be_done_is_waited_for_until_the_time_is_up() {
        let leased = State::Leased { until: UnixMillis(1) };
        for state in [None, Some(leased), Some(State::Failed(Failure::transient("throttled")))] {
            assert_eq!(judged_as(state.clone(), false), None, "{state:?}");
            let over = judged_as(state.clone(), true);
            let Some(DeliveryFinding::NotDone { state: said, .. }) = over else { panic!("{over:?}") };
            assert_eq!(said, state.as_ref().map(State::as_str));
        }
    }

    #[test]
    fn event_that_is_stuck_is_not_waited_for() {
        for state in [State::Failed(Failure::permanent("bad")), State::Parked { until: UnixMillis(1) }] {
            let found = judged_as(Some(state.clone()), false);
            let Some(DeliveryFinding::NotDone { last_error, .. }) = found else { panic!("{found:?}") };
            assert_eq!(last_error.as_deref(), Some("no"), "{state:?}");
        }
    }
}
