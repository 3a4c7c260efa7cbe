//! What the command line asks for.

use weir_core::UnixMillis;
use weir_ops::events::{EventFilter, EventQuery, QueryTimes};

use crate::{cli::ListArgs, problem::Usage, shop_domain};

/// The list that is asked for.
pub(super) fn query(args: &ListArgs, now: UnixMillis) -> Result<EventQuery, Usage> {
    let times =
        QueryTimes { since: args.since.map(|since| since.at(now)), until: args.until.map(|until| until.at(now)) };
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    EventQuery::new(filter(args)?, times, args.after.clone(), limit, now)
        .map_err(|_empty| Usage::new("--since is later than --until", "nothing can be between them: exchange them"))
}

fn filter(args: &ListArgs) -> Result<EventFilter, Usage> {
    let shop = args.shop.as_deref().map(shop_domain::parse).transpose()?;
    Ok(EventFilter {
        shop: shop.map(|shop| shop.to_string()),
        topic: args.topic.clone(),
        app: args.app.clone(),
        lane: args.lane,
        resource: args.resource.clone(),
        error: args.error.clone(),
        state: args.state.map(Into::into),
        outcome: args.outcome.map(Into::into),
    })
}

/// The range in words.
pub(super) fn range_in_words(query: &EventQuery) -> String {
    match (query.is_default_range, query.filter.is_of_failures()) {
        (true, true) => "of all unsettled events".to_owned(),
        (true, false) => "of the last 24 h (--since says otherwise)".to_owned(),
        (false, _) => format!("since {}", query.range.since),
    }
}

#[cfg(test)]
mod tests;
