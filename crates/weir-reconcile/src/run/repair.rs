//! One page: what of it weir did not see, and sending that.

use std::{collections::BTreeSet, time::Duration};

use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use weir_core::{
    UnixMillis,
    envelope::{self, Meta},
    fence::Record,
    ledger::{self, Key, State},
    topics::{Content, Version, happens_once},
};

use super::{Reconciler, Request, Stop, page_scan::PageScan, unsettled::UnsettledEvents, wait_budget::WaitBudget};
use crate::{
    ReconcileStore, ReconcileTopic, Report, Unavailable, bodies,
    change::{Change, Payment},
    cursor::is_after,
    event::Source,
    pages,
    seen_status::{Implied, SeenStatus, implied, lacks, seen_status},
};

/// Requests to AWS at once.
const MAX_CONCURRENCY: usize = 8;

/// An event that failed comes back within minutes, five times. One that was left alone for so long lies in a dead-letter
/// queue.
const DEAD_AFTER: Duration = Duration::from_secs(3_600);

/// An event that the fence did not see.
pub(super) struct MissedEvent<'a> {
    pub(super) change: usize,
    pub(super) wanted: &'a ReconcileTopic,
    pub(super) at: Timestamp,
}

/// It, ready to be sent.
struct ReadyEvent {
    meta: Meta,
    body: Box<RawValue>,
    at: Timestamp,
}

/// What the ledger says of an event that was sent before.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum LedgerStatus {
    Nothing,
    Ended,
    OnItsWay,
    Dead,
}

impl<O: ReconcileStore> Reconciler<O> {
    pub(super) async fn repair(
        &self,
        scan: &mut PageScan<'_>,
        mut changes: Vec<Change>,
        unsettled: &mut Option<UnsettledEvents>,
        wait_budget: &mut WaitBudget,
    ) -> Result<(), Stop> {
        let records = self.settled(scan, &changes, wait_budget).await?;
        self.ask_for_payments(scan, &mut changes, &records).await?;
        let missed = self.missed(scan, &changes, &records);
        let missed = self.not_unsettled(scan, missed, &changes, unsettled).await?;
        if missed.is_empty() {
            return Ok(());
        }
        let request = scan.request;
        let ids: BTreeSet<&str> = missed.iter().map(|one| changes[one.change].id.as_str()).collect();
        let ids: Vec<String> = ids.into_iter().map(str::to_owned).collect();
        let kind = changes[missed[0].change].kind;
        let bodies = bodies::read(&self.client, request.shop, kind, &ids, scan.call).await?;
        scan.report.rest_calls += bodies.calls;
        let mut ready = Vec::new();
        for one in missed {
            let change = &changes[one.change];
            match bodies.by_id.get(&change.id) {
                None => scan.report.gone += 1,
                Some(body) => {
                    let record = records[one.change].as_ref();
                    ready.extend(self.ready(scan, &one, change, record, body, bodies.api_version.as_deref()));
                }
            }
        }
        let to_send = self.unknown(ready, scan.report).await?;
        if request.dry_run {
            return Ok(());
        }
        let mut sending = stream::iter(to_send).map(|one| self.send(request, one)).buffer_unordered(MAX_CONCURRENCY);
        while let Some(sent) = sending.next().await {
            sent?;
            scan.report.sent += 1;
        }
        Ok(())
    }

    /// When orders were paid, where that decides.
    async fn ask_for_payments(
        &self,
        scan: &mut PageScan<'_>,
        changes: &mut [Change],
        records: &[Option<Record>],
    ) -> Result<(), Stop> {
        let (now, once_from) = (self.clock.now(), scan.bounds.once_from);
        let decides = |change: &Change, record: Option<&Record>| {
            scan.wanted.iter().any(|one| {
                implied(change, &one.topic, record, once_from) == Implied::AskPayment
                    && seen_status(record, &one.topic, &one.mark(), change.state(), now) == SeenStatus::NotSeen
            })
        };
        let asked = changes.iter().zip(records).filter(|(change, record)| decides(change, record.as_ref()));
        let ids: Vec<String> = asked.map(|(change, _)| change.id.clone()).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let (paid_at, points) = pages::paid_at(&self.client, scan.request.shop, &ids, scan.call).await?;
        scan.report.points += points;
        for change in changes.iter_mut().filter(|change| ids.contains(&change.id)) {
            // Without a payment it was free, and paid when it was placed: too long ago.
            change.payment = paid_at.get(&change.id).map_or(Payment::Open, |at| Payment::DoneAt(*at));
        }
        Ok(())
    }

