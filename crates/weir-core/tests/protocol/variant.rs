//! Protocols that are wrong on purpose: the properties must find each.

/// One step done otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Variant {
    /// Whoever ends an attempt writes, though another owner took over.
    UnfencedSettle,
    /// Ingest claims the event before its message is durable.
    ClaimedAtIngest,
    /// An older version may enter.
    UncheckedVersion,
    /// A version is `updated_at` alone, and runs once for each topic.
    VersionOfWholeSeconds,
    /// Another topic of the newest state makes its own trigger that of the state.
    SiblingLowersTheVersion,
    /// The lease ends while its holder may still act.
    LeaseShorterThanTheRun,
    /// The lease ends at the deadline, by whosever clock.
    LeaseIgnoresClockSkew,
    /// A version counts only once it has run.
    VersionRecordedOnLeave,
    /// The ledger says that there is a copy before there is one.
    ParkToldBeforeTheCopy,
    /// A `leave` that is repeated frees whoever came since.
    RepeatedLeaveFrees,
    /// A handler begins, or goes on, after its deadline.
    NoCheckAtTheDeadline,
    /// Two may be in the resource.
    EnterWithoutTheLease,
    /// The ledger says done before the fence knows of the run.
    SettledBeforeLeft,
    /// The message is acknowledged before its end is recorded.
    AcknowledgedFirst,
    /// The lane shows a message again while the lease of its last receive lasts.
    VisibleBeforeTheLeaseEnds,
}
