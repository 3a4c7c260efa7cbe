//! What is simulated, by name.

use std::time::Duration;

use crate::{Environment, Faults, Load, Setup};

/// Everything goes wrong at once: some eighty events of a few resources, that meet, repeat, overtake each other and
/// crash.
pub const CHAOS: Setup = Setup {
    load: Load {
        events: 80,
        shops: 3,
        resources: 3,
        duplicates: 80,
        other_ids: 150,
        by_webhook_id: false,
        within: Duration::from_secs(60),
        every: false,
        flood: 0,
    },
    faults: Faults::ALL,
    environment: Environment::AWS,
    pollers: 4,
    destination_takes: Duration::from_millis(40),
    outage: None,
    fair: true,
    crash_at: None,
};

/// A few events, and nothing goes wrong but what a test chooses.
pub const CALM: Setup = Setup {
    load: Load { events: 12, shops: 1, resources: 2, within: Duration::from_secs(5), ..CHAOS.load },
    faults: Faults::NONE,
    pollers: 2,
    ..CHAOS
};

/// Five thousand events within an hour, in which the first of two destinations is down.
pub const OUTAGE: Setup = Setup {
    load: Load {
        events: 5_000,
        shops: 20,
        resources: 1_000,
        duplicates: 50,
        other_ids: 20,
        by_webhook_id: false,
        within: Duration::from_secs(3600),
        every: true,
        flood: 0,
    },
    faults: Faults::NONE,
    environment: Environment::AWS,
    pollers: 4,
    destination_takes: Duration::from_millis(40),
    outage: Some((Duration::ZERO, Duration::from_secs(3600))),
    fair: true,
    crash_at: None,
};

/// Twenty quiet shops, beside one that sends a hundred times the share of each: twice what the workers can bear.
pub const FLOOD: Setup = Setup {
    load: Load {
        events: 1_000,
        shops: 20,
        resources: 1_000,
        duplicates: 0,
        other_ids: 0,
        by_webhook_id: false,
        within: Duration::from_secs(120),
        every: true,
        flood: 5_000,
    },
    faults: Faults::NONE,
    environment: Environment::AWS,
    pollers: 4,
    destination_takes: Duration::from_millis(1_500),
    outage: None,
    fair: true,
    crash_at: None,
};

impl Setup {
    /// The same without the outage.
    #[must_use]
    pub fn without_outage(self) -> Self {
        Self { outage: None, ..self }
    }

    /// The same without the shop that floods.
    #[must_use]
    pub fn without_flood(self) -> Self {
        Self { load: Load { flood: 0, ..self.load }, ..self }
    }
}
