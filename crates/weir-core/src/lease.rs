//! How long a worker may act on an event.

use std::time::Duration;

use crate::UnixMillis;

/// How far apart the clocks of two workers may be. Lambda hosts keep time by Amazon Time Sync, to within a
/// millisecond as AWS says; five seconds are far more than was ever seen.
pub const CLOCK_SKEW: Duration = Duration::from_secs(5);

/// A lease ends when the invocation that holds it is surely dead: at its deadline, plus the clock skew.
///
/// Never earlier, or two workers would act at once. And before the queue's visibility time-out runs out (six
/// times the function's time-out in template.yaml), so that the first redelivery after a crash takes over.
pub fn lease_until(deadline: UnixMillis) -> UnixMillis {
    deadline + CLOCK_SKEW
}
