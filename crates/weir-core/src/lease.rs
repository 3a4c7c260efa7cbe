//! How long a worker may act on an event.

use std::time::Duration;

use crate::UnixMillis;

/// How far apart the clocks of two workers may be. Lambda hosts keep time by Amazon Time Sync, to within a
/// millisecond as AWS says; five seconds are far more than was ever seen.
pub const CLOCK_SKEW: Duration = Duration::from_secs(5);

/// Before the invocation's deadline nothing new is begun for so long: what was begun can then be recorded.
pub const EFFECT_CUTOFF: Duration = Duration::from_secs(3);

/// How long after a call was given up its effect may still appear: its connection is closed, but what the other end had
/// read by then it may still do. So long a resource stays closed after an event of it failed.
pub const IN_FLIGHT_GRACE: Duration = Duration::from_secs(5);

/// A lease is shorter than the queue's visibility time-out (template.yaml), so one that ends later than this was never
/// granted: somebody wrote it by hand, or with a clock that was wrong.
pub const MAX_LEASE: Duration = Duration::from_secs(180);

/// Whether a lease that ends then can have been granted. Any other counts as run out, or its event would wait for it.
pub fn is_believed(lease_until: UnixMillis, now: UnixMillis) -> bool {
    lease_until <= now + MAX_LEASE
}

/// Until when, by its own clock, an invocation may begin effects.
pub fn effects_until(deadline: UnixMillis) -> UnixMillis {
    deadline - EFFECT_CUTOFF
}

/// A lease ends when the invocation that holds it is surely dead and what it began has landed: both by the clock of
/// whoever asks, which may be fast.
///
/// Never earlier, or two workers would act at once. And before the queue's visibility time-out runs out (six
/// times the function's time-out in template.yaml), so that the first redelivery after a crash takes over.
pub fn lease_until(deadline: UnixMillis) -> UnixMillis {
    deadline.max(effects_until(deadline) + IN_FLIGHT_GRACE) + CLOCK_SKEW
}

/// Until when a resource stays closed after an attempt that failed at `now`.
pub fn quarantined_until(now: UnixMillis) -> UnixMillis {
    now + IN_FLIGHT_GRACE + CLOCK_SKEW
}
