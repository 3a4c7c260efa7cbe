//! The job of a resend: which events are meant, which were sent, and how many were not.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};
use weir_core::UnixMillis;
use weir_jobs::{Job, JobKind};

use super::{SkipReason, selection::Selection};

/// What a resend has beside every job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResendWork {
    /// Which events are meant.
    pub selection: Selection,
    /// What else was asked for.
    pub options: ResendOptions,
    /// What was there when it began.
    pub planned: ResendPlan,
    /// What became of the events.
    pub counts: ResendCounts,
}

impl JobKind for ResendWork {
    type Checkpoint = ResendChunk;
    const COLLECTION: &'static str = "resends";
    const RETENTION: Duration = Duration::from_secs(400 * 86_400);

    fn resume(&mut self) {
        self.counts = ResendCounts { failed: 0, skipped: BTreeMap::new(), ..self.counts.clone() };
    }
}

/// A resend, as it is written down.
pub type Resend = Job<ResendWork>;

/// What else was asked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ResendOptions {
    /// Events a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// How many events at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// Whether events go as well that a newer state of their resource overtook.
    pub superseded: bool,
    /// Why, for the events' story.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// What was there when it began.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResendPlan {
    /// Events that were meant.
    pub matching: u64,
    /// Of these, those to send.
    pub sends: u64,
}

/// What became of events. Each is in one of these.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ResendCounts {
    /// Sent to their lane.
    pub sent: u64,
    /// Not sent, by reason.
    pub skipped: BTreeMap<SkipReason, u64>,
    /// Not sent: SQS did not take them. A resumption does it.
    pub failed: u64,
    /// Sent, and their events do not tell it, because the ledger did not take it.
    pub unrecorded: u64,
}

/// What is about to be sent, written down before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResendChunk {
    /// When.
    #[serde(rename = "at_ms")]
    pub at: UnixMillis,
    /// The events.
    pub entries: Vec<ResendEntry>,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResendEntry {
    /// `SHOP#ID`
    pub event: String,
    /// The generation that it is sent as.
    pub generation: u32,
}
