//! What is decided about a circuit: pure functions over the document that processes share.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Settings;
use crate::{UnixMillis, shared::Change};

/// A circuit as it stands in the shared state. One that does not stand there is closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Circuit {
    /// Closed, open, or being probed.
    pub phase: Phase,
    /// When it opened, the first time since it was closed.
    pub opened_at_ms: UnixMillis,
    /// Failed probes since then.
    pub failed_probes: u32,
    /// What failed, in words that may be shown.
    pub reason: String,
}

/// Where a circuit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is", content = "until_ms")]
pub enum Phase {
    /// Calls pass.
    Closed,
    /// None passes until then.
    Open(UnixMillis),
    /// One process probes; if it says nothing until then, another may.
    HalfOpen(UnixMillis),
}

/// Whether a call may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// As always.
    Freely,
    /// As the one that finds out whether the circuit can be closed.
    AsProbe,
    /// Not for so long.
    NotFor(Duration),
}

impl Circuit {
    /// Asks to pass. Whoever gets [`Pass::AsProbe`] must have written the change.
    pub fn ask(circuit: Option<Self>, settings: &Settings, now: UnixMillis) -> (Change<Self>, Pass) {
        let Some(circuit) = circuit else { return (Change::Keep, Pass::Freely) };
        match circuit.phase {
            Phase::Closed => (Change::Keep, Pass::Freely),
            Phase::Open(until) | Phase::HalfOpen(until) if now < until => {
                (Change::Keep, Pass::NotFor(until.since(now)))
            }
            Phase::Open(_) | Phase::HalfOpen(_) => {
                let phase = Phase::HalfOpen(now + settings.probe_for);
                (Change::Write(Self { phase, ..circuit }), Pass::AsProbe)
            }
        }
    }

    /// Opens it, because calls fail, or because a probe did. One that others opened before stays as it is.
    pub fn fail(
        circuit: Option<Self>,
        probed: bool,
        reason: &str,
        settings: &Settings,
        now: UnixMillis,
    ) -> Change<Self> {
        let before = circuit.filter(|circuit| circuit.phase != Phase::Closed);
        if before.is_some() && !probed {
            return Change::Keep;
        }
        let failed_probes = before.as_ref().map_or(0, |circuit| circuit.failed_probes.saturating_add(1));
        let doubled = settings.open_for.saturating_mul(1 << failed_probes.min(16));
        Change::Write(Self {
            phase: Phase::Open(now + doubled.min(settings.open_for_most)),
            opened_at_ms: before.map_or(now, |circuit| circuit.opened_at_ms),
            failed_probes,
            reason: reason.to_owned(),
        })
    }

    /// Closes it, after a probe succeeded.
    pub fn succeed(circuit: Option<Self>) -> Change<Self> {
        match circuit {
            Some(circuit) if circuit.phase != Phase::Closed => {
                Change::Write(Self { phase: Phase::Closed, failed_probes: 0, ..circuit })
            }
            _ => Change::Keep,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_800_000_000_000);
    const SECOND: Duration = Duration::from_secs(1);

    fn written(change: Change<Circuit>) -> Option<Circuit> {
        match change {
            Change::Write(circuit) => Some(circuit),
            Change::Keep => None,
        }
    }

    #[test]
    fn a_circuit_that_nobody_wrote_lets_everything_pass() {
        assert_eq!(Circuit::ask(None, &Settings::default(), NOW), (Change::Keep, Pass::Freely));
    }

    #[test]
    fn an_open_circuit_lets_one_probe_pass_when_its_time_is_up() {
        let settings = Settings::default();
        let open = written(Circuit::fail(None, false, "500", &settings, NOW));
        assert_eq!(Circuit::ask(open.clone(), &settings, NOW + SECOND).1, Pass::NotFor(14 * SECOND));
        let later = NOW + settings.open_for;
        let (change, pass) = Circuit::ask(open, &settings, later);
        assert_eq!(pass, Pass::AsProbe);
        let probed = written(change);
        assert_eq!(Circuit::ask(probed.clone(), &settings, later).1, Pass::NotFor(settings.probe_for), "one only");
        assert_eq!(Circuit::ask(probed, &settings, later + settings.probe_for).1, Pass::AsProbe, "the first was lost");
    }

    #[test]
    fn each_failed_probe_doubles_the_wait_up_to_the_cap() {
        let settings = Settings::default();
        let mut circuit = written(Circuit::fail(None, false, "500", &settings, NOW));
        let mut waits = Vec::new();
        for _ in 0..7 {
            let Pass::NotFor(wait) = Circuit::ask(circuit.clone(), &settings, NOW).1 else { panic!("it is open") };
            waits.push(wait.as_secs());
            circuit = written(Circuit::fail(circuit, true, "500", &settings, NOW));
        }
        assert_eq!(waits, [15, 30, 60, 120, 240, 300, 300]);
        assert_eq!(circuit.unwrap().opened_at_ms, NOW);
    }

    #[test]
    fn failures_of_calls_under_way_do_not_prolong_an_open_circuit() {
        let settings = Settings::default();
        let open = written(Circuit::fail(None, false, "500", &settings, NOW));
        assert_eq!(Circuit::fail(open, false, "500", &settings, NOW + SECOND), Change::Keep);
    }

    #[test]
    fn a_probe_that_succeeds_closes_it_and_starts_afresh() {
        let settings = Settings::default();
        let open = written(Circuit::fail(None, false, "500", &settings, NOW));
        let closed = written(Circuit::succeed(open));
        assert_eq!(closed.as_ref().unwrap().phase, Phase::Closed);
        assert_eq!(Circuit::succeed(closed.clone()), Change::Keep, "costs no second write");
        let again = written(Circuit::fail(closed, false, "500", &settings, NOW)).unwrap();
        assert_eq!(again.phase, Phase::Open(NOW + settings.open_for));
    }
}
