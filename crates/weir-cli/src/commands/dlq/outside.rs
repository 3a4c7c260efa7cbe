//! What these commands move messages with: SQS and the ledger; in tests, queues that fail on purpose.

use std::time::Duration;

use weir_aws::{
    Bodies, DynamoLedger, LaneSender, LaneUrls,
    dead_letters::{DeadLetter, DeadLetters},
};
use weir_core::{
    Lane,
    ledger::{Key, Record},
};

use crate::target::{Place, reader};

/// How long messages are hidden while they are looked at or moved: longer than any batch takes. What is not given back
/// comes back by itself then.
pub(super) const HIDDEN: Duration = Duration::from_secs(15 * 60);

/// Dead-letter queues, lanes and the ledger.
pub(super) trait Outside {
    /// Some messages of the lane's dead-letter queue, hidden from now on; none if none is visible.
    async fn receive(&self, lane: Lane, most: usize) -> anyhow::Result<Vec<DeadLetter>>;
    /// The records of these events that are there.
    async fn look_up(&self, keys: &[Key]) -> anyhow::Result<Vec<Record>>;
    /// Sends messages, each with its group; one result each, in order.
    async fn send(&self, lane: Lane, messages: &[(String, String)]) -> Vec<anyhow::Result<()>>;
    /// Deletes messages from the lane's dead-letter queue.
    async fn delete(&self, lane: Lane, receipts: &[String]) -> anyhow::Result<()>;
    /// Makes messages visible again.
    async fn give_back(&self, lane: Lane, receipts: &[String]) -> anyhow::Result<()>;
}

/// A stack's own.
pub(super) struct Stack {
    ledger: DynamoLedger,
    lanes: LaneSender,
    dead: Vec<(Lane, DeadLetters)>,
    pub(super) bodies: Bodies,
    hint: &'static str,
}

impl Stack {
    pub(super) fn of(place: &Place) -> anyhow::Result<Self> {
        let urls = place.lanes()?;
        let url = |lane| urls.iter().find(|urls| urls.lane == lane).map(|urls| urls.queue.clone()).unwrap_or_default();
        let lanes = LaneUrls { urgent: url(Lane::Urgent), standard: url(Lane::Standard), bulk: url(Lane::Bulk) };
        Ok(Self {
            ledger: reader(&place.config, place.output("LedgerTable")?),
            lanes: LaneSender::new(&place.config, lanes),
            dead: urls.into_iter().map(|urls| (urls.lane, DeadLetters::new(&place.config, urls.dlq))).collect(),
            bodies: Bodies::new(&place.config, place.output("BodiesBucket")?),
            hint: place.hint,
        })
    }

    fn dead(&self, lane: Lane) -> anyhow::Result<&DeadLetters> {
        let found = self.dead.iter().find(|(of, _)| *of == lane);
        found.map(|(_, dead)| dead).ok_or_else(|| anyhow::anyhow!("lane {lane} has no dead-letter queue"))
    }

    fn failed(&self, lane: Lane, error: &dyn std::error::Error) -> anyhow::Error {
        anyhow::anyhow!("dead-letter queue of lane {lane}: {error}\nhint: {}", self.hint)
    }
}

impl Outside for Stack {
    async fn receive(&self, lane: Lane, most: usize) -> anyhow::Result<Vec<DeadLetter>> {
        self.dead(lane)?.receive(most, HIDDEN).await.map_err(|error| self.failed(lane, &error))
    }

    async fn look_up(&self, keys: &[Key]) -> anyhow::Result<Vec<Record>> {
        let records = self.ledger.get_many(keys).await;
        records.map_err(|error| anyhow::anyhow!("{error}\nhint: {}", self.hint))
    }

    async fn send(&self, lane: Lane, messages: &[(String, String)]) -> Vec<anyhow::Result<()>> {
        let sent = self.lanes.send_batch(lane, messages).await;
        sent.into_iter().map(|one| one.map_err(Into::into)).collect()
    }

    async fn delete(&self, lane: Lane, receipts: &[String]) -> anyhow::Result<()> {
        self.dead(lane)?.delete(receipts).await.map_err(|error| self.failed(lane, &error))
    }

    async fn give_back(&self, lane: Lane, receipts: &[String]) -> anyhow::Result<()> {
        self.dead(lane)?.give_back(receipts).await.map_err(|error| self.failed(lane, &error))
    }
}
