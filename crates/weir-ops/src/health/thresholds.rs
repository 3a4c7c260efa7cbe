//! From which figures on something needs attention: the thresholds of the stack's alarms.

use std::time::Duration;

use crate::Stack;

/// Below this share of events that took effect the alarm `success-rate` goes on, in percent.
pub const MIN_SUCCESS_PERCENT: f64 = 99.9;

/// A monitor that has ended no round for so many of its periods is missing.
const MISSED_ROUNDS: u32 = 3;

/// A monitor that runs each minute may be late by a few.
const MIN_MONITOR_SILENCE: Duration = Duration::from_secs(15 * 60);

/// The thresholds that are parameters of the stack.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// `DepthAlarm`: a lane in which more messages wait is behind.
    pub lane_depth: u64,
    /// `IngestP99AlarmMs`: ingest is slow if its 99th percentile is higher, in milliseconds.
    pub ingest_p99_ms: f64,
    /// Three times `MonitorMinutes`: so long a monitor may end no round.
    pub monitor_silence: Duration,
}

impl Default for Thresholds {
    /// By the defaults of the template.
    fn default() -> Self {
        Self { lane_depth: 500, ingest_p99_ms: 50.0, monitor_silence: MIN_MONITOR_SILENCE }
    }
}

impl Thresholds {
    /// By the parameters that the stack was deployed with; the defaults for those that it does not have.
    #[must_use]
    pub fn of(stack: &Stack) -> Self {
        Self::read(|name| stack.parameter(name))
    }

    fn read<'a>(parameter: impl Fn(&str) -> Option<&'a str>) -> Self {
        let number = |name: &str| parameter(name).and_then(|value| value.parse::<u32>().ok());
        let default = Self::default();
        let silence = number("MonitorMinutes").map(|minutes| Duration::from_secs(60) * minutes * MISSED_ROUNDS);
        Self {
            lane_depth: number("DepthAlarm").map_or(default.lane_depth, u64::from),
            ingest_p99_ms: number("IngestP99AlarmMs").map_or(default.ingest_p99_ms, f64::from),
            monitor_silence: silence.map_or(default.monitor_silence, |silence| silence.max(MIN_MONITOR_SILENCE)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameter_of_the_stack_overrides_the_default() {
        let read = |parameters: &[(&str, &'static str)]| {
            Thresholds::read(|name| parameters.iter().find(|(known, _)| *known == name).map(|(_, value)| *value))
        };
        assert_eq!(read(&[]), Thresholds::default());
        assert_eq!(
            read(&[("DepthAlarm", "20000"), ("IngestP99AlarmMs", "200"), ("MonitorMinutes", "60")]),
            Thresholds { lane_depth: 20_000, ingest_p99_ms: 200.0, monitor_silence: Duration::from_secs(3 * 3_600) }
        );
        assert_eq!(read(&[("DepthAlarm", "many"), ("MonitorMinutes", "1")]), Thresholds::default());
    }
}
