//! What is measured of a subject in each round.

use serde::{Deserialize, Serialize};

/// A figure that every subject has, once a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Start of ingest's process until its first poll.
    IngestInitMs,
    /// Start of ingest's process until its first answer.
    IngestColdMs,
    /// The same in CPU time.
    IngestColdCpuMs,
    /// An answer of warm ingest, half of them.
    IngestWarmP50Ms,
    /// 95 of 100 of them.
    IngestWarmP95Ms,
    /// 99 of 100 of them.
    IngestWarmP99Ms,
    /// The same without the time inside the stub, half of them.
    IngestOwnP50Ms,
    /// 99 of 100 of them.
    IngestOwnP99Ms,
    /// CPU time of one answer.
    IngestCpuUs,
    /// Peak resident memory of ingest.
    IngestMemoryMb,
    /// Start of the worker's process until its first batch was answered.
    WorkerColdMs,
    /// A batch, half of them.
    WorkerBatchP50Ms,
    /// 95 of 100 of them.
    WorkerBatchP95Ms,
    /// 99 of 100 of them.
    WorkerBatchP99Ms,
    /// Messages a second, of one instance.
    WorkerRate,
    /// CPU time of one message.
    WorkerCpuUs,
    /// Peak resident memory of the worker.
    WorkerMemoryMb,
    /// Writes to tables for one message.
    WorkerWrites,
    /// Calls of the bus for one batch.
    WorkerPublishes,
}

impl Metric {
    /// As rows of the table, in their order: what it is, and its unit.
    pub const TABLE: &[(Self, &str, &str)] = &[
        (Self::IngestInitMs, "ingest: process start to first poll", "ms"),
        (Self::IngestColdMs, "ingest: process start to first answer", "ms"),
        (Self::IngestColdCpuMs, "… CPU", "ms"),
        (Self::IngestWarmP50Ms, "ingest, warm: p50", "ms"),
        (Self::IngestWarmP95Ms, "… p95", "ms"),
        (Self::IngestWarmP99Ms, "… p99", "ms"),
        (Self::IngestOwnP50Ms, "… p50 without the stub's time", "ms"),
        (Self::IngestOwnP99Ms, "… p99 without the stub's time", "ms"),
        (Self::IngestCpuUs, "ingest, warm: CPU of a webhook", "µs"),
        (Self::IngestMemoryMb, "ingest: peak memory", "MB"),
        (Self::WorkerColdMs, "worker: process start to first batch done", "ms"),
        (Self::WorkerBatchP50Ms, "worker, batch of 10: p50", "ms"),
        (Self::WorkerBatchP95Ms, "… p95", "ms"),
        (Self::WorkerBatchP99Ms, "… p99", "ms"),
        (Self::WorkerRate, "worker: messages of one instance", "1/s"),
        (Self::WorkerCpuUs, "worker: CPU of a message", "µs"),
        (Self::WorkerMemoryMb, "worker: peak memory", "MB"),
        (Self::WorkerWrites, "worker: writes to tables, a message", ""),
        (Self::WorkerPublishes, "worker: calls of the bus, a batch", ""),
    ];

    /// Whether more of it is better.
    #[must_use]
    pub fn more_is_better(self) -> bool {
        self == Self::WorkerRate
    }
}
