//! One kind of resource, page by page.

use resilience::UnixMillis;
use shopify_client::Call;
use tokio::time::Instant;
use weir_core::sha256;

use super::{Reconciler, Request, Stop, page_scan::PageScan, unsettled::UnsettledEvents, wait_budget::WaitBudget};
use crate::{
    Cursor, CursorKey, Kind, KindProgress, ReconcileStore, ReconcileTopic, Report, Since, Unfinished, Walk,
    cursor::{self, whole_second},
    pages,
    seen_status::Bounds,
};

/// A cursor as it stands, and as what it was read.
pub(super) struct StoredCursor<'a> {
    pub(super) key: CursorKey<'a>,
    version: Option<u64>,
    cursor: Cursor,
    /// Whether it is only read.
    is_fixed: bool,
    /// What failed or is parked, once somebody asked.
    unsettled: Option<UnsettledEvents>,
    /// How long it may still wait for workers.
    wait_budget: WaitBudget,
}

/// Tells sets of subscriptions apart, in whatever order they stand.
fn short_hash(wanted: &[&ReconcileTopic]) -> String {
    let mut marks: Vec<String> = wanted.iter().map(|one| one.mark().as_str().to_owned()).collect();
    marks.sort_unstable();
    sha256::hex(marks.join("\n").as_bytes())[..8].to_owned()
}

impl StoredCursor<'_> {
    /// How far its changes were looked at.
    pub(super) fn seen_until(&self) -> Option<UnixMillis> {
        self.cursor.seen_until
    }
}

