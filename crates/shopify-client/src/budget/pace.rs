//! A process's side of the budget: what it has been promised, and whether that is enough for the next call.

use std::time::Duration;

use resilience::UnixMillis;

use super::{Lease, Status, bucket::Ask};

/// Calls that one write should serve at least.
const CALLS_A_WRITE: f64 = 5.0;
/// Waiting longer than this for its rate, a process asks for a lump.
const LONG: Duration = Duration::from_secs(3);
/// Waiting up to this is never worth a write.
const SHORT: Duration = Duration::from_millis(20);
/// What was scarce when a lease was promised counts as scarce for so long.
const SCARCE_FOR: Duration = Duration::from_secs(15);
/// Renewals of leases that end together are spread over this.
const STAGGER: Duration = Duration::from_secs(8);
/// A lease is not used in its last moments: the call must reach Shopify before it ends.
const MARGIN: Duration = Duration::from_secs(2);
/// The largest lump, as a part of the bucket.
const LUMP_PART: f64 = 8.0;

/// What one process has, for one shop and priority.
#[derive(Debug, Clone)]
pub struct Pace {
    lease: Option<Lease>,
    /// A lease is renewed so long before its end.
    early: Duration,
    /// Usable points. Below zero after a call that cost more than was thought.
    points: f64,
    /// Of the lump, what has not come in yet.
    coming: f64,
    /// Of a lump that ended, what was left: Shopify's bucket still has it.
    lapsed: f64,
    /// Of calls that are under way.
    in_flight: f64,
    at: UnixMillis,
    /// Since the lease began.
    calls: f64,
    spent: f64,
    waited: bool,
    /// Mean cost of a call.
    mean: f64,
    status: Option<Status>,
}

/// What to do now.
#[derive(Debug, Clone)]
pub enum Take {
    /// The points are taken: go.
    Go,
    /// They will be there after this long: come again then.
    Wait(Duration),
    /// Ask the bucket.
    Ask(Box<Ask>),
}

impl Pace {
    /// Nothing promised, nothing known.
    ///
    /// `stagger`, drawn between zero and one, tells this process's moment from others': leases end together, and must
    /// not be renewed together.
    pub fn new(now: UnixMillis, stagger: f64) -> Self {
        Self {
            early: STAGGER.mul_f64(stagger),
            lease: None,
            points: 0.0,
            coming: 0.0,
            lapsed: 0.0,
            in_flight: 0.0,
            at: now,
            calls: 0.0,
            spent: 0.0,
            waited: false,
            mean: 0.0,
            status: None,
        }
    }

    /// Takes `cost` points for a call. `backlog`: the points that other callers here wait for.
    pub fn take(&mut self, cost: f64, backlog: f64, patience: Duration, now: UnixMillis) -> Take {
        self.refill(cost, now);
        let Some(lease) = &self.lease else { return Take::Ask(self.ask(cost, backlog, patience, None, now)) };
        let is_other_plan =
            self.status.is_some_and(|status| status.restore != lease.restore && status.at > lease.granted_at);
        if is_other_plan || now + MARGIN + self.early >= lease.until {
            let lease = lease.clone();
            return Take::Ask(self.ask(cost, backlog, patience, Some(lease), now));
        }
        if self.points >= cost {
            self.points -= cost;
            self.in_flight += cost;
            self.calls += 1.0;
            self.spent += cost;
            return Take::Go;
        }
        let wait = self.until_there(cost, lease);
        let end = lease.until.since(now + MARGIN + self.early);
        // A write should serve several calls. Where points are scarce, asking again brings nothing: it lives on its
        // rate until the lease ends. Where they are plenty, asking is better than waiting long.
        let is_hopeless = self.calls < 2.0 * CALLS_A_WRITE || now.since(lease.granted_at) < SCARCE_FOR;
        let lives_on_rate = lease.is_scarce && lease.rate > 0.0 && is_hopeless;
        let is_bearable = lives_on_rate || self.coming > 0.0 || (wait <= LONG && self.calls < CALLS_A_WRITE);
        if wait <= SHORT || (is_bearable && wait.min(end) <= patience) {
            self.waited |= wait > SHORT;
            return Take::Wait(wait.min(end).max(Duration::from_millis(1)));
        }
        let lease = lease.clone();
        Take::Ask(self.ask(cost, backlog, patience, Some(lease), now))
    }

