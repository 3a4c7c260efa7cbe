//! The stores: the decisions are `weir_core`'s own, applied as `weir_testkit::ModelLedger` does.
//!
//! A [`Variant`] does one thing wrong here, around the same decisions.

use std::collections::BTreeMap;

use weir_core::{
    Failure, Lane, UnixMillis,
    fence::{self, Entry, Mark, Run},
    lease_until,
    ledger::{self, Claim, Ending, Key, Record, Settled},
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
    Record {
        key: Key { event: String::new(), generation: 0 },
        state: match row.state {
            RowState::Leased(until) => ledger::State::Leased { until: at(until) },
            RowState::Done => ledger::State::Done,
            RowState::Stale => ledger::State::Stale,
            RowState::Failed { permanent: true } => ledger::State::Failed(Failure::permanent("")),
            RowState::Failed { permanent: false } => ledger::State::Failed(Failure::transient("")),
            RowState::Parked => ledger::State::Parked { until: NOW },
        },
        owner: owner(row.owner),
        attempts: 1,
        duplicates: 0,
        mismatches: 0,
        parks: u32::from(row.parks),
        body_sha256: body(row.body),
        topic: None,
        app: None,
        event_id: None,
        lane: Lane::Standard,
        triggered_at: None,
        resource: None,
        received_at: NOW,
        updated_at: NOW,
        last_error: None,
        history: Vec::new(),
    }
}

pub(crate) fn claim(row: &mut Option<Row>, worker: &Worker, variant: Option<Variant>) -> Claim {
    let ask = ledger::Ask {
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
        End::Done => Ending::Done,
        End::Stale => Ending::Stale,
        End::Transient => Ending::Failed(Failure::transient("")),
        End::Permanent => Ending::Failed(Failure::permanent("")),
        End::Parked => Ending::Parked { parks: u32::from(parks), until: NOW, reason: String::new() },
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
            End::Stale => RowState::Stale,
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

fn run(ran: &Ran) -> Run {
    let version = Version(i128::from(ran.version));
    Run { version, webhook_id: body(ran.event), generation: u32::from(ran.generation) }
}

fn mark(mark: usize) -> Mark {
    Mark::from(body(mark as u8))
}

fn fence_record(resource: &Resource) -> fence::Record {
    let ran = resource.ran.iter().enumerate().filter_map(|(topic, ran)| Some((mark(topic), run(ran.as_ref()?))));
    fence::Record {
        key: String::new(),
        version: Version(i128::from(resource.version)),
        held: resource.held.map(|(holder, until)| (owner(holder), at(until))),
        ran: ran.collect::<BTreeMap<_, _>>(),
    }
}

fn ran(worker: &Worker, event: &Event) -> Ran {
    Ran { version: event.version, event: worker.event, generation: worker.generation }
}

fn with_ask<T>(worker: &Worker, event: &Event, variant: Option<Variant>, then: impl FnOnce(&fence::Ask<'_>) -> T) -> T {
    then(&fence::Ask {
        key: "",
        owner: &owner(worker.owner),
        mark: &mark(event.topic),
        run: &run(&ran(worker, event)),
        now: worker.now(),
        lease_until: worker.lease_until(variant),
        once: false,
    })
}

pub(crate) fn enter(
    resource: &mut Option<Resource>,
    worker: &Worker,
    event: &Event,
    variant: Option<Variant>,
) -> Entry {
    with_ask(worker, event, variant, |ask| {
        let mut before = resource.as_ref().map(fence_record);
        match (variant, &mut before) {
            (Some(Variant::UncheckedVersion), Some(record)) => record.version = record.version.min(ask.run.version),
            (Some(Variant::EnterWithoutTheLease), Some(record)) => record.held = None,
            _ => {}
        }
        let entry = fence::enter(before.as_ref(), ask);
        if entry == Entry::Granted {
            let nobody = Resource { version: Ticks::MIN, held: None, ran: [None; super::state::MARKS] };
            let resource = resource.get_or_insert(nobody);
            resource.held = Some((worker.owner, ticks(ask.lease_until)));
            if variant != Some(Variant::VersionRecordedOnLeave) {
                resource.version = event.version;
            }
        }
        entry
    })
}

pub(crate) fn leave(
    resource: &mut Option<Resource>,
    worker: &Worker,
    event: &Event,
    has_run: bool,
    variant: Option<Variant>,
) -> Settled {
    with_ask(worker, event, variant, |ask| {
        let before = resource.as_ref().map(fence_record);
        let has_left = has_run && fence::has_left(before.as_ref(), ask);
        if has_left && variant != Some(Variant::RepeatedLeaveFrees) {
            return Settled::Written;
        }
        let settled = if has_left { Settled::Written } else { fence::leave(before.as_ref(), ask) };
        if let (Settled::Written, Some(resource)) = (settled, resource) {
            resource.held = None;
            if has_run {
                resource.ran[event.topic] = Some(ran(worker, event));
            }
            if variant == Some(Variant::VersionRecordedOnLeave) {
                resource.version = resource.version.max(event.version);
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
