//! Every way in which an event can wait, and the alarm that goes on within a quarter of an hour.
//!
//! What workers say of an event that they leave unfinished is made by the rules that they follow themselves: how long a
//! parked copy is delayed, and how long a failed message backs off.

use std::{collections::BTreeMap, time::Duration};

use crate::model::{Template, at};
use weir_consumer::destination::SWITCH_RETRY_DELAY;
use weir_core::{Backoff, UnixMillis, park::Parked};
use weir_telemetry::metrics::ErrorKind;

use super::Alarm;
use super::state::{Series, alarmed};

const QUARTER: usize = 15;

/// As many ways in which chance may fall.
const SEEDS: u64 = 50;

/// What a metric is in the n-th minute since the event began to wait.
type Minutes = Box<dyn Fn(usize) -> Option<f64>>;

struct Row {
    /// How the event waits.
    how: &'static str,
    alarm: &'static str,
    /// By the metric's id in the alarm.
    metrics: Vec<(&'static str, Minutes)>,
}

fn row(how: &'static str, alarm: &'static str, metrics: Vec<(&'static str, Minutes)>) -> Row {
    Row { how, alarm, metrics }
}

fn always(value: f64) -> Minutes {
    Box::new(move |_| Some(value))
}

fn never() -> Minutes {
    Box::new(|_| None)
}

fn once() -> Minutes {
    Box::new(|minute| (minute == 0).then_some(1.0))
}

fn age() -> Minutes {
    Box::new(|minute| Some(60.0 * minute as f64))
}

#[test]
fn every_way_an_event_can_wait_has_an_alarm() {
    let workers = |own: Minutes| vec![("urgent", never()), ("standard", own), ("bulk", never())];
    let table = [
        row("in lane urgent, and no worker takes it", "UrgentAgeAlarm", vec![("", age())]),
        row("in lane standard, and no worker takes it", "StandardAgeAlarm", vec![("", age())]),
        row("in lane bulk, and no worker takes it", "BulkAgeAlarm", vec![("", age())]),
        row("behind a flood of lane urgent", "UrgentDepthAlarm", vec![("", always(501.0))]),
        row("behind a flood of lane standard", "StandardDepthAlarm", vec![("", always(501.0))]),
        row("behind a flood of lane bulk", "BulkDepthAlarm", vec![("", always(501.0))]),
        row("parked with many others, and no worker says so", "DelayedAlarm", workers(always(501.0))),
        row("held because AWS refuses", "MisconfiguredAlarm", workers(once())),
        row(
            "its worker crashes each time",
            "WorkerErrorsAlarm",
            workers(Box::new(|minute| {
                // It shows again after the queue's visibility time-out.
                (minute % 3 == 0).then_some(1.0)
            })),
        ),
        row(
            "its worker may not run",
            "ThrottlesAlarm",
            vec![("ingest", never()), ("urgent", never()), ("standard", always(1.0)), ("bulk", never())],
        ),
        row("dropped by Lambda's loop detection", "RecursionAlarm", workers(once())),
        row(
            "accepted, and nothing comes to an end",
            "NothingDoneAlarm",
            vec![("accepted", always(1.0)), ("done", never()), ("duplicates", never()), ("dead", never())],
        ),
        row("behind 60,000 in flight", "InFlightAlarm", workers(always(60_001.0))),
        row("dead-lettered", "UrgentDlqAlarm", vec![("waiting", never()), ("dead", once())]),
        row("dead-lettered by SQS alone", "StandardDlqAlarm", vec![("waiting", always(1.0)), ("dead", never())]),
        row("not taken by its rule's target", "BusFailuresAlarm", vec![("failed", once())]),
        row("published, and its body does not get into the archive", "ArchiveAgeAlarm", vec![("", age())]),
        row("published, and its body was not archived", "ArchiveDlqAlarm", vec![("", always(1.0))]),
        row("published, and its order does not change", "OrdersAgeAlarm", vec![("", age())]),
        row("published, and its order can't take it", "OrdersDlqAlarm", vec![("", always(1.0))]),
        row(
            "a compliance topic, and its rule takes nothing",
            "ComplianceAlarm",
            vec![("published", once()), ("matched", never())],
        ),
        row("refused at the door", "Ingest5xxAlarm", vec![("", Box::new(|minute| (minute < 3).then_some(1.0)))]),
    ];
    let template = Template::read();
    for row in table {
        let on = first_on(&template, row.alarm, row.metrics);
        assert!(on.is_some_and(|minute| minute <= QUARTER), "{}: {} goes on after {on:?} min", row.how, row.alarm);
    }
}

/// An attempt that failed ends in one of these ways.
#[test]
fn every_kind_of_error_is_a_way_to_wait_that_has_an_alarm() {
    for kind in ErrorKind::ALL {
        let alarm = match kind.as_str() {
            // They back off, or are parked: the worker says how old the event will be. At the end they are dead letters.
            "transient" | "panic" | "outage" | "ledger" => "EventsWaitAlarm",
            "permanent" => "StandardDlqAlarm",
            "misconfigured" => "MisconfiguredAlarm",
            other => panic!("say here which alarm tells of {other}"),
        };
        assert_eq!(Template::read().resource(alarm)["Type"], "AWS::CloudWatch::Alarm");
    }
}

/// An outage, a switch or a rate limit: its copies come back at times that chance decides.
#[test]
fn event_that_is_parked_alarms_within_a_quarter_of_an_hour_and_without_a_gap() {
    let template = Template::read();
    for retry_after in [Duration::from_secs(5), Duration::from_secs(10), SWITCH_RETRY_DELAY, Duration::from_secs(3_600)]
    {
        for seed in 0..SEEDS {
            let mut rng = fastrand::Rng::with_seed(seed);
            let (mut at, mut said) = (UnixMillis(0), Vec::new());
            let mut parked = None;
            while at < UnixMillis(2 * 3_600_000) {
                let again = Parked::again(parked, Duration::from_secs(86_400), at).unwrap();
                let delay = again.delay(retry_after, &mut rng);
                said.push((at, at + delay));
                (parked, at) = (Some(again), at + delay);
            }
            let on = pending(&template, &said, 120);
            let first = on.iter().position(|on| *on).expect("it goes on");
            assert!(first <= QUARTER, "{retry_after:?}, seed {seed}: after {first} min");
            assert!(
                on[first..].iter().all(|on| *on),
                "{retry_after:?}, seed {seed}: it goes off while the event waits"
            );
        }
    }
}

/// Until its last receive, after which it is a dead letter.
#[test]
fn event_that_backs_off_alarms_within_a_quarter_of_an_hour_whatever_the_parameters() {
    let template = Template::read();
    let value = |name: &str, key: &str| at(template.parameter(name), &[key]).as_u64().unwrap();
    for key in ["MinValue", "Default", "MaxValue"] {
        let seconds = |name| Duration::from_secs(value(name, key));
        let backoff = Backoff { base: seconds("BackoffBaseSeconds"), cap: seconds("BackoffCapSeconds") };
        let receives = u32::try_from(value("MaxReceiveCount", key)).unwrap();
        for seed in 0..SEEDS {
            let mut rng = fastrand::Rng::with_seed(seed);
            let (mut at, mut said) = (UnixMillis(0), Vec::new());
            for receive in 1..receives {
                let delay = backoff.delay(receive, &mut rng);
                said.push((at, at + delay));
                at = at + delay;
            }
            let minutes = usize::try_from(at.as_seconds() / 60).unwrap();
            let on = pending(&template, &said, minutes + 1);
            let first = on.iter().position(|on| *on).unwrap_or(minutes);
            assert!(first <= QUARTER, "{key}, seed {seed}: after {first} of {minutes} min");
        }
    }
}

#[test]
fn event_whose_lease_does_not_end_alarms() {
    let template = Template::read();
    // Each receive meets a lease that was made anew.
    let said: Vec<_> = (0..20).map(|n| UnixMillis(n * 46_000)).map(|at| (at, at + Duration::from_secs(46))).collect();
    let first = pending(&template, &said, 15).iter().position(|on| *on);
    assert!(first.is_some_and(|minute| minute <= QUARTER), "{first:?}");
}

#[test]
fn passing_failures_and_short_outages_set_off_no_alarm() {
    let (template, backoff) = (Template::read(), Backoff::default());
    for seed in 0..SEEDS {
        let mut rng = fastrand::Rng::with_seed(seed);
        let (mut at, mut said) = (UnixMillis(0), Vec::new());
        for receive in 1..=4 {
            let delay = backoff.delay(receive, &mut rng);
            said.push((at, at + delay));
            at = at + delay;
        }
        assert!(!pending(&template, &said, 15).contains(&true), "seed {seed}");
    }
    for (id, metrics) in [
        (
            "NothingDoneAlarm",
            vec![("accepted", always(9.0)), ("done", always(1.0)), ("duplicates", never()), ("dead", never())],
        ),
        ("NothingDoneAlarm", vec![("accepted", once()), ("done", never()), ("duplicates", never()), ("dead", never())]),
        (
            "NothingDoneAlarm",
            vec![("accepted", never()), ("done", never()), ("duplicates", never()), ("dead", never())],
        ),
        ("ComplianceAlarm", vec![("published", once()), ("matched", once())]),
        ("ComplianceAlarm", vec![("published", never()), ("matched", never())]),
        (
            "InFlightAlarm",
            vec![("urgent", always(30_000.0)), ("standard", always(30_000.0)), ("bulk", always(30_000.0))],
        ),
    ] {
        assert_eq!(first_on(&template, id, metrics), None, "{id}");
    }
}

#[test]
fn compliance_event_alarms_where_no_rule_is_named() {
    let template = Template::read();
    let alarm = Alarm::named(&template, "ComplianceAlarm").otherwise();
    let series = BTreeMap::from([("published", vec![None, Some(1.0), None])]);
    assert_eq!(alarmed(&alarm, &series), [false, true, false]);
}

/// Whether the alarm on what workers say is on, minute by minute. They said at a time when the event is tried next, which
/// began to wait at 0.
fn pending(template: &Template, said: &[(UnixMillis, UnixMillis)], minutes: usize) -> Vec<bool> {
    let said: Vec<_> = said.iter().map(|(at, next)| (at.as_seconds() / 60, next.as_seconds() as f64)).collect();
    let in_minute = move |minute: usize| {
        let ages = said.iter().filter(|(at, _)| usize::try_from(*at) == Ok(minute)).map(|(_, age)| *age);
        ages.reduce(f64::max)
    };
    states(template, "EventsWaitAlarm", vec![("", Box::new(in_minute))], minutes)
}

/// In which minute the alarm goes on.
fn first_on(template: &Template, id: &str, metrics: Vec<(&'static str, Minutes)>) -> Option<usize> {
    states(template, id, metrics, QUARTER + 1).iter().position(|on| *on)
}

/// Whether the alarm is on after each minute: CloudWatch looks every minute at the periods that end then.
fn states(template: &Template, id: &str, metrics: Vec<(&'static str, Minutes)>, minutes: usize) -> Vec<bool> {
    let alarm = Alarm::named(template, id);
    let used = alarm.metrics();
    let of = |id: &str| used.iter().find(|used| used.id == id).unwrap_or_else(|| panic!("{} has no {id:?}", alarm.id));
    let periods = alarm.count("EvaluationPeriods").expect("EvaluationPeriods");
    let state = |minute: usize| {
        let series = metrics.iter().map(|(id, value)| {
            let used = of(id);
            let length = usize::try_from(used.period / 60).expect("a short period");
            // The window ends now; before the first minute nothing waited.
            let period = |index: usize| {
                let end = (minute + 1).checked_sub((periods - 1 - index) * length)?;
                let values = (end.saturating_sub(length)..end).filter_map(value);
                match used.statistic.as_str() {
                    "Maximum" => values.reduce(f64::max),
                    _ => values.reduce(|sum, value| sum + value),
                }
            };
            (*id, (0..periods).map(period).collect::<Series>())
        });
        alarmed(&alarm, &series.collect())[periods - 1]
    };
    (0..minutes).map(state).collect()
}