    fn missed<'a>(
        &self,
        scan: &mut PageScan<'a>,
        changes: &[Change],
        records: &[Option<Record>],
    ) -> Vec<MissedEvent<'a>> {
        let (now, wanted) = (self.clock.now(), scan.wanted);
        let mut missed = Vec::new();
        for (index, (change, record)) in changes.iter().zip(records).enumerate() {
            for one in wanted {
                let implied = implied(change, &one.topic, record.as_ref(), scan.bounds.once_from);
                let Implied::At(at) = implied else { continue };
                match seen_status(record.as_ref(), &one.topic, &one.mark(), change.state(), now) {
                    SeenStatus::Seen => {}
                    _ if scan.bounds.is_within_grace(at) => scan.leave_to_its_delivery(change),
                    SeenStatus::OnItsWay => scan.on_its_way(change, record.as_ref(), now),
                    SeenStatus::NotSeen => missed.push(MissedEvent { change: index, wanted: one, at }),
                }
            }
        }
        missed
    }

    /// The event, unless the body tells of a version that needs none.
    fn ready(
        &self,
        scan: &mut PageScan<'_>,
        missed: &MissedEvent<'_>,
        change: &Change,
        record: Option<&Record>,
        body: &RawValue,
        api_version: Option<&str>,
    ) -> Option<ReadyEvent> {
        let (now, topic) = (self.clock.now(), &missed.wanted.topic);
        let version = version(body).unwrap_or(change.version());
        let content = Content::read(change.kind.resource(), body);
        let repairs_tie = record.is_some_and(|record| lacks(record, version, content.as_ref()));
        match seen_status(record, topic, &missed.wanted.mark(), (version, content.as_ref()), now) {
            SeenStatus::Seen => None,
            SeenStatus::OnItsWay => {
                scan.on_its_way(change, record, now);
                None
            }
            // It changed while this looked: its delivery may be on its way, and it is listed again.
            SeenStatus::NotSeen if is_after(version, scan.bounds.until) && !happens_once(topic) => {
                scan.leave_to_its_delivery(change);
                None
            }
            SeenStatus::NotSeen => {
                let (shop, app, wanted) = (scan.request.shop, scan.request.app, missed.wanted);
                let content = content.filter(|_| repairs_tie && !happens_once(topic));
                let (id, at) = (&change.id, missed.at);
                let source = Source { shop, app, wanted, id, version, content, at, body, api_version };
                // What was read as JSON is JSON.
                let (meta, body) = source.event(now).ok()?;
                Some(ReadyEvent { meta, body, at: missed.at })
            }
        }
    }

    /// Those that no run before this one sent; they are missing.
    async fn unknown(&self, ready: Vec<ReadyEvent>, report: &mut Report) -> Result<Vec<ReadyEvent>, Stop> {
        let asked = stream::iter(ready).map(|one| async move {
            let record = self.store.event(&Key::of(&one.meta)).await?;
            Ok::<_, Unavailable>((one, record))
        });
        let answered: Vec<(ReadyEvent, Option<ledger::Record>)> = asked.buffered(MAX_CONCURRENCY).try_collect().await?;
        let now = self.clock.now();
        let mut unknown = Vec::new();
        for (one, record) in answered {
            match ledger_status(record.as_ref(), now) {
                LedgerStatus::Nothing => {
                    report.miss(one.meta.topic.as_str(), one.at);
                    unknown.push(one);
                }
                LedgerStatus::Ended => {}
                LedgerStatus::OnItsWay => report.on_their_way += 1,
                LedgerStatus::Dead => report.dead += 1,
            }
        }
        Ok(unknown)
    }

    /// By the same lanes as a delivery, and in the same envelope.
    async fn send(&self, request: &Request<'_>, one: ReadyEvent) -> Result<(), Unavailable> {
        let lane = self.routes.lane(&one.meta.topic);
        let body = one.body.get().as_bytes();
        let message = match envelope::seal(&one.meta, body) {
            Ok(message) => message,
            Err(envelope::TooLarge) => {
                let reference = self.store.store_body(&one.meta, body.to_vec()).await?;
                envelope::refer(&one.meta, &reference)
            }
        };
        self.store.send(lane, message, request.shop).await?;
        let (shop, topic, webhook_id) = (one.meta.shop.as_str(), one.meta.topic.as_str(), one.meta.webhook_id.as_str());
        tracing::info!(shop, topic, webhook_id, %lane, bytes = body.len(), "Enqueued in place of a lost delivery");
        Ok(())
    }
}

pub(super) fn ledger_status(record: Option<&ledger::Record>, now: UnixMillis) -> LedgerStatus {
    let Some(record) = record else { return LedgerStatus::Nothing };
    match &record.state {
        State::Done | State::Stale | State::Dropped | State::Replaced { .. } => LedgerStatus::Ended,
        State::Leased { .. } | State::Parked { .. } => LedgerStatus::OnItsWay,
        State::Failed(failure) if failure.is_permanent() => LedgerStatus::Dead,
        State::Failed(_) if now.since(record.updated_at) > DEAD_AFTER => LedgerStatus::Dead,
        State::Failed(_) => LedgerStatus::OnItsWay,
    }
}

/// The version that the body tells of.
fn version(body: &RawValue) -> Option<Version> {
    #[derive(Deserialize)]
    struct Updated {
        updated_at: Option<Timestamp>,
    }
    let updated: Updated = serde_json::from_str(body.get()).ok()?;
    updated.updated_at.map(Version::updated)
}