    /// Takes over a lease.
    pub fn granted(&mut self, lease: Lease, now: UnixMillis) {
        self.points = lease.ready;
        self.coming = lease.lump - lease.ready;
        self.at = now;
        (self.calls, self.spent, self.lapsed, self.waited) = (0.0, 0.0, 0.0, false);
        self.lease = Some(lease);
    }

    /// A reply came: gives back what the call did not cost, and keeps what Shopify said.
    pub fn settle(&mut self, reserved: f64, actual: Option<f64>, status: Option<Status>) {
        self.in_flight = (self.in_flight - reserved).max(0.0);
        if let Some(actual) = actual {
            self.points += reserved - actual;
            self.spent += actual - reserved;
            self.mean = if self.mean == 0.0 { actual } else { 0.8 * self.mean + 0.2 * actual };
        }
        if let Some(status) = status {
            let is_newer = self.status.is_none_or(|known| known.at <= status.at);
            let gone = self.lease.as_ref().and_then(|lease| lease.gone);
            self.status = if is_newer { Some(Status { gone, ..status }) } else { self.status };
        }
    }

    /// A call was not charged: its points are still there.
    pub fn give_back(&mut self, reserved: f64) {
        self.in_flight = (self.in_flight - reserved).max(0.0);
        self.points += reserved;
        self.spent -= reserved;
    }

    /// Whether Shopify's bucket, by its last word, could bear a call of this cost without the shared bucket's leave.
    pub fn could_bear(&self, cost: f64) -> bool {
        self.status.is_none_or(|status| status.available > cost + status.max / 4.0)
    }

    #[cfg(test)]
    pub(super) fn in_flight(&self) -> f64 {
        self.in_flight
    }

    /// The last status seen.
    pub fn status(&self) -> Option<Status> {
        self.status
    }

    fn refill(&mut self, cost: f64, now: UnixMillis) {
        let Some(lease) = &self.lease else { return };
        let now = now.min(lease.until);
        let seconds = now.since(self.at).as_secs_f64();
        self.at = self.at.max(now);
        let came = self.coming.min(lease.refill * seconds).max(0.0);
        self.coming -= came;
        self.points += came;
        if now + MARGIN >= lease.lump_until {
            let kept = self.points.min(lease.hold);
            self.lapsed += self.points - kept + self.coming;
            (self.points, self.coming) = (kept, 0.0);
        }
        // Nobody may sit on an old promise and then flood: what gathers beyond `hold` is not used, but given back.
        let flow = lease.rate * seconds;
        let most = lease.hold.max(cost);
        let taken = (most - self.points).clamp(0.0, flow);
        self.points += taken;
        self.lapsed += flow - taken;
    }

    fn until_there(&self, cost: f64, lease: &Lease) -> Duration {
        let missing = cost - self.points;
        let both = lease.rate + if self.coming > 0.0 { lease.refill } else { 0.0 };
        Duration::try_from_secs_f64(missing / both.max(1e-6)).unwrap_or(Duration::MAX)
    }

