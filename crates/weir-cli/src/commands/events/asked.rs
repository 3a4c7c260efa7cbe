//! What was asked for: where it is read, and what of that is wanted.

use std::time::Duration;

use weir_aws::ledger::{Entry, Indexes, Listing, Position, Range};
use weir_core::{
    Lane, UnixMillis,
    ledger::{
        Key, Record,
        index::{Bucket, Trouble},
    },
};

use super::copies;
use crate::{
    cli::{ListArgs, Moment, OutcomeName, StateName},
    delivery,
    printable::is_named,
    problem::Usage,
};

/// How far back is looked, unless something else was asked for.
pub(super) const BY_DEFAULT: Duration = Duration::from_secs(24 * 3600);

/// How far the clock that events were received by may be ahead of this one: nothing is too new for a list.
const AHEAD: Duration = Duration::from_secs(300);

/// What was asked for, at a time.
#[derive(Debug)]
pub(super) struct Asked {
    /// Which events.
    pub(super) wanted: Wanted,
    /// Received when.
    pub(super) range: Range,
    /// Whether nobody said since when.
    pub(super) is_default_range: bool,
    /// The place to go on after.
    pub(super) after: Option<Position>,
    /// How many at most.
    pub(super) limit: usize,
    pub(super) now: UnixMillis,
}

/// Which events.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    shop: Option<String>,
    topic: Option<String>,
    app: Option<String>,
    lane: Option<Lane>,
    resource: Option<String>,
    /// In small letters.
    error: Option<String>,
    state: Option<StateName>,
    outcome: Option<OutcomeName>,
}

impl Asked {
    pub(super) fn new(args: &ListArgs, now: UnixMillis) -> anyhow::Result<Self> {
        let wanted = Wanted::new(args)?;
        let beginning = if wanted.is_in_trouble() { UnixMillis(0) } else { now - BY_DEFAULT };
        let since = args.since.map_or(beginning, |since| since.at(now).max(UnixMillis(0)));
        let until = args.until.map_or(now + AHEAD, |until| until.at(now));
        if since > until {
            let (problem, hint) = ("--since is later than --until", "nothing can be between them: exchange them");
            return Err(Usage::new(problem, hint).into());
        }
        let after = args.after.as_ref().map(|cursor| Position {
            received_at: cursor.received_at,
            key: Key { event: cursor.key.event.clone(), generation: cursor.key.generation },
        });
        let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
        Ok(Self { wanted, range: Range { since, until }, is_default_range: args.since.is_none(), after, limit, now })
    }

    /// The list, newest first, of the index that is the least to read.
    pub(super) fn listing<'a, I: Indexes>(&self, indexes: &'a I) -> Listing<'a, I> {
        let expected = u32::try_from(self.limit).unwrap_or(u32::MAX);
        let listing = if self.wanted.is_in_trouble() {
            Listing::by_trouble(indexes, self.wanted.troubles(), &self.wanted.buckets(), self.range, expected)
        } else {
            Listing::by_day(indexes, self.wanted.buckets(), self.range, expected)
        };
        listing.after(self.after.clone())
    }

    /// The range in words.
    pub(super) fn range_in_words(&self) -> String {
        match (self.is_default_range, self.wanted.is_in_trouble()) {
            (true, true) => "of all that is in trouble now".to_owned(),
            (true, false) => "of the last 24 h (--since says otherwise)".to_owned(),
            (false, _) => format!("since {}", self.range.since),
        }
    }
}

impl Wanted {
    fn new(args: &ListArgs) -> anyhow::Result<Self> {
        let shop = args.shop.as_deref().map(delivery::shop).transpose()?;
        Ok(Self {
            shop: shop.map(|shop| shop.to_string()),
            topic: args.topic.clone(),
            app: args.app.clone(),
            lane: args.lane,
            resource: args.resource.clone(),
            error: args.error.as_ref().map(|text| text.to_lowercase()),
            state: args.state,
            outcome: args.outcome,
        })
    }

    pub(super) fn buckets(&self) -> Vec<Bucket> {
        self.shop.as_ref().map_or_else(Bucket::all, |shop| Bucket::of_shop(shop).into())
    }

    /// Whether only what failed or is parked can be wanted. An error alone means those: the errors of the others are not
    /// in any index.
    pub(super) fn is_in_trouble(&self) -> bool {
        match (self.state, self.outcome) {
            (Some(state), _) => matches!(state, StateName::Failed | StateName::Parked),
            (None, Some(outcome)) => outcome == OutcomeName::Failed,
            (None, None) => self.error.is_some(),
        }
    }

    fn troubles(&self) -> &'static [Trouble] {
        match (self.state, self.outcome) {
            (Some(StateName::Failed), _) | (_, Some(OutcomeName::Failed)) => &[Trouble::Failed],
            (Some(StateName::Parked), _) => &[Trouble::Parked],
            _ => &Trouble::ALL,
        }
    }

    /// Whether its record is worth reading: for an entry of the index that the list is of.
    pub(super) fn may_be(&self, entry: &Entry) -> bool {
        self.may_become(entry) && (!self.is_in_trouble() || self.has_error(entry.last_error.as_deref()))
    }

    /// Whether it is one of those that are wanted once their state is: for an entry of any index.
    pub(super) fn may_become(&self, entry: &Entry) -> bool {
        let Entry { key, topic, app, lane, resource, .. } = entry;
        self.is_at(key, topic.as_deref(), app.as_deref(), *lane, resource.as_deref())
    }

    /// Whether it is wanted.
    pub(super) fn is(&self, record: &Record, now: UnixMillis) -> bool {
        let Record { key, topic, app, lane, resource, last_error, .. } = record;
        self.is_at(key, topic.as_deref(), app.as_deref(), *lane, resource.as_deref())
            && self.has_error(last_error.as_deref())
            && self.state.is_none_or(|state| record.state.as_str() == state.as_str())
            && self.outcome.is_none_or(|outcome| match outcome {
                OutcomeName::Done => record.state.as_str() == "done",
                OutcomeName::Stale => record.state.as_str() == "stale",
                OutcomeName::Failed => copies::is_given_up(record, now),
            })
    }

    fn is_at(&self, key: &Key, topic: Option<&str>, app: Option<&str>, lane: Lane, resource: Option<&str>) -> bool {
        let is = |wanted: &Option<String>, is: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| is.is_some_and(|is| is_named(is, wanted)))
        };
        let shop = key.event.split_once('#').map(|(shop, _)| shop);
        is(&self.shop, shop)
            && is(&self.topic, topic)
            && is(&self.app, app)
            && is(&self.resource, resource)
            && self.lane.is_none_or(|wanted| wanted == lane)
    }

    fn has_error(&self, error: Option<&str>) -> bool {
        self.error.as_ref().is_none_or(|text| error.is_some_and(|error| error.to_lowercase().contains(text)))
    }
}

/// How far back to look for a webhook id whose shop is not known.
pub(super) fn since(since: Option<Moment>, now: UnixMillis) -> Range {
    let since = since.map_or(now - BY_DEFAULT, |since| since.at(now).max(UnixMillis(0)));
    Range { since, until: now + AHEAD }
}

#[cfg(test)]
mod tests;
