//! What is measured apart: a large body, and AWS far away.

use std::time::Duration;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::{
    compare::{Bench, ms},
    events::Events,
    measure,
    stats::{median, millis, percentile},
    stub::Distance,
    subject::{Role, Subject},
};

/// Just above a megabyte.
const LARGE_BYTES: usize = 1_000_000;

/// How far away AWS is for a first webhook: much farther than from a function of the same region.
pub const FAR: Duration = Duration::from_millis(50);

/// Cold starts there; of the figures the median counts.
const FAR_STARTS: u64 = 5;

/// Bodies of a megabyte.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Large {
    /// The body.
    pub bytes: usize,
    /// What half of the answers took at most, without the time inside the stub: read, verified, enveloped, sent, answered.
    pub own_p50_ms: f64,
}

/// A cold start with AWS far away, over TLS.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Far {
    /// Until the first poll.
    pub init_ms: f64,
    /// What the first webhook took.
    pub first_ms: f64,
    /// Connections that init opened; the most of all starts.
    pub handshakes_in_init: usize,
    /// Connections that the first webhook waited for; the most of all starts.
    pub handshakes_in_first: usize,
}

impl Bench {
    /// Webhooks with large bodies, to one process.
    ///
    /// # Errors
    /// When the function does not do its work.
    pub async fn large(&self, subject: &Subject) -> Result<Large> {
        self.aws.move_to(Distance::default());
        let mut events = Events::new(LARGE_BYTES);
        let function = self.function(subject, Role::Ingest);
        let (mut environment, _) = measure::start(&function, 0, &mut events, &self.aws).await?;
        let warm = measure::warm(&mut environment, &mut events, &self.aws, 10, 50).await?;
        Ok(Large { bytes: events.order_bytes(), own_p50_ms: percentile(&millis(&warm.own), 0.5) })
    }

    /// Cold starts of ingest with AWS far away.
    ///
    /// # Errors
    /// When the function does not do its work.
    pub async fn far(&self, subject: &Subject, events: &mut Events) -> Result<Far> {
        self.aws.move_to(Distance { round_trip: FAR, ..Distance::default() });
        let function = self.function(subject, Role::Ingest);
        let mut starts = Vec::new();
        for number in 0..FAR_STARTS {
            starts.push(measure::start(&function, number, events, &self.aws).await?.1);
        }
        let of = |figure: fn(&measure::Start) -> f64| median(&starts.iter().map(figure).collect::<Vec<_>>());
        Ok(Far {
            init_ms: of(|start| ms(start.init)),
            first_ms: of(|start| ms(start.first)),
            handshakes_in_init: starts.iter().map(|start| start.handshakes_in_init).max().unwrap_or_default(),
            handshakes_in_first: starts.iter().map(|start| start.handshakes_in_first).max().unwrap_or_default(),
        })
    }
}
