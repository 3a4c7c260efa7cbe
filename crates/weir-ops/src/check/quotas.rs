//! How many executions the functions may take at once, by the stack's parameters. Pure.

/// Parameters of the template that a check reads, with their defaults: for a stack that is not there yet.
pub const DEFAULTS: [(&str, &str); 19] = [
    ("AlarmTopicArn", ""),
    ("Architecture", "arm64"),
    ("ArchiveDays", "7"),
    ("BulkConcurrency", "2"),
    ("ComplianceRule", ""),
    ("FallbackRegion", ""),
    ("IngestReservedConcurrency", "0"),
    ("LocalTap", "false"),
    ("MonitorShards", "1"),
    ("MonitorState", "ENABLED"),
    ("OrderDays", "0"),
    ("ReserveWorkers", "false"),
    ("SlackWebhookSecretArn", ""),
    ("StandardConcurrency", "2"),
    ("StockSweepMinutes", "0"),
    ("ThrottleBurst", "1000"),
    ("ThrottleRate", "1000"),
    ("UrgentConcurrency", "2"),
    ("WarmWritesPerSecond", "0"),
];

/// A function on a queue takes two executions at least.
const MIN_QUEUE_CONCURRENCY: u32 = 2;

/// Lambda keeps so many executions of an account unreserved.
const MIN_UNRESERVED: u32 = 100;

/// Below this, one flash sale of one shop keeps ingest from answering: an execution takes some dozens of webhooks a second.
const COMFORTABLE_FOR_INGEST: u32 = 10;

/// What the functions may take at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Demand {
    /// All lanes together.
    pub(super) lanes: u32,
    /// Archive, orders, notifier and monitor.
    pub(super) others: u32,
    /// Whether the lanes' part is reserved for them.
    reserves_workers: bool,
    /// What is reserved for ingest.
    ingest: u32,
}

/// What Lambda allows the account, in executions at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Allowance {
    /// All functions together.
    pub(super) total: u32,
    /// Of these, what no function reserves.
    pub(super) unreserved: u32,
}

/// What is left for ingest while all lanes are busy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    /// Ingest is throttled: webhooks are answered 5xx.
    None,
    /// Enough for a trickle.
    Little(u32),
    /// Enough.
    Enough(u32),
    /// Lambda refuses to reserve so many.
    RefusedReservation {
        /// What the stack would reserve.
        reserved: u32,
        /// The most that the account can.
        most: u32,
    },
}

impl Demand {
    /// By parameters, and the template's defaults for those that are not given.
    pub(super) fn of<'a>(parameter: impl Fn(&str) -> Option<&'a str>) -> Self {
        let value = |name: &str| parameter(name).or_else(|| default(name)).unwrap_or_default();
        let number = |name: &str| value(name).parse::<u32>().unwrap_or_default();
        let lane = |name: &str| if value("LocalTap") == "true" { MIN_QUEUE_CONCURRENCY } else { number(name) };
        let queue_if = |is_there: bool| if is_there { MIN_QUEUE_CONCURRENCY } else { 0 };
        let monitor = if value("MonitorState") == "ENABLED" { number("MonitorShards") } else { 0 };
        Self {
            lanes: ["UrgentConcurrency", "StandardConcurrency", "BulkConcurrency"].map(lane).iter().sum(),
            others: queue_if(number("ArchiveDays") > 0)
                + queue_if(number("OrderDays") > 0)
                + queue_if(number("StockSweepMinutes") > 0)
                + queue_if(!value("SlackWebhookSecretArn").is_empty())
                + monitor,
            reserves_workers: value("ReserveWorkers") == "true",
            ingest: number("IngestReservedConcurrency"),
        }
    }

    /// What the functions reserve.
    fn reserved(self) -> u32 {
        self.ingest + if self.reserves_workers { self.lanes } else { 0 }
    }

    /// What is left for ingest of `allowance`. `is_deployed`: what the stack reserves is no longer among the unreserved.
    pub(super) fn room(self, allowance: Allowance, is_deployed: bool) -> Room {
        let Allowance { total, unreserved } = allowance;
        let reserved = if is_deployed { 0 } else { self.reserved() };
        if reserved > 0 && unreserved < reserved + MIN_UNRESERVED.min(total) {
            let most = unreserved.saturating_sub(MIN_UNRESERVED);
            return Room::RefusedReservation { reserved, most };
        }
        if self.ingest > 0 {
            return Room::of(self.ingest);
        }
        let lanes = if self.reserves_workers { 0 } else { self.lanes };
        Room::of(unreserved.saturating_sub(reserved + lanes + self.others))
    }
}

impl Room {
    fn of(left: u32) -> Self {
        match left {
            0 => Self::None,
            1..COMFORTABLE_FOR_INGEST => Self::Little(left),
            _ => Self::Enough(left),
        }
    }
}

/// The template's default of a parameter that a check reads.
pub(super) fn default(name: &str) -> Option<&'static str> {
    DEFAULTS.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(parameters: &[(&str, &str)], (total, unreserved): (u32, u32), is_deployed: bool, expected: Room) {
        let value = |name: &str| parameters.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        let room = Demand::of(value).room(Allowance { total, unreserved }, is_deployed);
        assert_eq!(room, expected, "{parameters:?}");
    }

    #[test]
    fn defaults_leave_one_execution_of_a_new_account_to_ingest() {
        check(&[], (10, 10), false, Room::Little(1));
        check(&[("ArchiveDays", "0")], (10, 10), false, Room::Little(3));
        check(&[], (1_000, 1_000), false, Room::Enough(991));
    }

    #[test]
    fn lanes_that_may_take_the_whole_account_leave_nothing_to_ingest() {
        check(&[("StandardConcurrency", "20")], (10, 10), true, Room::None);
        check(&[("SlackWebhookSecretArn", "arn:x")], (10, 10), false, Room::None);
        // Whatever they are, a local stack has two workers a lane.
        check(&[("StandardConcurrency", "20"), ("LocalTap", "true")], (10, 10), true, Room::Little(1));
    }

    #[test]
    fn reservation_counts_once_before_and_after_the_deployment() {
        let reserving = [("ReserveWorkers", "true"), ("StandardConcurrency", "96")];
        check(&reserving, (1_000, 1_000), false, Room::Enough(897));
        check(&reserving, (1_000, 900), true, Room::Enough(897));
        check(&[("IngestReservedConcurrency", "50")], (1_000, 950), true, Room::Enough(50));
    }

    #[test]
    fn reservation_that_leaves_less_than_a_hundred_is_refused() {
        let refused = Room::RefusedReservation { reserved: 20, most: 0 };
        check(&[("IngestReservedConcurrency", "20")], (10, 10), false, refused);
        let refused = Room::RefusedReservation { reserved: 50, most: 20 };
        check(&[("IngestReservedConcurrency", "50")], (1_000, 120), false, refused);
        check(&[("IngestReservedConcurrency", "20")], (1_000, 120), false, Room::Enough(20));
    }
}
