//! The stores: the decisions are `weir_core`'s own, applied as `weir_testkit::ModelLedger` does.
//!
//! A [`Variant`] does one thing wrong here, around the same decisions.

use std::collections::BTreeMap;

use weir_core::{
    Failure, Lane, UnixMillis,
    fence::{self, Entry, Mark, Run},
    lease_until,
    ledger::{self, AttemptResult, Claim, Key, Record, Settled},
    park::{GaveUp, Parked},
    topics::Version,
};

use super::{
    scenario::{Event, Scenario},
    state::{End, Owner, Ran, Resource, Row, RowState, Stay, TICK, Ticks, Worker},
    variant::Variant,
};

const NOW: UnixMillis = UnixMillis(1_795_755_600_000);

fn at(ticks: Ticks) -> UnixMillis {
    UnixMillis(NOW.0 + i64::from(ticks) * TICK.as_millis() as i64)
}

fn ticks(at: UnixMillis) -> Ticks {
    Ticks::try_from((at.0 - NOW.0) / TICK.as_millis() as i64).unwrap_or(Ticks::MAX)
}

fn owner(owner: Owner) -> ledger::Owner {
    ledger::Owner(char::from(b'a' + owner).to_string())
}

fn body(body: u8) -> String {
    char::from(b'0' + body).to_string()
}

impl Worker {
    /// The time that its request carries.
    fn now(&self) -> UnixMillis {
        at(self.asked.unwrap_or(self.ahead))
    }

    fn lease_until(&self, variant: Option<Variant>) -> UnixMillis {
        match variant {
            Some(Variant::LeaseShorterThanTheRun) => at(self.deadline - 2),
            Some(Variant::LeaseIgnoresClockSkew) => at(self.deadline),
            _ => lease_until(at(self.deadline)),
        }
    }
}

fn record(row: &Row) -> Record {
    let state = match row.state {
        RowState::Leased(until) => ledger::State::Leased { until: at(until) },
        RowState::Done => ledger::State::Done,
        RowState::Stale => ledger::State::Stale,
        RowState::Failed { permanent: true } => ledger::State::Failed(Failure::permanent("")),
        RowState::Failed { permanent: false } => ledger::State::Failed(Failure::transient("")),
        RowState::Parked => ledger::State::Parked { until: NOW },
    };
    Record {
        owner: owner(row.owner),
        attempts: 1,
        parks: u32::from(row.parks),
        body_sha256: body(row.body),
        ..Record::new(Key { event: String::new(), generation: 0 }, state, NOW)
    }
}

pub(crate) fn claim(row: &mut Option<Row>, worker: &Worker, variant: Option<Variant>) -> Claim {
    let ask = ledger::ClaimRequest {
        key: &Key { event: String::new(), generation: u32::from(worker.generation) },
        owner: &owner(worker.owner),
        body_sha256: &body(worker.body),
        meta: None,
        resource: None,
        lane: Lane::Standard,
        receives: u32::from(worker.receives),
        parks: worker.stay.map_or(0, |stay| u32::from(stay.count)),
        now: worker.now(),
        lease_until: worker.lease_until(variant),
    };
    let claim = ledger::claim(row.as_ref().map(record).as_ref(), &ask);
    if claim.is_granted() {
        let state = RowState::Leased(ticks(ask.lease_until));
        let parks = row.map_or(0, |row| row.parks);
        *row = Some(Row { state, owner: worker.owner, parks, body: worker.body });
    }
    claim
}

pub(crate) fn settle(row: &mut Option<Row>, worker: &Worker, end: End, variant: Option<Variant>) -> Settled {
    let parks = worker.stay.map_or(0, |stay| stay.count);
    let ending = match end {
        End::Done => AttemptResult::Done,
        End::Stale => AttemptResult::Stale,
        End::Repeated => AttemptResult::Repeated,
        End::Transient => AttemptResult::Failed(Failure::transient("")),
        End::Permanent => AttemptResult::Failed(Failure::permanent("")),
        End::Parked => AttemptResult::Parked { parks: u32::from(parks), until: NOW, reason: String::new() },
    };
    let before = row.as_ref().map(record);
    let who = match (variant, &before) {
        (Some(Variant::UnfencedSettle), Some(record)) => record.owner.clone(),
        _ => owner(worker.owner),
    };
    let settled = ledger::settle(before.as_ref(), &who, &ending);
    if let (Settled::Written, Some(row)) = (settled, row) {
        row.state = match end {
            End::Done => RowState::Done,
            End::Stale | End::Repeated => RowState::Stale,
            End::Transient => RowState::Failed { permanent: false },
            End::Permanent => RowState::Failed { permanent: true },
            End::Parked => RowState::Parked,
        };
        if end == End::Parked {
            row.parks = parks;
        }
    }
    settled
}

fn fence_state(event: &Event) -> fence::State {
    let at = |millis: i64| jiff::Timestamp::from_millisecond(NOW.0 + millis).ok();
    let (second, triggered) = (i64::from(event.second) * 1_000, i64::from(event.triggered) * 100);
    let version = Version::new(at(second), at(second + triggered)).expect("both times are known");
    let event_id = event.action.map(|action| action.to_string());
    fence::State { version, body: event.state.to_string(), event: event_id, content: None }
}

