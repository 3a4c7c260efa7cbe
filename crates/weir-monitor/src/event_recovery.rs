//! Recovers the events that a lost subscription did not deliver: reconciles what happened at Shopify with what weir saw.

use std::time::Duration;

use resilience::Clock;
use weir_aws::SdkConfig;
use weir_core::UnixMillis;
use weir_reconcile::{FENCE_MEMORY, GRACE, ReconcileTopic, Reconciler, Report, Request, Since, StackNames, StackStore};
use weir_telemetry::{Labels, Metrics, metrics};

use crate::loss::{CatchUp, Loss, RecoveryProgress, Subject};

/// Points that one run over one shop may use: a minute of the smallest plan's refill. What is left comes with the next.
const MAX_POINTS_PER_RUN: u64 = 6_000;

/// Finds events that were not delivered, and sends them. It may be asked twice for one loss.
pub struct EventRecovery {
    store: StackStore,
    metrics: Metrics,
    clock: Clock,
}

impl EventRecovery {
    /// Of the stack of these names.
    pub fn new(config: &SdkConfig, names: StackNames, metrics: Metrics, clock: Clock) -> Self {
        Self { store: StackStore::new(config, names), metrics, clock }
    }

    /// One run.
    ///
    /// # Errors
    /// In words for the log.
    async fn run(
        &self,
        subject: &Subject<'_>,
        wanted: &[ReconcileTopic],
        since: Since,
        grace: Duration,
    ) -> Result<Report, String> {
        let reconciler = Reconciler::new(subject.client.clone(), self.store.clone(), self.clock);
        let request = Request {
            shop: subject.shop,
            app: subject.app,
            installed_at: Some(subject.installed_at),
            since,
            until: None,
            grace,
            wanted,
            dry_run: false,
            points: MAX_POINTS_PER_RUN,
            deadline: subject.deadline,
        };
        let ended = reconciler.run(&request, &|_| {}).await;
        if let Ok(report) = &ended {
            self.count(report);
        }
        ended.map_err(|error| error.to_string())
    }

    fn count(&self, report: &Report) {
        let of = Labels::default();
        self.metrics.count(&metrics::RECONCILIATION_RUNS, &of);
        self.metrics.add(&metrics::RECONCILIATION_MISSING, report.missing().into(), &of);
        self.metrics.add(&metrics::RECONCILIATION_SENT, report.sent.into(), &of);
        if let Some(lag) = report.lag() {
            self.metrics.add(&metrics::RECONCILIATION_LAG, u64::try_from(lag.as_millis()).unwrap_or(u64::MAX), &of);
        }
    }
}

impl EventRecovery {
    /// Recovers the events of one loss.
    ///
    /// # Errors
    /// In words for the log.
    pub(crate) async fn recover(&self, loss: &Loss<'_>) -> Result<RecoveryProgress, String> {
        // Without a grace: while there was no subscription nothing was sent, and what had been sent before and comes late
        // meets the ledger and the fence.
        let made = loss.subject.wanted.subscriptions.iter().map(|one| ReconcileTopic::from(*one));
        let wanted: Vec<ReconcileTopic> = made.filter(|one| loss.topics.contains(&one.topic.as_str())).collect();
        // What the fence may have forgotten would run twice.
        let since = loss.since.max(self.clock.now() - FENCE_MEMORY);
        let report = self.run(&loss.subject, &wanted, Since::At(since), Duration::ZERO).await?;
        Ok(recovery(&report, loss.repaired_at))
    }

    /// Looks for events that were missed though no subscription was lost: Shopify does not promise to deliver.
    ///
    /// # Errors
    /// In words for the log.
    pub(crate) async fn keep_up(&self, subject: &Subject<'_>) -> Result<CatchUp, String> {
        let made = subject.wanted.subscriptions.iter().map(|one| ReconcileTopic::from(*one));
        let wanted: Vec<ReconcileTopic> =
            made.chain(subject.wanted.declared.iter().map(|one| ReconcileTopic::topic(one))).collect();
        let report = self.run(subject, &wanted, Since::Cursor, GRACE).await?;
        // What is new since is for the next time.
        Ok(CatchUp { recovery: recovery(&report, UnixMillis(0)), silent: silent(&report, &subject.wanted.declared) })
    }
}

/// The declared topics of which something is missing.
fn silent(report: &Report, declared: &[&str]) -> Vec<String> {
    report.missing.keys().filter(|topic| declared.contains(&topic.as_str())).cloned().collect()
}

/// Whole, if all was looked at that changed until the subscription was back.
fn recovery(report: &Report, repaired_at: UnixMillis) -> RecoveryProgress {
    if let Some(why) = &report.unfinished {
        return RecoveryProgress::Unfinished(why.to_string());
    }
    let until = report.kinds.values().filter(|kind| kind.refused.is_none()).map(|kind| kind.until).min();
    match until {
        Some(until) if until < repaired_at => {
            RecoveryProgress::Unfinished(format!("what changed after {until} is still to be looked at"))
        }
        _ => RecoveryProgress::Whole(u64::from(report.sent)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use weir_reconcile::{Kind, KindProgress, Unfinished};

    use super::*;

    const BACK: UnixMillis = UnixMillis(1_795_755_600_000);

    fn report(until: UnixMillis) -> Report {
        let looked = KindProgress { from: UnixMillis(0), until, resources: 3, whole: true, refused: None };
        Report {
            shop: "north.myshopify.com".into(),
            app: "default".into(),
            began_at: BACK,
            ended_at: BACK,
            dry_run: false,
            kinds: BTreeMap::from([(Kind::Orders, looked)]),
            missing: BTreeMap::new(),
            sent: 7,
            on_their_way: 0,
            dead: 0,
            gone: 0,
            points: 0,
            rest_calls: 0,
            left_out: Vec::new(),
            unfinished: None,
        }
    }

    #[test]
    fn a_loss_is_recovered_when_all_until_its_repair_was_looked_at() {
        assert_eq!(recovery(&report(BACK), BACK), RecoveryProgress::Whole(7));
        let soon = recovery(&report(BACK - Duration::from_secs(90)), BACK);
        assert!(matches!(soon, RecoveryProgress::Unfinished(_)), "{soon:?}");
        let broken_off = Report { unfinished: Some(Unfinished::TimeIsUp), ..report(BACK) };
        assert!(matches!(recovery(&broken_off, BACK), RecoveryProgress::Unfinished(_)));
    }

    #[test]
    fn a_declared_topic_is_silent_if_its_events_happened_and_did_not_come() {
        let hours = || BTreeMap::from([("2026-11-27T05:00:00Z".to_owned(), 2)]);
        let missing = ["orders/create", "orders/paid"].map(|topic| (topic.to_owned(), hours()));
        let report = Report { missing: missing.into(), ..report(BACK) };
        assert_eq!(silent(&report, &["orders/paid", "products/update"]), ["orders/paid"]);
    }

    #[test]
    fn topic_without_access_ends_its_loss() {
        let mut report = report(UnixMillis(0));
        report.kinds.values_mut().for_each(|looked| looked.refused = Some("access denied".into()));
        assert_eq!(recovery(&report, BACK), RecoveryProgress::Whole(7));
    }
}
