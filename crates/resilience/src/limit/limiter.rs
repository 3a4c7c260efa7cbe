//! All limits of one process, and how it meets the others.

use std::{
    collections::HashMap,
    fmt,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use super::{
    Bucket, Limit, NotFor,
    bucket::{Answer, Ask},
    meter::Meter,
};
use crate::{
    Backoff, Clock,
    shared::{Change, SharedState, SharedStateError, Swap, Versioned},
};

/// The rate limits of one process, by name.
pub struct Limiter {
    shared: Shared,
    known: Mutex<HashMap<String, Arc<Meter>>>,
}

/// What all meters share.
pub(super) struct Shared {
    pub(super) clock: Clock,
    state: Arc<dyn SharedState>,
}

/// How long the shared state may take for one operation, before it counts as unreachable.
const ANSWERS_WITHIN: Duration = Duration::from_secs(1);
/// How often an ask is decided anew when others write at the same time.
const ROUNDS: u32 = 10;
/// Waits after a meeting.
const CROWD: Backoff = Backoff { base: Duration::from_millis(20), cap: Duration::from_millis(200) };
/// When to come back where too many ask at once.
const CROWDED: Duration = Duration::from_millis(200);
/// The shared state keeps a bucket this much longer than it takes to fill.
const KEEP: Duration = Duration::from_secs(60);
/// From so many names on, those that nobody uses are forgotten.
const MANY: usize = 4096;

impl Limiter {
    /// No limit yet. `state` is shared with the other processes, `clock` goes as theirs do.
    pub fn new(clock: Clock, state: Arc<dyn SharedState>) -> Self {
        Self { shared: Shared { clock, state }, known: Mutex::default() }
    }

    /// Takes one permit of the limit called `name`, which is its key in the shared state:
    /// `limit/erp/north.myshopify.com`. Use it at once.
    ///
    /// Waits up to `patience` for it; the shared state's own answers, a second each at most, are not counted.
    ///
    /// # Errors
    /// [`NotFor`], at once, when there will be none in that time: when to come back.
    pub async fn take(&self, name: &str, limit: Limit, patience: Duration) -> Result<(), NotFor> {
        self.meter(name).take(&self.shared, limit, patience).await
    }

    fn meter(&self, name: &str) -> Arc<Meter> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(meter) = known.get(name) {
            return Arc::clone(meter);
        }
        if known.len() >= MANY {
            let now = self.shared.clock.now();
            known.retain(|_, meter| Arc::strong_count(meter) > 1 || !meter.is_idle(now));
        }
        let meter = Arc::new(Meter::new(name.to_owned()));
        known.insert(name.to_owned(), Arc::clone(&meter));
        meter
    }
}

impl fmt::Debug for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limiter").finish_non_exhaustive()
    }
}

impl Shared {
    /// One read and one write, if nobody else writes. What `ask` tells is taken out of it where it may have been
    /// written without our being told.
    pub(super) async fn ask(&self, name: &str, ask: &mut Ask, limit: Limit) -> Result<Answer, SharedStateError> {
        let keep = Duration::from_secs_f64(limit.burst() / limit.rate()).saturating_add(KEEP);
        let mut current = within(name, "read", self.state.read(name)).await?;
        for round in 1..=ROUNDS {
            // A document of another version is a hint about the present, and is made anew.
            let bucket = current.as_ref().and_then(|current| serde_json::from_str(&current.value).ok());
            let (change, answer) = Bucket::ask(bucket, ask, limit, self.clock.now());
            let Change::Write(bucket) = change else { return Ok(answer) };
            let value = serde_json::to_string(&bucket).map_err(|error| failed(name, "written", error))?;
            let expected = current.as_ref().map(|current| current.version);
            match within(name, "written", self.state.swap(name, expected, &value, keep)).await? {
                Swap::Written => return Ok(answer),
                // Written, the reply was lost, and the store's client tried again.
                Swap::Lost(Some(there)) if is_by(&there, ask.writer) => return Ok(answer),
                Swap::Lost(there) => {
                    let next = expected.map_or(1, |version| version.saturating_add(1));
                    if there.as_ref().is_none_or(|there| there.version != next) {
                        ask.spent = None;
                    }
                    current = there;
                }
            }
            tokio::time::sleep(CROWD.delay(round, &mut fastrand::Rng::new())).await;
            // The wait made what was seen old.
            if round > 1 {
                current = within(name, "read", self.state.read(name)).await?;
            }
        }
        Ok(Answer::Wait(CROWDED))
    }
}

fn is_by(there: &Versioned, writer: u64) -> bool {
    serde_json::from_str::<Bucket>(&there.value).is_ok_and(|bucket| bucket.written_by == writer)
}

async fn within<T>(
    name: &str,
    action: &'static str,
    operation: impl Future<Output = Result<T, SharedStateError>>,
) -> Result<T, SharedStateError> {
    match tokio::time::timeout(ANSWERS_WITHIN, operation).await {
        Ok(ended) => ended,
        Err(late) => Err(failed(name, action, late)),
    }
}

fn failed(
    name: &str,
    action: &'static str,
    source: impl std::error::Error + Send + Sync + 'static,
) -> SharedStateError {
    SharedStateError { key: name.to_owned(), action, source: Box::new(source) }
}
