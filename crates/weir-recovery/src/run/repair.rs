//! One page: what of it weir did not see, and sending that.

use std::{collections::BTreeSet, time::Duration};

use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use shopify_client::Call;
use shopify_webhook::Topic;
use weir_core::{
    Lane, UnixMillis,
    envelope::{self, Meta},
    fence::Record,
    ledger::{self, Key, State},
    topics::{Version, happens_once},
};

use super::{Reconciler, Request, Stop, troubles::Troubles};
use crate::{
    Outside, Report, Unavailable, Wanted, bodies,
    change::{Change, Payment},
    event::Source,
    pages,
    standing::{Implied, Standing, Window, implied, standing},
};

/// Requests to AWS at once.
const AT_ONCE: usize = 8;

/// An event that failed comes back within minutes, five times. One that was left alone for so long lies in a dead-letter
/// queue.
const LEFT_ALONE: Duration = Duration::from_secs(3_600);

/// An event that the fence did not see.
pub(super) struct Missed<'a> {
    pub(super) change: usize,
    pub(super) wanted: &'a Wanted,
    at: Timestamp,
}

/// It, ready to be sent.
struct Ready {
    meta: Meta,
    body: Box<RawValue>,
    at: Timestamp,
}

/// What the ledger says of an event that was sent before.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Known {
    Nothing,
    Ended,
    OnItsWay,
    Dead,
}

impl<O: Outside> Reconciler<O> {
    #[expect(clippy::too_many_arguments, reason = "a page's circumstances")]
    pub(super) async fn repair(
        &self,
        request: &Request<'_>,
        mut changes: Vec<Change>,
        wanted: &[&Wanted],
        window: Window,
        call: &Call,
        troubles: &mut Option<Troubles>,
        report: &mut Report,
    ) -> Result<(), Stop> {
        let keys: Vec<String> = changes.iter().map(|change| change.key(request.shop.as_str(), request.app)).collect();
        let records = if keys.is_empty() { Vec::new() } else { self.outside.resources(&keys).await? };
        self.ask_for_payments(request, &mut changes, &records, wanted, window, call, report).await?;
        let missed = self.missed(&changes, &records, wanted, window, report);
        let missed = self.untroubled(request, missed, &changes, window, troubles, report).await?;
        if missed.is_empty() {
            return Ok(());
        }
        let ids: BTreeSet<&str> = missed.iter().map(|one| changes[one.change].id.as_str()).collect();
        let ids: Vec<String> = ids.into_iter().map(str::to_owned).collect();
        let bodies = bodies::read(&self.client, request.shop, changes[missed[0].change].kind, &ids, call).await?;
        report.rest_calls += bodies.calls;
        let mut ready = Vec::new();
        for one in missed {
            let change = &changes[one.change];
            match bodies.by_id.get(&change.id) {
                None => report.gone += 1,
                Some(body) => {
                    let record = records[one.change].as_ref();
                    let api_version = bodies.api_version.as_deref();
                    ready.extend(self.ready(request, &one, change, record, body, api_version, window, report));
                }
            }
        }
        let to_send = self.unknown(ready, report).await?;
        if request.dry_run {
            return Ok(());
        }
        let mut sending = stream::iter(to_send).map(|one| self.send(request, one)).buffer_unordered(AT_ONCE);
        while let Some(sent) = sending.next().await {
            sent?;
            report.sent += 1;
        }
        Ok(())
    }

    /// When orders were paid, where that decides.
    #[expect(clippy::too_many_arguments, reason = "a page's circumstances")]
    async fn ask_for_payments(
        &self,
        request: &Request<'_>,
        changes: &mut [Change],
        records: &[Option<Record>],
        wanted: &[&Wanted],
        window: Window,
        call: &Call,
        report: &mut Report,
    ) -> Result<(), Stop> {
        let now = self.clock.now();
        let decides = |change: &Change, record: Option<&Record>| {
            wanted.iter().any(|one| {
                implied(change, &one.topic, window) == Implied::AskPayment
                    && standing(record, &one.topic, &one.mark(), change.version(), now) == Standing::NotSeen
            })
        };
        let asked = changes.iter().zip(records).filter(|(change, record)| decides(change, record.as_ref()));
        let ids: Vec<String> = asked.map(|(change, _)| change.id.clone()).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let (paid_at, points) = pages::paid_at(&self.client, request.shop, &ids, call).await?;
        report.points += points;
        for change in changes.iter_mut().filter(|change| ids.contains(&change.id)) {
            // Without a payment it was free, and paid when it was placed: before the window.
            change.payment = paid_at.get(&change.id).map_or(Payment::Open, |at| Payment::DoneAt(*at));
        }
        Ok(())
    }

