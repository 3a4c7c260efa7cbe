//! Posting and waiting, until nothing moves any more.

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use lambda_host::{FaultCounts, FaultProxy, SqsSource};
use tokio::time::{Instant, interval};
use weir_local::Deployed;

use super::{
    Soak,
    plan::Plan,
    post::Posted,
    view::{Now, View},
    watch::Watch,
};

const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What a run looks at while it goes on.
pub(super) struct Running<'a> {
    pub(super) soak: &'a Soak,
    pub(super) plan: &'a Plan,
    pub(super) posted: &'a Posted,
    pub(super) watch: &'a Watch,
    pub(super) sources: &'a [Arc<SqsSource>],
    pub(super) proxies: [&'a FaultProxy; 2],
}

impl Running<'_> {
    /// Posts everything and waits until each event needs nothing more and the lanes are empty; `false` if nothing changed
    /// for too long.
    pub(super) async fn until_rest(&self, deployed: &Deployed, http: &reqwest::Client) -> Result<bool> {
        let posting = self.posted.all(self.plan, &deployed.webhook_url, &deployed.client_secret, http);
        tokio::pin!(posting);
        let (mut view, mut ticks) = (View::new(self.soak.json), interval(LOOK_EVERY));
        let (mut is_posted, mut changed, mut last) = (false, Instant::now(), Now::default());
        loop {
            tokio::select! {
                biased;
                () = &mut posting, if !is_posted => is_posted = true,
                _ = ticks.tick() => {
                    let now = self.now().await?;
                    view.update(&now);
                    if is_posted && now.waiting == 0 && self.all_at_rest() {
                        return Ok(true);
                    }
                    if (now.posted, now.settled, now.waiting) != (last.posted, last.settled, last.waiting) {
                        (changed, last) = (Instant::now(), now);
                    }
                    if changed.elapsed() > Duration::from_secs(self.soak.patience.into()) {
                        return Ok(false);
                    }
                }
            }
        }
    }

    fn all_at_rest(&self) -> bool {
        let at_rest = self.watch.at_rest();
        self.posted.accepted().iter().all(|place| at_rest(&self.plan.events[*place].key()))
    }

    async fn now(&self) -> Result<Now> {
        let (states, dead) = self.watch.counts();
        let count = |state: &str| states.get(state).copied().unwrap_or(0) as u64;
        let faults: FaultCounts = self.proxies.iter().map(|proxy| proxy.counts()).sum();
        Ok(Now {
            posted: self.posted.answered(),
            deliveries: self.plan.deliveries.len() as u64,
            settled: count("done") + count("stale"),
            events: self.plan.events.len() as u64,
            stale: count("stale"),
            waiting: self.watch.waiting().await? as u64,
            kills: self.sources.iter().map(|source| source.counts().kills).sum(),
            cuts: faults.cut_requests + faults.cut_replies,
            dead: dead as u64,
        })
    }
}
