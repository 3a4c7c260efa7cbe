//! The levels of a worker that may die at each call, and copies of Shopify that lag.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use shopify_client::Client;
use shopify_webhook::ShopDomain;
use tokio::time::Instant;
use weir_stock::{
    Blocked, LevelKey, Levels, Push, Reading, SetAnswer,
    shopify::{ClientSource, ShopifyLevels},
};

use super::faults::Mortal;

/// A copy of Shopify's that is asked may be as old as this.
const LAG: Duration = Duration::from_millis(1_500);

/// The clients of shops. Each shop has its own token store in the simulation.
#[derive(Clone)]
pub(super) struct OneClient(pub(super) Client);

impl ClientSource for OneClient {
    async fn client(&self, _app: &str) -> Result<Client, String> {
        Ok(self.0.clone())
    }
}

/// What the audit wants to know of pushes.
#[derive(Debug, Default)]
pub(super) struct PushLog {
    /// Rows that were set, with their pool.
    pub(super) set: Vec<(String, i64)>,
    /// Calls that Shopify refused because of a level that had changed.
    pub(super) stale: usize,
}

/// The levels.
#[derive(Clone)]
pub(super) struct MortalLevels {
    pub(super) clients: Arc<HashMap<ShopDomain, ShopifyLevels<OneClient>>>,
    pub(super) mortal: Mortal,
    pub(super) log: Arc<Mutex<PushLog>>,
    /// Readings of before, which a copy that lags returns again.
    pub(super) copies: Arc<Mutex<HashMap<LevelKey, (Instant, Reading)>>>,
    pub(super) rng: Arc<Mutex<fastrand::Rng>>,
    /// Whether a push compares the quantity.
    pub(super) compares: bool,
    /// Numbers that webhooks carry: the baseline believes them.
    pub(super) believed: Option<Arc<Mutex<HashMap<LevelKey, i64>>>>,
    /// Reads what is there, for a push that does not compare.
    pub(super) sim: shopify_sim::Sim,
}

impl MortalLevels {
    fn chance(&self, rate: f64) -> bool {
        self.rng.lock().unwrap_or_else(PoisonError::into_inner).f64() < rate
    }
}

impl Levels for MortalLevels {
    async fn read(&self, app: &str, shop: &ShopDomain, levels: &[LevelKey]) -> Result<Vec<Option<Reading>>, Blocked> {
        self.mortal.may_die().await;
        let Some(client) = self.clients.get(shop) else { return Err(Blocked::Until("no client".to_owned())) };
        let mut read = client.read(app, shop, levels).await?;
        for (level, reading) in levels.iter().zip(read.iter_mut()) {
            let Some(reading) = reading else { continue };
            if let Some(believed) = &self.believed {
                let said = believed.lock().unwrap_or_else(PoisonError::into_inner).remove(level);
                reading.available = said.unwrap_or(reading.available);
                continue;
            }
            let lags = self.chance(0.1);
            let mut copies = self.copies.lock().unwrap_or_else(PoisonError::into_inner);
            match copies.get(level) {
                Some((at, earlier)) if lags && at.elapsed() < LAG => *reading = *earlier,
                _ => drop(copies.insert(level.clone(), (Instant::now(), *reading))),
            }
        }
        self.mortal.may_die().await;
        Ok(read)
    }

    async fn set(&self, push: &Push) -> SetAnswer {
        self.mortal.may_die().await;
        let Some(client) = self.clients.get(&push.shop.0) else {
            return SetAnswer::Blocked(Blocked::Until("no client".to_owned()));
        };
        let mut sent = push.clone();
        if !self.compares {
            for row in &mut sent.rows {
                let there = self.sim.available(&push.shop.0, row.level.item, row.level.location);
                row.from = there.unwrap_or(row.from);
            }
        }
        let answer = client.set(&sent).await;
        {
            let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
            match &answer {
                SetAnswer::Applied { .. } => log.set.extend(push.rows.iter().map(|row| (row.sku.clone(), row.to))),
                SetAnswer::Refused(_) => log.stale += 1,
                _ => {}
            }
        }
        self.mortal.may_die().await;
        answer
    }
}