    fn ask(&self, cost: f64, backlog: f64, patience: Duration, lease: Option<Lease>, now: UnixMillis) -> Box<Ask> {
        let mean = if self.mean > 0.0 { self.mean } else { cost };
        let seconds = lease.as_ref().map_or(0.0, |lease| now.since(lease.granted_at).as_secs_f64());
        // What it used, were it not for waiting: the backlog counts as wanted.
        let demand = if seconds > 0.0 { (self.spent + backlog) / seconds.max(1.0) } else { 0.0 };
        let max = self.status.map_or(2_000.0, |status| status.max);
        let most = (max / LUMP_PART).max(cost);
        let several = (CALLS_A_WRITE * mean).min(most);
        let waited_for = (cost + backlog).min(most);
        let lump = waited_for.max(2.0 * demand).max(several).min(most);
        // Of a process that has just begun nothing is known: enough for several calls until its lease ends; but one
        // that begins with many calls at once may be done with them, and needs points now.
        let begins = if backlog > 0.0 { 0.0 } else { several / 30.0 };
        // One that had to wait would have used more, nobody knows how much; and so may the users of a larger plan.
        let has_grown = lease.as_ref().zip(self.status).is_some_and(|(lease, status)| status.restore > lease.restore);
        let growth = if self.waited || has_grown { 2.0 } else { 1.05 };
        let rate = match &lease {
            None => begins,
            Some(_) if backlog > 0.0 => 0.0,
            Some(_) => growth * demand,
        };
        // Promised and not yet come in, it is not there to be given back; the level was lowered by it, though.
        let unspent = self.points + self.coming + self.lapsed;
        Box::new(Ask {
            // Where several calls wait, one write serves them all: points for one would come sooner, and cost as much.
            need: waited_for.min(several).max(cost),
            waited_for,
            lump,
            rate,
            hold: (2.0 * mean.max(cost)).min(most),
            in_flight: self.in_flight,
            patience,
            is_background: false,
            previous: lease.filter(|lease| lease.gone.is_some()).map(|lease| (lease, unspent)),
            seen: self.status,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_800_000_000_000);
    const SECOND: Duration = Duration::from_secs(1);

    fn with(lump: f64, rate: f64, hold: f64) -> Pace {
        let mut pace = Pace::new(NOW, 0.0);
        let lease = Lease {
            until: NOW + 60 * SECOND,
            lump_until: NOW + 10 * SECOND,
            rate,
            hold,
            carried: 0.0,
            lump,
            ready: lump,
            refill: 0.0,
            restore: 100.0,
            is_scarce: false,
            granted_at: NOW,
            gone: Some(0.0),
        };
        pace.granted(lease, NOW);
        pace
    }

    fn goes(pace: &mut Pace, cost: f64, at: UnixMillis) -> bool {
        matches!(pace.take(cost, 0.0, 30 * SECOND, at), Take::Go)
    }

    #[test]
    fn a_rate_that_is_not_used_gathers_no_flood() {
        let mut pace = with(0.0, 1.0, 20.0);
        let calls = std::iter::from_fn(|| goes(&mut pace, 10.0, NOW + 50 * SECOND).then_some(())).count();
        assert_eq!(calls, 2, "of fifty points, what it may hold");
    }

    #[test]
    fn unused_rate_grant_is_returned() {
        let mut pace = with(0.0, 1.0, 20.0);
        let Take::Ask(ask) = pace.take(10.0, 0.0, SECOND, NOW + 59 * SECOND) else { panic!("the lease is over") };
        assert_eq!(ask.previous.map(|(_, unspent)| unspent), Some(59.0));
    }

    #[test]
    fn idle_client_holds_no_grant() {
        let mut pace = with(100.0, 0.0, 0.0);
        assert!(goes(&mut pace, 10.0, NOW + 7 * SECOND));
        let Take::Ask(ask) = pace.take(10.0, 0.0, SECOND, NOW + 9 * SECOND) else { panic!("the lump is over") };
        assert_eq!(ask.previous.map(|(_, unspent)| unspent), Some(90.0), "Shopify's bucket still has it");
    }

    #[test]
    fn a_call_that_cost_less_leaves_the_rest_for_the_next() {
        let mut pace = with(20.0, 0.0, 0.0);
        assert!(goes(&mut pace, 20.0, NOW));
        assert!(!goes(&mut pace, 10.0, NOW));
        pace.settle(20.0, Some(8.0), None);
        assert!(goes(&mut pace, 10.0, NOW));
    }

    #[test]
    fn calls_under_way_are_told() {
        let mut pace = with(30.0, 0.0, 0.0);
        assert!(goes(&mut pace, 20.0, NOW));
        let Take::Ask(ask) = pace.take(20.0, 0.0, SECOND, NOW) else { panic!("it has too little") };
        assert_eq!(ask.in_flight, 20.0);
        pace.give_back(20.0);
        assert!(goes(&mut pace, 20.0, NOW));
    }
}
