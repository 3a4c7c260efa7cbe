//! A process's side of the budget: what it has been promised, and whether that is enough for the next call.

use std::time::Duration;

use resilience::UnixMillis;

use super::{Lease, Status, bucket::Ask};

/// Calls that one write should serve at least.
const CALLS_A_WRITE: f64 = 5.0;
/// Waiting longer than this for its rate, a process asks for a lump.
const LONG: Duration = Duration::from_secs(2);
/// A lease is not used in its last moments: the call must reach Shopify before it ends.
const MARGIN: Duration = Duration::from_secs(2);
/// The largest lump, as a part of the bucket.
const LUMP_PART: f64 = 8.0;

/// What one process has, for one shop and priority.
#[derive(Debug, Clone)]
pub struct Pace {
    lease: Option<Lease>,
    /// Usable points. Below zero after a call that cost more than was thought.
    points: f64,
    /// Of the lump, what has not come in yet.
    coming: f64,
    at: UnixMillis,
    /// Since the lease began.
    calls: f64,
    spent: f64,
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
    pub fn new(now: UnixMillis) -> Self {
        Self { lease: None, points: 0.0, coming: 0.0, at: now, calls: 0.0, spent: 0.0, mean: 0.0, status: None }
    }

    /// Takes `cost` points for a call. `backlog`: the points that other callers here wait for.
    pub fn take(&mut self, cost: f64, backlog: f64, patience: Duration, now: UnixMillis) -> Take {
        self.refill(cost, now);
        let Some(lease) = &self.lease else { return Take::Ask(self.ask(cost, backlog, patience, None, now)) };
        if now + MARGIN >= lease.until {
            let lease = lease.clone();
            return Take::Ask(self.ask(cost, backlog, patience, Some(lease), now));
        }
        if self.points >= cost {
            self.points -= cost;
            self.calls += 1.0;
            self.spent += cost;
            return Take::Go;
        }
        let wait = self.until_there(cost, lease, now);
        let short = Duration::from_millis(20);
        if wait <= short || (wait <= LONG.min(patience) && self.calls < CALLS_A_WRITE) {
            return Take::Wait(wait.max(Duration::from_millis(1)));
        }
        // A lump that is still coming in was promised in turn: asking again would only put it off.
        if self.coming > 0.0 && wait <= patience && self.points + self.coming >= cost {
            return Take::Wait(wait);
        }
        let lease = lease.clone();
        Take::Ask(self.ask(cost, backlog, patience, Some(lease), now))
    }

    /// Takes over a lease.
    pub fn granted(&mut self, lease: Lease, now: UnixMillis) {
        self.points = lease.ready;
        self.coming = lease.lump - lease.ready;
        self.at = now;
        (self.calls, self.spent) = (0.0, 0.0);
        self.lease = Some(lease);
    }

    /// A reply came: gives back what the call did not cost, and keeps what Shopify said.
    pub fn settle(&mut self, reserved: f64, actual: Option<f64>, status: Option<Status>) {
        if let Some(actual) = actual {
            self.points += reserved - actual;
            self.spent += actual - reserved;
            self.mean = if self.mean == 0.0 { actual } else { 0.8 * self.mean + 0.2 * actual };
        }
        if let Some(status) = status {
            let is_newer = self.status.is_none_or(|known| known.at <= status.at);
            self.status = if is_newer { Some(status) } else { self.status };
        }
    }

    /// A call was not charged: its points are still there.
    pub fn give_back(&mut self, reserved: f64) {
        self.points += reserved;
        self.spent -= reserved;
    }

    /// Whether Shopify's bucket, by its last word, could bear a call of this cost without the shared bucket's leave.
    pub fn could_bear(&self, cost: f64) -> bool {
        self.status.is_none_or(|status| status.available > cost + status.max / 4.0)
    }

    /// The last status seen.
    pub fn status(&self) -> Option<Status> {
        self.status
    }

    fn refill(&mut self, cost: f64, now: UnixMillis) {
        let Some(lease) = &self.lease else { return };
        let seconds = now.since(self.at).as_secs_f64();
        self.at = self.at.max(now);
        let came = self.coming.min(lease.refill * seconds).max(0.0);
        self.coming -= came;
        self.points += came;
        // What gathers beyond `hold` is lost: nobody may sit on an old promise and then flood.
        let flow = lease.rate * seconds;
        let most = lease.hold.max(cost);
        self.points = self.points.max((self.points + flow).min(most));
    }

    fn until_there(&self, cost: f64, lease: &Lease, now: UnixMillis) -> Duration {
        let missing = cost - self.points;
        let both = lease.rate + if self.coming > 0.0 { lease.refill } else { 0.0 };
        let seconds = missing / both.max(1e-6);
        let wait = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        // After its end the lease brings nothing.
        if now + wait + MARGIN >= lease.until { Duration::MAX } else { wait }
    }

    fn ask(&self, cost: f64, backlog: f64, patience: Duration, lease: Option<Lease>, now: UnixMillis) -> Box<Ask> {
        let mean = if self.mean > 0.0 { self.mean } else { cost };
        let seconds = lease.as_ref().map_or(0.0, |lease| now.since(lease.granted_at).as_secs_f64());
        // What it used, were it not for waiting: the backlog counts as wanted.
        let demand = if seconds > 0.0 { (self.spent + backlog) / seconds.max(1.0) } else { 0.0 };
        let max = self.status.map_or(2_000.0, |status| status.max);
        let most = (max / LUMP_PART).max(cost);
        let least = (CALLS_A_WRITE * mean).min(most);
        let is_hot = demand * 45.0 > most;
        let lump = if is_hot { (2.0 * demand).max(cost + backlog) } else { cost + backlog };
        // Promised and not yet come in, it is not there to be given back; the level was lowered by it, though.
        let unspent = self.points + self.coming;
        Box::new(Ask {
            need: cost,
            lump: lump.min(most),
            least,
            rate: 1.25 * demand,
            hold: (3.0 * mean).min(most),
            patience,
            is_background: false,
            previous: lease.filter(|lease| lease.settled.is_some()).map(|lease| (lease, unspent)),
            seen: self.status,
        })
    }
}
