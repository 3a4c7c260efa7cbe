//! Which messages the command line means.

use weir_core::UnixMillis;
use weir_ops::dead_letters::Filter;

use super::errors::event_name;
use crate::{cli::FilterArgs, problem::Usage, shop_domain};

/// It, as a filter. Times are absolute: whoever resumes means the same messages.
pub(crate) fn filter(args: &FilterArgs, now: UnixMillis) -> Result<Filter, Usage> {
    let (since, until) = (args.since.map(|since| since.at(now)), args.until.map(|until| until.at(now)));
    if since.zip(until).is_some_and(|(since, until)| since >= until) {
        return Err(Usage::new(
            "--since is not earlier than --until",
            "--since 2h --until 1h means: between two hours and one hour ago",
        ));
    }
    Ok(Filter {
        lane: args.lane,
        shop: args.shop.as_deref().map(shop_domain::parse).transpose()?.map(|shop| shop.to_string()),
        topic: args.topic.clone(),
        error: args.error.as_ref().map(|text| text.to_lowercase()),
        received_before_ms: until,
        received_after_ms: since,
        app: args.app.clone(),
        state: args.state,
        event: args.event.as_deref().map(event_name).transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use weir_core::Lane;
    use weir_ops::dead_letters::DeadLetterStatus;

    use super::super::fixtures::{RECEIVED, found, unreadable};
    use super::*;
    use crate::args::Moment;

    const NOW: UnixMillis = UnixMillis(RECEIVED.0 + 3_600_000);

    #[track_caller]
    fn check(expected: bool, args: FilterArgs) {
        assert_eq!(filter(&args, NOW).unwrap().takes(&found()), expected, "{args:?}");
    }

    fn none() -> FilterArgs {
        FilterArgs::default()
    }

    #[test]
    fn every_condition_must_hold() {
        let some = |text: &str| Some(text.to_owned());
        let time = |minutes: u64| Some(Moment::Ago(Duration::from_secs(60 * minutes)));
        check(true, none());
        check(true, FilterArgs { lane: Some(Lane::Standard), ..none() });
        check(false, FilterArgs { lane: Some(Lane::Bulk), ..none() });
        check(true, FilterArgs { shop: some("north.myshopify.com"), topic: some("orders/create"), ..none() });
        check(false, FilterArgs { shop: some("south.myshopify.com"), topic: some("orders/create"), ..none() });
        check(false, FilterArgs { topic: some("orders/paid"), ..none() });
        check(true, FilterArgs { error: some("HTTP 500"), ..none() });
        check(false, FilterArgs { error: some("http 503"), ..none() });
        check(true, FilterArgs { until: time(30), since: time(90), ..none() });
        check(false, FilterArgs { until: time(61), ..none() });
        check(false, FilterArgs { since: time(59), ..none() });
        check(false, FilterArgs { app: some("loyalty"), ..none() });
        check(true, FilterArgs { app: some("default"), state: Some(DeadLetterStatus::Failed), ..none() });
        check(false, FilterArgs { state: Some(DeadLetterStatus::Done), ..none() });
        check(true, FilterArgs { event: some("7"), ..none() });
        check(true, FilterArgs { event: some("north.myshopify.com#7"), ..none() });
        check(false, FilterArgs { event: some("south.myshopify.com#7"), ..none() });
    }

    #[test]
    fn a_message_that_is_no_envelope_has_no_topic_and_a_name_by_sqs() {
        let by = |args: FilterArgs| filter(&args, NOW).unwrap().takes(&unreadable());
        assert!(by(FilterArgs { event: Some("sqs:m-1".into()), state: Some(DeadLetterStatus::Unreadable), ..none() }));
        assert!(by(FilterArgs { event: Some("unknown#sqs:m-1".into()), ..none() }));
        assert!(by(FilterArgs { error: Some("Not a CloudEvents".into()), ..none() }));
        assert!(!by(FilterArgs { topic: Some("orders/create".into()), ..none() }));
    }

    #[test]
    fn empty_event_name_is_refused() {
        for (args, hint) in [
            (FilterArgs { shop: Some("north".into()), ..none() }, "north.myshopify.com"),
            (FilterArgs { event: Some("north#7".into()), ..none() }, "north.myshopify.com"),
            (FilterArgs { event: Some("north.myshopify.com#".into()), ..none() }, "dlq list"),
            (FilterArgs { event: Some(" ".into()), ..none() }, "dlq list"),
            (
                FilterArgs {
                    until: Some(Moment::Ago(Duration::from_secs(60))),
                    since: Some(Moment::Ago(Duration::from_secs(60))),
                    ..none()
                },
                "between",
            ),
        ] {
            assert!(filter(&args, NOW).unwrap_err().hint.contains(hint), "{args:?}");
        }
    }
}
