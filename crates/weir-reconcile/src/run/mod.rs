//! One run over one shop.

mod page_scan;
mod repair;
mod unsettled;
mod wait_budget;
mod walk;

use std::{collections::BTreeMap, time::Duration};

use resilience::Clock;
use shopify_client::{Call, Client, Error, Kind as Cause, Retry, budget::Priority};
use shopify_webhook::ShopDomain;
use tokio::time::Instant;
use weir_core::{Routes, UnixMillis};

use crate::{Kind, ReconcileStore, ReconcileTopic, Report, Since, Unavailable, Unfinished, pages, topic};

/// Kept for what comes after the last call: sending, and writing down where it stands.
const WRAP_UP_TIME: Duration = Duration::from_secs(3);

/// Reconciles the shops of one app.
pub struct Reconciler<O> {
    client: Client,
    store: O,
    routes: Routes,
    clock: Clock,
    page_size: u16,
}

/// What a run is asked for.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// Whose.
    pub shop: &'a ShopDomain,
    /// For which app, by weir's name for it.
    pub app: &'a str,
    /// When it was installed: the first run looks no further back.
    pub installed_at: Option<UnixMillis>,
    /// Where to begin.
    pub since: Since,
    /// Where to end. Such a run moves no cursor, and begins anew if it is repeated.
    pub until: Option<UnixMillis>,
    /// What changed so shortly before is left for the next run, for its delivery may be on its way: [`GRACE`](crate::GRACE),
    /// unless nothing can be.
    pub grace: Duration,
    /// What the shop's subscriptions ask for.
    pub wanted: &'a [ReconcileTopic],
    /// Looks, and sends and moves nothing.
    pub dry_run: bool,
    /// How many points it may use: it ends after the page with which it used them.
    pub points: u64,
    /// When it must have ended.
    pub deadline: Instant,
}

/// A run that could not be made. What it did stays done; the next one begins where it stood.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Shopify will not answer, however often it is asked.
    #[error(transparent)]
    Shopify(Box<Error>),
    /// The stack did not do its part: it may pass.
    #[error(transparent)]
    Stack(#[from] Unavailable),
}

/// Why a kind was not read to its end.
enum Stop {
    Unfinished(Unfinished),
    /// The app may not read this kind.
    Refused(String),
    Failed(RunError),
}

impl From<Unavailable> for Stop {
    fn from(error: Unavailable) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        match (&error.kind, error.retry) {
            (Cause::AccessDenied(_) | Cause::Forbidden, _) => Self::Refused(error.to_string()),
            (_, Retry::After(wait)) => Self::Unfinished(Unfinished::ComeBack {
                after_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
                error: error.to_string(),
            }),
            (_, Retry::Never) => Self::Failed(RunError::Shopify(Box::new(error))),
        }
    }
}

impl<O: ReconcileStore> Reconciler<O> {
    /// A reconciler of the shops that this client calls.
    pub fn new(client: Client, store: O, clock: Clock) -> Self {
        Self { client, store, routes: Routes::built_in(), clock, page_size: pages::PAGE }
    }

    /// The same, with so many resources a page instead of a hundred.
    #[must_use]
    pub fn with_page_size(self, page_size: u16) -> Self {
        Self { page_size: page_size.clamp(1, pages::PAGE), ..self }
    }

    /// Looks for what weir never saw, and sends it. `progress` is called after each page.
    ///
    /// Ends within the deadline: what is left is told in [`Report::unfinished`], and comes with the next run.
    ///
    /// # Errors
    /// When Shopify will not answer for this shop (uninstalled, frozen, no token), or the stack does not.
    pub async fn run(
        &self,
        request: &Request<'_>,
        progress: &(dyn Fn(&Report) + Send + Sync),
    ) -> Result<Report, RunError> {
        let (by_kind, left_out) = topic::sorted(request.wanted);
        let now = self.clock.now();
        let mut report = Report::new(request.shop, request.app, now, request.dry_run, left_out);
        let ended = self.kinds(request, &by_kind, &mut report, progress).await;
        report.ended_at = self.clock.now();
        let ended = match ended {
            Err(Stop::Unfinished(why)) => {
                report.unfinished = Some(why);
                Ok(())
            }
            Err(Stop::Failed(error)) => Err(error),
            Ok(()) | Err(Stop::Refused(_)) => Ok(()),
        };
        if !request.dry_run && (report.is_notable() || matches!(request.since, Since::At(_))) {
            let kept = self.store.keep(&report).await;
            // What came first says more.
            ended.and(kept.map_err(RunError::from))?;
        } else {
            ended?;
        }
        log(&report);
        Ok(report)
    }

    async fn kinds(
        &self,
        request: &Request<'_>,
        by_kind: &BTreeMap<Kind, Vec<&ReconcileTopic>>,
        report: &mut Report,
        progress: &(dyn Fn(&Report) + Send + Sync),
    ) -> Result<(), Stop> {
        let mut all = Vec::new();
        for (kind, wanted) in by_kind {
            all.push((self.stored(request, *kind, wanted).await?, wanted));
        }
        // The one that is furthest behind comes first: points and time may not last for all.
        all.sort_by_key(|(stored, _)| stored.seen_until());
        for (stored, wanted) in &mut all {
            match self.kind(request, stored, wanted, report, progress).await {
                // One scope that is missing keeps nobody else from what they may read.
                Err(Stop::Refused(why)) => {
                    if let Some(kind_progress) = report.kinds.get_mut(&stored.key.kind) {
                        kind_progress.refused = Some(why);
                    }
                }
                ended => ended?,
            }
        }
        Ok(())
    }

    /// Nobody waits for it: it leaves a quarter of the bucket to others.
    fn call(&self, request: &Request<'_>) -> Call {
        let deadline = request.deadline.checked_sub(WRAP_UP_TIME).unwrap_or(request.deadline);
        Call { priority: Priority::Background, deadline }
    }
}

impl Report {
    /// Whether it says more than that all is well.
    fn is_notable(&self) -> bool {
        self.missing() > 0
            || self.dead > 0
            || self.unfinished.is_some()
            || self.kinds.values().any(|kind| kind.refused.is_some())
    }
}

fn log(report: &Report) {
    let (shop, app, dry_run) = (&report.shop, &report.app, report.dry_run);
    let (resources, missing, sent, dead) = (report.resources(), report.missing(), report.sent, report.dead);
    let (points, on_their_way) = (report.points, report.on_their_way);
    let unfinished = report.unfinished.as_ref().map(ToString::to_string);
    if missing > 0 || dead > 0 || unfinished.is_some() {
        tracing::warn!(
            shop,
            app,
            dry_run,
            resources,
            missing,
            sent,
            on_their_way,
            dead,
            points,
            unfinished,
            "Reconciled"
        );
    } else {
        tracing::info!(shop, app, dry_run, resources, on_their_way, points, "Reconciled: nothing was missing");
    }
}
