//! Subjects in turns: A B C, A B C, and so on, so that what the machine does beside hits all of them alike.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result};

use crate::{
    authority::Authority,
    events::Events,
    measure,
    metric::Metric,
    stats::{median, millis, percentile, ratio},
    stub::{Aws, Distance},
    subject::{Role, Subject},
};

/// Webhooks before those that count: a JIT compiler wants some.
const WARM_UP: usize = 300;
/// Webhooks that count, in each round.
const WEBHOOKS: usize = 500;
/// Batches before those that count.
const BATCH_WARM_UP: usize = 30;
/// Batches that count, in each round.
const BATCHES: usize = 50;

/// What the ledger takes for a request, as DynamoDB does within a region.
pub const TABLE: Duration = Duration::from_millis(5);

/// The size of an order that counts as usual.
pub const ORDER_BYTES: usize = 6_000;

/// Where and how it is measured.
#[derive(Debug)]
pub struct Bench {
    /// The stub.
    pub aws: Aws,
    /// The file with the certificate to trust.
    pub bundle: PathBuf,
    /// For what functions write.
    pub logs: PathBuf,
}

/// By subject and metric, one value a round.
#[derive(Debug, Clone, Default)]
pub struct Rounds(BTreeMap<&'static str, BTreeMap<Metric, Vec<f64>>>);

impl Bench {
    /// Starts the stub, over TLS or not; `folder` is for what is written.
    ///
    /// # Errors
    /// When no port is free or the folder can't be written.
    pub async fn start(folder: &Path, is_secure: bool) -> Result<Self> {
        let logs = folder.join("logs");
        std::fs::create_dir_all(&logs).with_context(|| format!("could not make {}", logs.display()))?;
        let authority = Authority::new()?;
        let bundle = folder.join("authority.pem");
        std::fs::write(&bundle, &authority.bundle).with_context(|| format!("could not write {}", bundle.display()))?;
        let aws = Aws::start(is_secure.then_some(&authority), Distance::default()).await?;
        Ok(Self { aws, bundle, logs })
    }

    /// One of a subject's functions, as it runs here.
    #[must_use]
    pub fn function(&self, subject: &Subject, role: Role) -> lambda_emulator::Function {
        subject.function(role, &self.aws, &self.bundle, &self.logs)
    }

    /// So many rounds of all subjects. `tell` hears how far it is.
    ///
    /// # Errors
    /// When a function does not start, or does not do its work.
    pub async fn compare(&self, subjects: &[Subject], rounds: u32, tell: impl Fn(&str)) -> Result<Rounds> {
        let mut events = Events::new(ORDER_BYTES);
        let mut kept = Rounds::default();
        for round in 1..=rounds {
            for subject in subjects {
                tell(&format!("round {round} of {rounds}: {}", subject.name));
                self.ingest(subject, round, &mut events, &mut kept).await?;
                self.worker(subject, round, &mut events, &mut kept).await?;
            }
        }
        Ok(kept)
    }

    async fn ingest(&self, subject: &Subject, round: u32, events: &mut Events, kept: &mut Rounds) -> Result<()> {
        self.aws.move_to(Distance::default());
        let function = self.function(subject, Role::Ingest);
        let (mut environment, start) = measure::start(&function, round.into(), events, &self.aws).await?;
        let warm = measure::warm(&mut environment, events, &self.aws, WARM_UP, WEBHOOKS).await?;
        let (latencies, own) = (millis(&warm.latencies), millis(&warm.own));
        let mut keep = |metric, value| kept.keep(subject.name, metric, value);
        keep(Metric::IngestInitMs, ms(start.init));
        keep(Metric::IngestColdMs, ms(start.init + start.first));
        keep(Metric::IngestColdCpuMs, ms(start.cpu));
        keep(Metric::IngestWarmP50Ms, percentile(&latencies, 0.5));
        keep(Metric::IngestWarmP95Ms, percentile(&latencies, 0.95));
        keep(Metric::IngestWarmP99Ms, percentile(&latencies, 0.99));
        keep(Metric::IngestOwnP50Ms, percentile(&own, 0.5));
        keep(Metric::IngestOwnP99Ms, percentile(&own, 0.99));
        keep(Metric::IngestCpuUs, ms(warm.cpu) * 1e3);
        keep(Metric::IngestMemoryMb, megabytes(warm.peak_memory));
        Ok(())
    }

    async fn worker(&self, subject: &Subject, round: u32, events: &mut Events, kept: &mut Rounds) -> Result<()> {
        self.aws.move_to(Distance { table: TABLE, ..Distance::default() });
        let function = self.function(subject, Role::Worker);
        let batches = measure::batches(&function, round.into(), events, &self.aws, BATCH_WARM_UP, BATCHES).await?;
        let latencies = millis(&batches.latencies);
        let mut keep = |metric, value| kept.keep(subject.name, metric, value);
        keep(Metric::WorkerColdMs, ms(batches.init + batches.first));
        keep(Metric::WorkerBatchP50Ms, percentile(&latencies, 0.5));
        keep(Metric::WorkerBatchP95Ms, percentile(&latencies, 0.95));
        keep(Metric::WorkerBatchP99Ms, percentile(&latencies, 0.99));
        keep(Metric::WorkerRate, batches.rate);
        keep(Metric::WorkerCpuUs, ms(batches.cpu) * 1e3);
        keep(Metric::WorkerMemoryMb, megabytes(batches.peak_memory));
        keep(Metric::WorkerWrites, batches.writes);
        keep(Metric::WorkerPublishes, batches.publishes);
        Ok(())
    }
}

impl Rounds {
    /// Adds a round's value.
    pub fn keep(&mut self, subject: &'static str, metric: Metric, value: f64) {
        self.0.entry(subject).or_default().entry(metric).or_default().push(value);
    }

    fn values(&self, subject: &str, metric: Metric) -> &[f64] {
        self.0.get(subject).and_then(|metrics| metrics.get(&metric)).map_or(&[], Vec::as_slice)
    }

    /// The median over the rounds.
    #[must_use]
    pub fn median(&self, subject: &str, metric: Metric) -> Option<f64> {
        let values = self.values(subject, metric);
        (!values.is_empty()).then(|| median(values))
    }

    /// How many times as much one subject has as another: the median over the rounds.
    #[must_use]
    pub fn ratio(&self, of: &str, to: &str, metric: Metric) -> Option<f64> {
        ratio(self.values(of, metric), self.values(to, metric))
    }
}

pub(crate) fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

pub(crate) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
