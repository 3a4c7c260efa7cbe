//! What an operator did to dead letters: written before the first message moves, and as long as it goes on.

use std::cell::RefCell;

use anyhow::Context;
use resilience::UnixMillis;
use serde::{Deserialize, Serialize};
use tokio::time::{Duration, Instant};
use weir_aws::{
    Operations,
    operations::{Document, Stored},
};

use super::{filter::Filter, replay::Done};

/// Where these documents are.
pub(super) const SHELF: &str = "replays";
/// Where the names of dropped events are, in documents named after their operation.
const DROPPED: &str = "dropped";

/// How long they are kept.
const KEPT: Duration = Duration::from_secs(400 * 86_400);
/// How often progress is written.
const EVERY: Duration = Duration::from_secs(2);
/// One that says nothing for so long is not running, whatever it last said.
const SILENT: Duration = Duration::from_secs(120);
/// Names in one document: well below DynamoDB's 400 KB.
const NAMES: usize = 1_000;

/// The document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Operation {
    pub(super) kind: Kind,
    /// An AWS identity, or user and host for a local stack.
    pub(super) who: String,
    pub(super) began_at: String,
    pub(super) updated_at_ms: i64,
    pub(super) state: State,
    pub(super) filter: Filter,
    pub(super) force: bool,
    pub(super) rate: Option<f64>,
    pub(super) limit: Option<u64>,
    pub(super) sent: u64,
    pub(super) deleted: u64,
    pub(super) refused: u64,
    pub(super) passed_over: u64,
    /// The operation that it goes on with.
    pub(super) resumes: Option<String>,
    /// Why it failed.
    pub(super) error: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Replay,
    /// With another body.
    Fix,
    Drop,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    Running,
    Done,
    /// Somebody stopped it.
    Interrupted,
    Failed,
}

impl Operation {
    pub(super) fn new(kind: Kind, who: String, filter: Filter) -> Self {
        let now = UnixMillis::now();
        Self {
            kind,
            who,
            began_at: now.to_string(),
            updated_at_ms: now.0,
            state: State::Running,
            filter,
            force: false,
            rate: None,
            limit: None,
            sent: 0,
            deleted: 0,
            refused: 0,
            passed_over: 0,
            resumes: None,
            error: None,
        }
    }

    /// In words: one that was killed could not say so.
    pub(super) fn how(&self, now: UnixMillis) -> &'static str {
        match self.state {
            State::Running if now.since(UnixMillis(self.updated_at_ms)) > SILENT => "abandoned",
            State::Running => "running",
            State::Done => "done",
            State::Interrupted => "interrupted",
            State::Failed => "failed",
        }
    }
}

/// An operation that is under way.
pub(super) struct Record<'a> {
    operations: &'a Operations,
    /// Its name: the time, so that they are in order, and a little chance.
    pub(super) name: String,
    now: RefCell<(Operation, u64, Instant)>,
}

impl<'a> Record<'a> {
    /// Writes that it begins: before anything moves.
    pub(super) async fn begin(operations: &'a Operations, operation: Operation) -> anyhow::Result<Self> {
        let now = UnixMillis::now();
        let time: String = now.to_string().chars().take(19).filter(|c| !matches!(c, '-' | ':')).collect();
        let name = format!("{time}-{:04x}", fastrand::u16(..));
        let stored = operations.put(SHELF, &name, None, &operation, Some(now + KEPT)).await;
        let stored = stored.context("nothing was moved, for it could not be recorded")?;
        let Stored::Written(version) = stored else {
            anyhow::bail!("another operation has the name {name}\nhint: try again")
        };
        Ok(Self { operations, name, now: RefCell::new((operation, version, Instant::now())) })
    }

    /// Writes how far it is, every two seconds.
    pub(super) async fn tell(&self, done: Done) -> anyhow::Result<()> {
        {
            let mut now = self.now.borrow_mut();
            count(&mut now.0, done);
            if now.2.elapsed() < EVERY {
                return Ok(());
            }
            now.2 = Instant::now();
        }
        self.write().await
    }

    /// Writes how it ended.
    pub(super) async fn end(&self, state: State, done: Done, error: Option<&anyhow::Error>) -> anyhow::Result<()> {
        {
            let operation = &mut self.now.borrow_mut().0;
            count(operation, done);
            operation.state = state;
            operation.error = error.map(|error| error.to_string().lines().next().unwrap_or_default().to_owned());
        }
        self.write().await
    }

    /// Writes the names of events that are about to be dropped.
    pub(super) async fn dropping(&self, names: &[String], from: u64) -> anyhow::Result<()> {
        for (index, names) in names.chunks(NAMES).enumerate() {
            let name = format!("{}/{:09}-{index}", self.name, from);
            let expires = UnixMillis::now() + KEPT;
            self.operations.put(DROPPED, &name, None, &names.to_vec(), Some(expires)).await?;
        }
        Ok(())
    }

    async fn write(&self) -> anyhow::Result<()> {
        let (operation, version) = {
            let mut now = self.now.borrow_mut();
            now.0.updated_at_ms = UnixMillis::now().0;
            // Others who write meanwhile expect the next one.
            now.1 += 1;
            (now.0.clone(), now.1)
        };
        let expires = UnixMillis::now() + KEPT;
        let stored = self.operations.put(SHELF, &self.name, Some(version - 1), &operation, Some(expires)).await?;
        match stored {
            Stored::Written(_) => Ok(()),
            // Its own, whose reply was lost, or one that was under way beside it: the next one mends it.
            Stored::Lost(there) => {
                self.now.borrow_mut().1 = there.map_or(0, |there| there.version);
                Ok(())
            }
        }
    }
}

fn count(operation: &mut Operation, done: Done) {
    operation.sent = done.sent;
    operation.deleted = done.deleted;
    operation.refused = done.refused;
    operation.passed_over = done.passed_over;
}

/// The operation of this name.
pub(super) async fn read(operations: &Operations, name: &str) -> anyhow::Result<Document<Operation>> {
    operations.get(SHELF, name).await?.ok_or_else(|| {
        anyhow::anyhow!("there is no operation {name}\nhint: `weir dlq history` lists those that there are")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_says_nothing_any_more_is_abandoned() {
        let operation = Operation::new(Kind::Replay, "me".into(), Filter::default());
        let began = UnixMillis(operation.updated_at_ms);
        assert_eq!(operation.how(began + SILENT), "running");
        assert_eq!(operation.how(began + SILENT + Duration::from_millis(1)), "abandoned");
        assert_eq!(Operation { state: State::Done, ..operation }.how(began + SILENT * 2), "done");
    }
}
