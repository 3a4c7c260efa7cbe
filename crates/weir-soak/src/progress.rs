//! Posts, and waits until nothing moves any more.

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use lambda_emulator::{FaultCounts, FaultProxy, SqsSource};
use tokio::time::{Instant, interval};
use weir_local::Deployed;

use weir_load::Endpoint;

use crate::{Soak, plan::Plan, sender::Posted, watch::Watch};

const LOOK_INTERVAL: Duration = Duration::from_millis(500);

/// The figures of the moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Deliveries that were answered 200.
    pub posted: u64,
    /// Deliveries in all.
    pub deliveries: u64,
    /// Events that are done or stale.
    pub settled: u64,
    /// Events in all.
    pub events: u64,
    /// Events that gave way to a newer version.
    pub stale: u64,
    /// Messages on the lanes.
    pub waiting: u64,
    /// Processes that were killed.
    pub kills: u64,
    /// Connections that were cut.
    pub cuts: u64,
    /// Messages in dead-letter queues.
    pub dead: u64,
}

/// What a run looks at while it goes on.
pub(crate) struct Running<'a> {
    pub(crate) soak: &'a Soak,
    pub(crate) plan: &'a Plan,
    pub(crate) posted: &'a Posted,
    pub(crate) watch: &'a Watch,
    pub(crate) sources: &'a [Arc<SqsSource>],
    pub(crate) proxies: [&'a FaultProxy; 2],
}

impl Running<'_> {
    /// Posts everything and waits until each event needs nothing more and the lanes are empty; `false` if nothing changed
    /// for too long.
    pub(crate) async fn until_rest(
        &self,
        deployed: &Deployed,
        http: &reqwest::Client,
        progress: &mut dyn FnMut(&Progress),
    ) -> Result<bool> {
        let endpoint = Endpoint::with_client(http.clone(), deployed.webhook_url.parse()?);
        let posting = self.posted.all(self.plan, &endpoint, &deployed.client_secret);
        tokio::pin!(posting);
        let mut ticks = interval(LOOK_INTERVAL);
        let (mut is_posted, mut changed, mut last) = (false, Instant::now(), Progress::default());
        loop {
            tokio::select! {
                biased;
                () = &mut posting, if !is_posted => is_posted = true,
                _ = ticks.tick() => {
                    let now = self.now().await?;
                    progress(&now);
                    if is_posted && now.waiting == 0 && self.all_at_rest() {
                        return Ok(true);
                    }
                    if (now.posted, now.settled, now.waiting) != (last.posted, last.settled, last.waiting) {
                        (changed, last) = (Instant::now(), now);
                    }
                    if changed.elapsed() > self.soak.stall_timeout {
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

    async fn now(&self) -> Result<Progress> {
        let (states, dead) = self.watch.counts();
        let count = |state: &str| states.get(state).copied().unwrap_or(0) as u64;
        let faults: FaultCounts = self.proxies.iter().map(|proxy| proxy.counts()).sum();
        Ok(Progress {
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