impl<O: ReconcileStore> Reconciler<O> {
    pub(super) async fn stored<'a>(
        &self,
        request: &Request<'a>,
        kind: Kind,
        wanted: &[&ReconcileTopic],
    ) -> Result<StoredCursor<'a>, Stop> {
        let key = CursorKey { shop: request.shop, app: request.app, kind, wanted: short_hash(wanted) };
        let is_fixed = request.dry_run || request.until.is_some();
        let (version, cursor) = match self.store.cursor(&key).await? {
            Some((version, cursor)) => (Some(version), cursor),
            None => (None, Cursor::default()),
        };
        Ok(StoredCursor { key, version, cursor, is_fixed, unsettled: None, wait_budget: WaitBudget::default() })
    }

    pub(super) async fn kind(
        &self,
        request: &Request<'_>,
        stored: &mut StoredCursor<'_>,
        wanted: &[&ReconcileTopic],
        report: &mut Report,
        progress: &(dyn Fn(&Report) + Send + Sync),
    ) -> Result<(), Stop> {
        if report.points >= request.points {
            return Err(Stop::Unfinished(Unfinished::PointsAreUsed));
        }
        let kind = stored.key.kind;
        let mut since = request.since;
        loop {
            let (mut walk, resumed) = self.next(request, since, stored);
            let kind_progress =
                KindProgress { from: walk.from, until: walk.until, resources: 0, whole: false, refused: None };
            let kind_progress = match report.kinds.get(&kind) {
                // Of a walk that came before this one.
                Some(before) => {
                    KindProgress { from: before.from.min(walk.from), resources: before.resources, ..kind_progress }
                }
                None => kind_progress,
            };
            report.kinds.insert(kind, kind_progress);
            if walk.from <= walk.until {
                self.walk(request, &mut walk, wanted, stored, report, progress).await?;
            }
            self.write(stored, |cursor| cursor.after(&walk)).await?;
            if let Some(kind_progress) = report.kinds.get_mut(&kind) {
                (kind_progress.whole, kind_progress.until) = (true, walk.decided_until());
            }
            if !resumed {
                return Ok(());
            }
            // What was begun before is done; now what changed since.
            since = Since::Cursor;
        }
    }

    fn next(&self, request: &Request<'_>, since: Since, stored: &StoredCursor<'_>) -> (Walk, bool) {
        let now = self.clock.now();
        if !stored.is_fixed {
            return stored.cursor.next(since, request.installed_at, request.grace, now);
        }
        // From its first page, so that the report is whole.
        let cursor = Cursor { walk: None, ..stored.cursor.clone() };
        let (walk, _) = cursor.next(since, request.installed_at, request.grace, now);
        let until = request.until.map_or(walk.until, |until| whole_second(until.min(now - request.grace)));
        (Walk { until, ..walk }, false)
    }

    async fn walk(
        &self,
        request: &Request<'_>,
        walk: &mut Walk,
        wanted: &[&ReconcileTopic],
        stored: &mut StoredCursor<'_>,
        report: &mut Report,
        progress: &(dyn Fn(&Report) + Send + Sync),
    ) -> Result<(), Stop> {
        let (shop, kind, call) = (request.shop, stored.key.kind, self.call(request));
        let mut places = self.places(request, kind, walk, &call, report).await?.into_iter();
        if kind == Kind::Inventory {
            let Some(first) = places.next() else { return Ok(()) };
            if walk.place.as_ref() != Some(&first) {
                *walk = Walk { place: Some(first), page: None, ..walk.clone() };
            }
        }
        // One page is read in any case, so that every run comes forward.
        let mut is_first = true;
        loop {
            if Instant::now() >= call.deadline {
                return Err(Stop::Unfinished(Unfinished::TimeIsUp));
            }
            if !std::mem::take(&mut is_first) && report.points >= request.points {
                return Err(Stop::Unfinished(Unfinished::PointsAreUsed));
            }
            let bounds = self.bounds(request, kind, walk, stored);
            // Only a walk that is to end somewhere lists nothing beyond.
            let range = pages::Range { walk: &*walk, until: request.until.map(|_| walk.until), size: self.page_size };
            let page = pages::read(&self.client, shop, kind, &range, &call).await?;
            report.points += page.points;
            let resources = u32::try_from(page.changes.len()).unwrap_or(u32::MAX);
            let StoredCursor { unsettled, wait_budget, .. } = &mut *stored;
            let mut scan = PageScan { request, wanted, walk: &mut *walk, bounds, call: &call, report: &mut *report };
            self.repair(&mut scan, page.changes, unsettled, wait_budget).await?;
            if let Some(kind_progress) = report.kinds.get_mut(&kind) {
                kind_progress.resources = kind_progress.resources.saturating_add(resources);
            }
            progress(report);
            walk.page = page.next;
            if walk.page.is_none() {
                let Some(next) = places.next() else { return Ok(()) };
                walk.place = Some(next);
            }
            // The lanes hold all of the page: only now may it be left behind.
            self.write(stored, |cursor| cursor.on(walk.clone())).await?;
        }
    }

    /// What the page that is read next is judged by.
    fn bounds(&self, request: &Request<'_>, kind: Kind, walk: &mut Walk, stored: &StoredCursor<'_>) -> Bounds {
        let now = self.clock.now();
        let until = match request.until {
            Some(_) => walk.until,
            None => walk.reach(kind, cursor::until(request.grace, now)),
        };
        Bounds { once_from: stored.cursor.once_from(walk, request.installed_at, now), until }
    }

    /// The places that are still to be read, the one at which the walk stands first.
    async fn places(
        &self,
        request: &Request<'_>,
        kind: Kind,
        walk: &Walk,
        call: &Call,
        report: &mut Report,
    ) -> Result<Vec<String>, Stop> {
        if kind != Kind::Inventory {
            return Ok(Vec::new());
        }
        let (places, points) = pages::places(&self.client, request.shop, call).await?;
        report.points += points;
        let order = |place: &String| (place.len(), place.clone());
        let is_left = |place: &String| walk.place.as_ref().is_none_or(|stands| order(place) >= order(stands));
        Ok(places.into_iter().filter(is_left).collect())
    }

    async fn write(&self, stored: &mut StoredCursor<'_>, change: impl FnOnce(&Cursor) -> Cursor) -> Result<(), Stop> {
        if stored.is_fixed {
            return Ok(());
        }
        let cursor = change(&stored.cursor);
        if let Some(version) = self.store.set_cursor(&stored.key, stored.version, &cursor).await? {
            (stored.version, stored.cursor) = (Some(version), cursor);
            return Ok(());
        }
        match self.store.cursor(&stored.key).await? {
            // Its own write, whose reply was lost.
            Some((version, stands)) if stands == cursor => {
                (stored.version, stored.cursor) = (Some(version), cursor);
                Ok(())
            }
            _ => Err(Stop::Unfinished(Unfinished::AnotherRun)),
        }
    }
}