fn run(ran: &Ran, events: &[Event]) -> Run {
    let fence::State { version, body: shown, .. } = fence_state(&events[usize::from(ran.event)]);
    Run { version, delivery: body(ran.event), generation: u32::from(ran.generation), body: shown }
}

fn mark(mark: usize) -> Mark {
    Mark::from(body(mark as u8))
}

fn fence_record(resource: &Resource, events: &[Event]) -> fence::Record {
    let ran =
        resource.ran.iter().enumerate().filter_map(|(topic, ran)| Some((mark(topic), run(ran.as_ref()?, events))));
    fence::Record {
        key: String::new(),
        newest: fence_state(&events[usize::from(resource.newest)]),
        held: resource.held.map(|(holder, until)| (owner(holder), at(until))),
        ran: ran.collect::<BTreeMap<_, _>>(),
    }
}

fn ran(worker: &Worker) -> Ran {
    Ran { event: worker.event, generation: worker.generation }
}

fn with_ask<T>(
    worker: &Worker,
    events: &[Event],
    variant: Option<Variant>,
    then: impl FnOnce(&fence::EnterRequest<'_>) -> T,
) -> T {
    let event = &events[usize::from(worker.event)];
    then(&fence::EnterRequest {
        key: "",
        owner: &owner(worker.owner),
        mark: &mark(event.topic),
        run: &run(&ran(worker), events),
        state: &fence_state(event),
        now: worker.now(),
        lease_until: worker.lease_until(variant),
        once: false,
    })
}

pub(crate) fn enter(
    resource: &mut Option<Resource>,
    worker: &Worker,
    events: &[Event],
    variant: Option<Variant>,
) -> Entry {
    with_ask(worker, events, variant, |ask| {
        let mut before = resource.as_ref().map(|resource| fence_record(resource, events));
        match (variant, &mut before) {
            (Some(Variant::UncheckedVersion), Some(record)) => record.newest = ask.state.clone(),
            (Some(Variant::EnterWithoutTheLease), Some(record)) => record.held = None,
            _ => {}
        }
        let entry = match (variant, &before) {
            (Some(Variant::VersionOfWholeSeconds), Some(record)) => by_whole_seconds(record, ask),
            _ => fence::enter(before.as_ref(), ask),
        };
        let raises = match variant {
            Some(Variant::SiblingLowersTheVersion) => entry == Entry::Granted,
            _ => fence::raises(before.as_ref(), ask, entry),
        };
        if entry == Entry::Granted {
            let nobody = Resource { newest: worker.event, held: None, ran: [None; super::state::MARKS] };
            let resource = resource.get_or_insert(nobody);
            resource.held = Some((worker.owner, ticks(ask.lease_until)));
        }
        if let (true, Some(resource)) = (raises && variant != Some(Variant::VersionRecordedOnLeave), resource) {
            resource.newest = worker.event;
        }
        entry
    })
}

/// The rule as it once was: a version is `updated_at` alone, and runs once for each topic.
fn by_whole_seconds(record: &fence::Record, ask: &fence::EnterRequest<'_>) -> Entry {
    let (newest, asked) = (record.newest.version, ask.state.version);
    let ran = record.ran.get(ask.mark).filter(|run| run.version.shares_updated_at(&asked));
    match ran {
        Some(run) if run == ask.run => Entry::Ran,
        Some(run) if run.delivery != ask.run.delivery || run.generation > ask.run.generation => Entry::Stale(newest),
        _ if asked.earliest() < newest.earliest() => Entry::Stale(newest),
        _ => match &record.held {
            Some((owner, until)) if owner != ask.owner && *until >= ask.now => Entry::Busy(until.since(ask.now)),
            _ => Entry::Granted,
        },
    }
}

pub(crate) fn leave(
    resource: &mut Option<Resource>,
    worker: &Worker,
    events: &[Event],
    has_run: bool,
    variant: Option<Variant>,
) -> Settled {
    with_ask(worker, events, variant, |ask| {
        let before = resource.as_ref().map(|resource| fence_record(resource, events));
        let has_left = has_run && fence::has_left(before.as_ref(), ask);
        if has_left && variant != Some(Variant::RepeatedLeaveFrees) {
            return Settled::Written;
        }
        let settled = if has_left { Settled::Written } else { fence::leave(before.as_ref(), ask) };
        if let (Settled::Written, Some(resource)) = (settled, resource) {
            resource.held = None;
            if has_run {
                resource.ran[events[usize::from(worker.event)].topic] = Some(ran(worker));
            }
            let newest = &events[usize::from(resource.newest)];
            let late = variant == Some(Variant::VersionRecordedOnLeave);
            if late && events[usize::from(worker.event)].is_newer_than(newest) {
                resource.newest = worker.event;
            }
        }
        settled
    })
}

/// One stay more by the worker's clock, unless the event waited too long.
pub(crate) fn park(worker: &Worker, scenario: &Scenario) -> Result<Stay, GaveUp> {
    let before = worker.stay.map(|stay| Parked { count: u32::from(stay.count), since: at(stay.since) });
    let at_most = TICK * scenario.parked_at_most.unsigned_abs().into();
    let parked = Parked::again(before, at_most, worker.now())?;
    Ok(Stay { count: u8::try_from(parked.count).unwrap_or(u8::MAX), since: ticks(parked.since) })
}
