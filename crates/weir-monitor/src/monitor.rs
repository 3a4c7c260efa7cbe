//! A run over a shard.

use std::{collections::HashMap, time::Duration};

use futures_util::{StreamExt, stream};
use resilience::Clock;
use tokio::time::Instant;
use weir_aws::{
    DocumentStore,
    documents::{Document, DocumentError, Stored},
};
use weir_core::{EventShop, UnixMillis};
use weir_shops::{
    Clients, Registry, Shop, ShopState,
    registry::{Page, RegistryError},
};
use weir_subscriptions::{
    Desired,
    drift::{self, Drift},
    progress::{COLLECTION, Progress, ROUND, Round},
};

use crate::{EventRecovery, Shard, Summary, due::is_due};

/// Shops that are checked at once: each is one call, and each has a budget of its own at Shopify.
const MAX_CONCURRENCY: usize = 10;

/// Shops after which the progress is kept: one write for each such lot.
const LOT_SIZE: usize = 20;

/// What a lot may take: one that could take longer is left to the next run.
const LOT_TIMEOUT: Duration = Duration::from_secs(60);

/// A run is surely dead so long after its invocation's end.
const CLOCK_SKEW: Duration = Duration::from_secs(5);

/// Shops that differ at once, of which a run knows from before. Those beyond are found again, as if for the first time.
const MAX_KNOWN_DRIFTS: usize = 10_000;

/// Looks after the shops of a stack.
pub struct Monitor {
    /// What is desired.
    pub desired: Desired,
    /// Where subscriptions point.
    pub webhook_url: String,
    /// The shops.
    pub registry: Registry,
    /// What is remembered from run to run.
    pub operations: DocumentStore,
    /// Who calls Shopify.
    pub clients: Clients,
    /// Looks for events that were missed.
    pub recovery: EventRecovery,
    /// How often each shop is reconciled though all is well; `None` is never.
    pub reconcile_every: Option<Duration>,
    /// What time it is.
    pub clock: Clock,
}