    fn missed<'a>(
        &self,
        changes: &[Change],
        records: &[Option<Record>],
        wanted: &[&'a Wanted],
        window: Window,
        report: &mut Report,
    ) -> Vec<Missed<'a>> {
        let now = self.clock.now();
        let mut missed = Vec::new();
        for (index, (change, record)) in changes.iter().zip(records).enumerate() {
            for one in wanted {
                let Implied::At(at) = implied(change, &one.topic, window) else { continue };
                match standing(record.as_ref(), &one.topic, &one.mark(), change.version(), now) {
                    Standing::Seen => {}
                    Standing::OnItsWay => report.on_their_way += 1,
                    Standing::NotSeen => missed.push(Missed { change: index, wanted: one, at }),
                }
            }
        }
        missed
    }

    /// The event, unless the body tells of a version that needs none.
    #[expect(clippy::too_many_arguments, reason = "an event's circumstances")]
    fn ready(
        &self,
        request: &Request<'_>,
        missed: &Missed<'_>,
        change: &Change,
        record: Option<&Record>,
        body: &RawValue,
        api_version: Option<&str>,
        window: Window,
        report: &mut Report,
    ) -> Option<Ready> {
        let (now, topic) = (self.clock.now(), &missed.wanted.topic);
        let version = version(body).unwrap_or(change.version());
        // It changed while this looked: its delivery may be on its way.
        let is_newer = version.0 > i128::from(window.until.0) * 1_000_000;
        let standing = match standing(record, topic, &missed.wanted.mark(), version, now) {
            Standing::NotSeen if is_newer && !happens_once(topic) => Standing::OnItsWay,
            standing => standing,
        };
        match standing {
            Standing::Seen => None,
            Standing::OnItsWay => {
                report.on_their_way += 1;
                None
            }
            Standing::NotSeen => {
                let (shop, app, wanted) = (request.shop.as_str(), request.app, missed.wanted);
                let source = Source { shop, app, wanted, id: &change.id, version, at: missed.at, body, api_version };
                // What was read as JSON is JSON.
                let (meta, body) = source.event(now).ok()?;
                Some(Ready { meta, body, at: missed.at })
            }
        }
    }

    /// Those that no run before this one sent; they are missing.
    async fn unknown(&self, ready: Vec<Ready>, report: &mut Report) -> Result<Vec<Ready>, Stop> {
        let asked = stream::iter(ready).map(|one| async move {
            let record = self.outside.event(&Key::of(&one.meta)).await?;
            Ok::<_, Unavailable>((one, record))
        });
        let answered: Vec<(Ready, Option<ledger::Record>)> = asked.buffered(AT_ONCE).try_collect().await?;
        let now = self.clock.now();
        let mut unknown = Vec::new();
        for (one, record) in answered {
            match known(record.as_ref(), now) {
                Known::Nothing => {
                    report.miss(&one.meta.topic, one.at);
                    unknown.push(one);
                }
                Known::Ended => {}
                Known::OnItsWay => report.on_their_way += 1,
                Known::Dead => report.dead += 1,
            }
        }
        Ok(unknown)
    }

    /// By the same lanes as a delivery, and in the same envelope.
    async fn send(&self, request: &Request<'_>, one: Ready) -> Result<(), Unavailable> {
        let lane = Topic::parse(&one.meta.topic).map_or(Lane::Standard, |topic| self.routes.lane(&topic));
        let body = one.body.get().as_bytes();
        let message = match envelope::seal(&one.meta, body) {
            Ok(message) => message,
            Err(envelope::TooLarge) => {
                let reference = self.outside.store(&one.meta, body.to_vec()).await?;
                envelope::refer(&one.meta, &reference)
            }
        };
        self.outside.send(lane, message, request.shop).await?;
        let Meta { shop, topic, webhook_id, .. } = &one.meta;
        tracing::info!(shop, topic, webhook_id, %lane, bytes = body.len(), "Enqueued in place of a lost delivery");
        Ok(())
    }
}

pub(super) fn known(record: Option<&ledger::Record>, now: UnixMillis) -> Known {
    let Some(record) = record else { return Known::Nothing };
    match &record.state {
        State::Done | State::Stale => Known::Ended,
        State::Leased { .. } | State::Parked { .. } => Known::OnItsWay,
        State::Failed(failure) if failure.is_permanent() => Known::Dead,
        State::Failed(_) if now.since(record.updated_at) > LEFT_ALONE => Known::Dead,
        State::Failed(_) => Known::OnItsWay,
    }
}

/// The version that the body tells of.
fn version(body: &RawValue) -> Option<Version> {
    #[derive(Deserialize)]
    struct Updated {
        updated_at: Option<Timestamp>,
    }
    let updated: Updated = serde_json::from_str(body.get()).ok()?;
    updated.updated_at.map(|at| Version(at.as_nanosecond()))
}
