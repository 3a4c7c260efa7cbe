//! Whether a failed attempt is made again, and when.

use std::time::Duration;

use resilience::Backoff;

use crate::{
    error::{Effect, Kind, Retry},
    graphql::OperationKind,
};

/// How often, and how long between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts in all.
    pub attempts: u32,
    /// Waits between them: full jitter, so that callers that failed together don't come back together.
    pub backoff: Backoff,
}

impl Default for RetryPolicy {
    /// Five attempts; one second, doubling up to thirty.
    fn default() -> Self {
        Self { attempts: 5, backoff: Backoff { base: Duration::from_secs(1), cap: Duration::from_secs(30) } }
    }
}

/// What a park lasts where Shopify names no time.
const PARK: Duration = Duration::from_secs(60);

/// What follows a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Another, after this long.
    Again(Duration),
    /// None.
    Stop(Retry),
}

impl RetryPolicy {
    /// Decides after the `attempt`-th attempt, counted from one. `asked` is Shopify's Retry-After, `left` the caller's
    /// time.
    pub(crate) fn next(
        &self,
        kind: &Kind,
        operation: OperationKind,
        attempt: u32,
        asked: Option<Duration>,
        left: Duration,
        rng: &mut fastrand::Rng,
    ) -> Next {
        match (kind.effect(), operation) {
            (Effect::Answered, _) => return Next::Stop(answered(kind)),
            (Effect::Unclear, OperationKind::Mutation) => return Next::Stop(Retry::Never),
            (Effect::None, _) | (Effect::Unclear, OperationKind::Query | OperationKind::IdempotentMutation) => {}
        }
        let jitter = self.backoff.delay(attempt, rng);
        // Never earlier than asked for, and not all at once after it.
        let wait = asked.map_or(jitter, |asked| asked + jitter.min(asked / 4));
        if attempt < self.attempts && wait < left {
            Next::Again(wait)
        } else {
            Next::Stop(Retry::After(wait.max(Duration::from_secs(1))))
        }
    }
}

/// What Shopify refuses for the shop's state may be granted later; what it refuses for what was sent may not.
fn answered(kind: &Kind) -> Retry {
    match kind {
        Kind::Locked | Kind::SecurityRejection => Retry::After(PARK),
        _ => Retry::Never,
    }
}

/// Reads `Retry-After`: seconds, with a point if need be.
pub(crate) fn retry_after(headers: &http::HeaderMap) -> Option<Duration> {
    let seconds: f64 = headers.get(http::header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::TransportError;

    const LEFT: Duration = Duration::from_secs(300);

    fn next(kind: &Kind, operation: OperationKind, attempt: u32, asked: Option<Duration>) -> Next {
        RetryPolicy::default().next(kind, operation, attempt, asked, LEFT, &mut fastrand::Rng::with_seed(1))
    }

    fn is_repeated(kind: &Kind, operation: OperationKind) -> bool {
        matches!(next(kind, operation, 1, None), Next::Again(_))
    }

    #[test]
    fn a_mutation_that_may_have_run_is_sent_again_only_with_its_key() {
        let timed_out = Kind::Transport(TransportError::TimedOut(LEFT));
        for kind in [timed_out, Kind::Server(502), Kind::InternalServerError, Kind::Malformed("cut".into())] {
            assert!(is_repeated(&kind, OperationKind::Query), "{kind}");
            assert!(is_repeated(&kind, OperationKind::IdempotentMutation), "{kind}");
            assert_eq!(next(&kind, OperationKind::Mutation, 1, None), Next::Stop(Retry::Never), "{kind}");
        }
    }

    #[test]
    fn request_that_did_not_run_is_retried_whatever_it_is() {
        let unreached = Kind::Transport(TransportError::Connect("refused".into()));
        for kind in [Kind::Throttled, Kind::TooManyRequests, unreached] {
            assert!(is_repeated(&kind, OperationKind::Mutation), "{kind}");
        }
    }

    #[test]
    fn answered_mutation_is_not_retried() {
        for kind in [Kind::Unauthorized, Kind::Frozen, Kind::NotFound, Kind::Invalid(vec![]), Kind::Forbidden] {
            assert_eq!(next(&kind, OperationKind::Query, 1, None), Next::Stop(Retry::Never), "{kind}");
        }
    }

    #[test]
    fn retry_after_is_kept_and_the_attempts_end() {
        let asked = Some(Duration::from_secs(20));
        let Next::Again(wait) = next(&Kind::TooManyRequests, OperationKind::Query, 1, asked) else { panic!() };
        assert!((20.0..=25.0).contains(&wait.as_secs_f64()), "{wait:?}");
        assert!(matches!(next(&Kind::TooManyRequests, OperationKind::Query, 5, asked), Next::Stop(Retry::After(_))));
        let too_long = next(&Kind::TooManyRequests, OperationKind::Query, 1, Some(LEFT));
        assert!(matches!(too_long, Next::Stop(Retry::After(wait)) if wait >= LEFT), "{too_long:?}");
    }

    #[test]
    fn retry_after_is_read_in_seconds() {
        for (text, seconds) in [("2", Some(2.0)), ("2.0", Some(2.0)), (" 0.5", Some(0.5)), ("-1", None), ("soon", None)]
        {
            let headers = http::HeaderMap::from_iter([(http::header::RETRY_AFTER, text.parse().unwrap())]);
            assert_eq!(retry_after(&headers).map(|wait| wait.as_secs_f64()), seconds, "{text}");
        }
    }
}