/// A run that could not go on. The next one does, where this one stood.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The table of operations could not be read or written.
    #[error(transparent)]
    Operations(#[from] DocumentError),
    /// The registry of shops could not be read.
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

/// The shard's document, as this run holds it.
struct HeldShard {
    version: u64,
    progress: Progress,
}

impl Monitor {
    /// Checks the shard's shops, beginning where the last run ended, until all are checked or the time is up. `None` if
    /// another run is at it.
    ///
    /// # Errors
    /// When the stack's tables can't be reached. What went wrong with a single shop is logged, counted, and tried again by
    /// the next run.
    pub async fn run(&self, shard: Shard, end: UnixMillis) -> Result<Option<Summary>, RunError> {
        let Some(mut held) = self.hold(shard, end).await? else { return Ok(None) };
        let known: Vec<Document<Drift>> = self.operations.list(drift::COLLECTION, false, MAX_KNOWN_DRIFTS).await?;
        let known: HashMap<String, Document<Drift>> = known.into_iter().map(|one| (one.name.clone(), one)).collect();
        let mut summary = Summary::default();
        let after = held.progress.round.as_ref().and_then(|round| round.after.clone());
        let mut page = after.map(|(shop, app)| Page::after(&EventShop::from_stored(shop), &app));
        loop {
            let next = self.registry.list(None, Some(ShopState::Installed), page).await?;
            for lot in next.shops.chunks(LOT_SIZE) {
                if end.since(self.clock.now()) < LOT_TIMEOUT {
                    self.keep(shard, &mut held, |progress| progress.held_until_ms = 0).await?;
                    return Ok(Some(summary));
                }
                let mine: Vec<&Shop> = lot.iter().filter(|shop| shard.has(shop.domain.as_str())).collect();
                let results = self.lot(&mine, &known, &held.progress, end, &mut summary).await;
                let Some(last) = lot.last() else { continue };
                let after = (last.domain.to_string(), last.app.clone());
                if !self.keep(shard, &mut held, |progress| progress.checked(&results, after)).await? {
                    tracing::warn!(%shard, "Another run of the monitor took over");
                    return Ok(Some(summary));
                }
            }
            if !next.has_more() {
                break;
            }
            page = Some(next);
        }
        self.end(shard, held, &mut summary).await?;
        Ok(Some(summary))
    }

    /// Takes the shard for this run.
    async fn hold(&self, shard: Shard, end: UnixMillis) -> Result<Option<HeldShard>, RunError> {
        let found = self.operations.get::<Progress>(COLLECTION, &shard.document()).await?;
        let version = found.as_ref().map(|found| found.version);
        let progress = found.map(|found| found.value).unwrap_or_default();
        let Some(progress) = progress.held(self.clock.now(), end + CLOCK_SKEW) else { return Ok(None) };
        match self.operations.put(COLLECTION, &shard.document(), version, &progress, None).await? {
            Stored::Written(version) => Ok(Some(HeldShard { version, progress })),
            // This very write, whose reply was lost, or another run: the next one has it.
            Stored::Lost(_) => Ok(None),
        }
    }

    /// Keeps what changed; false if another run has the shard now.
    async fn keep(
        &self,
        shard: Shard,
        held: &mut HeldShard,
        change: impl FnOnce(&mut Progress),
    ) -> Result<bool, RunError> {
        change(&mut held.progress);
        match self.operations.put(COLLECTION, &shard.document(), Some(held.version), &held.progress, None).await? {
            Stored::Written(version) => held.version = version,
            Stored::Lost(Some(there)) if there.value == held.progress => held.version = there.version,
            Stored::Lost(_) => return Ok(false),
        }
        Ok(true)
    }

    /// Checks some shops, several at once.
    async fn lot(
        &self,
        shops: &[&Shop],
        known: &HashMap<String, Document<Drift>>,
        progress: &Progress,
        end: UnixMillis,
        summary: &mut Summary,
    ) -> Vec<(String, bool)> {
        let deadline = Instant::now() + end.since(self.clock.now());
        let checks = shops.iter().map(|shop| {
            let name = drift::name(&shop.app, &shop.domain);
            let (known, well_at) = (known.get(&name), progress.well_at(&name));
            let (before, now) = progress.rounds();
            let is_due = self.reconcile_every.is_some_and(|every| is_due(&name, every, before, now));
            async move { (name, self.check(shop, known, well_at, is_due, deadline).await) }
        });
        let results: Vec<_> = stream::iter(checks).buffer_unordered(MAX_CONCURRENCY).collect().await;
        let mut names = Vec::new();
        for (name, (counts, is_checked)) in results {
            *summary += counts;
            names.push((name, is_checked));
        }
        names
    }

    /// The round is over: its end is told for this shard, and for all of them together.
    async fn end(&self, shard: Shard, mut held: HeldShard, summary: &mut Summary) -> Result<(), RunError> {
        let now = self.clock.now();
        if !self.keep(shard, &mut held, |progress| progress.ended(now)).await? {
            return Ok(());
        }
        summary.is_round = true;
        let (mut ended_at, mut shops) = (now, 0);
        for each in shard.all() {
            let found = self.operations.get::<Progress>(COLLECTION, &each.document()).await?;
            // One that never ended a round: there is nothing to tell of all yet.
            let Some(last) = found.and_then(|found| found.value.last) else { return Ok(()) };
            ended_at = ended_at.min(UnixMillis(last.ended_at_ms));
            shops += last.shops;
        }
        let round = Round { ended_at: ended_at.to_string(), shops };
        let found = self.operations.get::<Round>(COLLECTION, ROUND).await?;
        // Lost to another shard's end at the same moment: its word is as good.
        self.operations.put(COLLECTION, ROUND, found.map(|found| found.version), &round, None).await?;
        Ok(())
    }
}
