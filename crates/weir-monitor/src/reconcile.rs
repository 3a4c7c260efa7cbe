//! Recovery by reconciliation: what happened at Shopify meanwhile is compared with what weir saw.

use std::time::Duration;

use resilience::Clock;
use shopify_client::Client;
use shopify_webhook::ShopDomain;
use tokio::time::Instant;
use weir_aws::SdkConfig;
use weir_core::UnixMillis;
use weir_recovery::{GRACE, Reconciler, Report, Request, Since, StackNames, StackOutside, Wanted};

use crate::recover::{Loss, Recover, Recovery};

/// Points that one run over one shop may use: a minute of the smallest plan's refill. What is left comes with the next.
const POINTS: u64 = 6_000;

/// The stack's own reconciliation.
pub struct Reconcile {
    outside: StackOutside,
    clock: Clock,
}

/// One shop, and what it subscribes to.
pub(crate) struct Task<'a> {
    pub(crate) shop: &'a ShopDomain,
    pub(crate) app: &'a str,
    pub(crate) client: &'a Client,
    pub(crate) installed_at: UnixMillis,
    pub(crate) wanted: &'a [Wanted],
    pub(crate) deadline: Instant,
}

impl Reconcile {
    /// Of the stack of these names.
    pub fn new(config: &SdkConfig, names: StackNames, clock: Clock) -> Self {
        Self { outside: StackOutside::new(config, names), clock }
    }

    /// One run.
    ///
    /// # Errors
    /// In words for the log.
    pub(crate) async fn run(&self, task: &Task<'_>, since: Since) -> Result<Report, String> {
        let reconciler = Reconciler::new(task.client.clone(), self.outside.clone(), self.clock);
        let request = Request {
            shop: task.shop,
            app: task.app,
            installed_at: Some(task.installed_at),
            since,
            until: None,
            wanted: task.wanted,
            dry_run: false,
            points: POINTS,
            deadline: task.deadline,
        };
        let ended = reconciler.run(&request, &|_| {}).await;
        // The first line: the rest is a hint for whoever sits before a screen.
        ended.map_err(|error| error.to_string().lines().next().unwrap_or_default().to_owned())
    }
}

impl Recover for Reconcile {
    async fn recover(&self, loss: &Loss<'_>) -> Result<Recovery, String> {
        let wanted: Vec<Wanted> = loss
            .wanted
            .iter()
            .filter(|one| loss.topics.contains(&one.topic.as_str()))
            .map(|one| Wanted::from(*one))
            .collect();
        let task = Task {
            shop: loss.shop,
            app: loss.app,
            client: loss.client,
            installed_at: loss.installed_at,
            wanted: &wanted,
            deadline: loss.deadline,
        };
        let report = self.run(&task, Since::At(loss.since)).await?;
        Ok(recovery(&report, loss.repaired_at))
    }
}

/// Whole, if all was looked at that changed until the subscription was back. What changed right before is left for a
/// later run: it may have been delivered, and be on its way.
fn recovery(report: &Report, repaired_at: UnixMillis) -> Recovery {
    if let Some(why) = &report.unfinished {
        return Recovery::Unfinished(why.to_string());
    }
    let until = report.kinds.values().filter(|kind| kind.refused.is_none()).map(|kind| kind.until).min();
    match until {
        Some(until) if until < repaired_at => {
            let wait: Duration = GRACE + repaired_at.since(until);
            Recovery::Unfinished(format!("changes of the last {} min are looked at by a later run", wait.as_secs().div_ceil(60)))
        }
        _ => Recovery::Whole(u64::from(report.sent)),
    }
}
