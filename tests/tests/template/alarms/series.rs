//! When each alarm goes on, and when it does not. The emulator's alarms never change: their definitions are run here.

use std::collections::BTreeMap;

use super::Alarm;
use super::state::{Series, alarmed};
use crate::model::Template;

/// Whether the alarm is on after each period of these series.
#[track_caller]
fn run(id: &str, series: &[(&str, Series)]) -> Vec<bool> {
    let template = Template::read();
    let series: BTreeMap<&str, Series> = series.iter().cloned().collect();
    alarmed(&Alarm::named(&template, id), &series)
}

/// The same of an alarm on one metric.
#[track_caller]
fn one(id: &str, series: Series) -> Vec<bool> {
    run(id, &[("", series)])
}

fn steady(value: f64, periods: usize) -> Series {
    vec![Some(value); periods]
}

const NOTHING: Option<f64> = None;

#[test]
fn a_single_dead_letter_alarms_and_an_idle_queue_does_not() {
    for id in ["UrgentDlqAlarm", "StandardDlqAlarm", "BulkDlqAlarm"] {
        let idle = || [vec![NOTHING, Some(0.0)], steady(0.0, 30)].concat();
        assert!(!run(id, &[("waiting", idle()), ("dead", vec![NOTHING; 32])]).contains(&true), "{id}");
        let mut waiting = idle();
        waiting[2] = Some(1.0);
        let on = run(id, &[("waiting", waiting), ("dead", vec![NOTHING; 32])]);
        assert_eq!(on.iter().position(|on| *on), Some(2), "{id}");
        assert!(!on[17..].contains(&true), "{id} comes back");
    }
}

/// SQS tells of a queue that was idle for six hours up to 15 minutes late.
#[test]
fn a_dead_letter_alarms_at_once_by_the_workers_word_and_until_sqs_tells_of_it() {
    for id in ["UrgentDlqAlarm", "StandardDlqAlarm", "BulkDlqAlarm"] {
        let late = [vec![NOTHING; 15], steady(1.0, 10)].concat();
        let on = run(id, &[("waiting", late), ("dead", [vec![Some(1.0)], vec![NOTHING; 24]].concat())]);
        assert!(on.iter().all(|on| *on), "{id}: {on:?}");
    }
}

#[test]
fn a_lane_alarms_when_more_than_500_wait_for_five_minutes_and_not_for_four() {
    for id in ["UrgentDepthAlarm", "StandardDepthAlarm", "BulkDepthAlarm"] {
        assert!(!one(id, steady(501.0, 4)).contains(&true), "{id}");
        assert_eq!(one(id, steady(501.0, 5)), [false, false, false, false, true], "{id}");
        assert!(!one(id, steady(500.0, 60)).contains(&true), "{id}");
        let with_a_dip = [steady(501.0, 4), steady(12.0, 1), steady(501.0, 4)].concat();
        assert!(!one(id, with_a_dip).contains(&true), "{id}");
    }
}

#[test]
fn a_lane_alarms_by_its_oldest_event_the_sooner_the_more_urgent_it_is() {
    for (id, seconds) in [("UrgentAgeAlarm", 300.0), ("StandardAgeAlarm", 600.0), ("BulkAgeAlarm", 720.0)] {
        assert!(!one(id, steady(seconds, 10)).contains(&true), "{id}");
        assert_eq!(one(id, steady(seconds + 1.0, 3)), [false, false, true], "{id}");
    }
}

#[test]
fn three_answers_5xx_within_a_quarter_of_an_hour_alarm_and_two_do_not() {
    assert_eq!(one("Ingest5xxAlarm", vec![Some(2.0), Some(3.0), NOTHING]), [false, true, false]);
}

#[test]
fn ingest_alarms_when_its_p99_is_over_50_ms_for_most_of_a_quarter_of_an_hour() {
    let of = |p99: Series| run("IngestP99Alarm", &[("requests", steady(100.0, p99.len())), ("p99", p99)]);
    assert!(!of(steady(50.0, 9)).contains(&true));
    assert_eq!(of(vec![Some(51.0), Some(20.0), Some(51.0), Some(20.0)]), [false, false, true, false]);
}

/// Of ten requests, the slowest is no p99. An alarm that a flood set off must not stay on when it is over: no canary begins
/// while it is on.
#[test]
fn ingest_that_is_slow_alarms_while_there_is_traffic_and_comes_back_when_there_is_none() {
    let quiet = run("IngestP99Alarm", &[("requests", steady(99.0, 9)), ("p99", steady(900.0, 9))]);
    assert!(!quiet.contains(&true));
    for after in [Some(10.0), NOTHING] {
        let requests = [steady(5_000.0, 3), vec![after; 3]].concat();
        let p99 = [steady(900.0, 3), vec![after.map(|_| 900.0); 3]].concat();
        assert_eq!(
            run("IngestP99Alarm", &[("requests", requests), ("p99", p99)])[1..],
            [true, true, true, false, false],
            "{after:?}"
        );
    }
}

/// Of 10,000 events that ended in each five minutes, so many went to a dead-letter queue.
fn success_rate(dead: &[Option<f64>]) -> Vec<bool> {
    let done = dead.iter().map(|dead| Some(10_000.0 - dead.unwrap_or(0.0))).collect();
    run("SuccessRateAlarm", &[("done", done), ("dead", dead.to_vec())])
}

#[test]
fn a_success_rate_below_99_9_percent_alarms_and_the_threshold_itself_does_not() {
    assert_eq!(success_rate(&[Some(20.0), Some(5.0), Some(10.0), Some(11.0)]), [true, false, false, true]);
    assert_eq!(success_rate(&[NOTHING, Some(20.0), NOTHING]), [false, true, false]);
    assert!(!success_rate(&[NOTHING; 3]).contains(&true), "none was ever dead-lettered");
}

/// FILL would have no series to fill, once what was done before is out of sight.
#[test]
fn a_success_rate_of_nothing_done_stays_an_alarm_though_nothing_was_ever_done() {
    let on = run("SuccessRateAlarm", &[("done", vec![NOTHING; 6]), ("dead", steady(5.0, 6))]);
    assert!(on.iter().all(|on| *on), "{on:?}");
}

#[test]
fn without_traffic_there_is_no_success_rate_and_few_failures_wake_nobody() {
    let quiet = run("SuccessRateAlarm", &[("done", vec![NOTHING; 3]), ("dead", vec![NOTHING; 3])]);
    assert!(!quiet.contains(&true));
    let few = run("SuccessRateAlarm", &[("done", steady(10.0, 1)), ("dead", steady(4.0, 1))]);
    assert!(!few.contains(&true), "four dead letters alarm as such");
    let most = run("SuccessRateAlarm", &[("done", vec![Some(1.0), NOTHING]), ("dead", steady(5.0, 2))]);
    assert_eq!(most, [true, true], "all fail: none is done");
}

#[test]
fn crashes_of_all_lanes_count_together() {
    let series = |urgent, bulk| [("urgent", vec![urgent]), ("standard", vec![NOTHING]), ("bulk", vec![bulk])];
    assert_eq!(run("WorkerErrorsAlarm", &series(Some(2.0), Some(2.0))), [true]);
    assert_eq!(run("WorkerErrorsAlarm", &series(Some(3.0), NOTHING)), [false]);
    assert_eq!(run("WorkerErrorsAlarm", &series(NOTHING, NOTHING)), [false]);
}

#[test]
fn throttled_functions_alarm_when_it_lasts() {
    let of = |ingest: Series| {
        let idle = vec![NOTHING; ingest.len()];
        run(
            "ThrottlesAlarm",
            &[("ingest", ingest), ("urgent", idle.clone()), ("standard", idle.clone()), ("bulk", idle)],
        )
    };
    assert_eq!(of(vec![Some(1.0), NOTHING, NOTHING, Some(1.0), Some(1.0)]), [false, false, false, false, true]);
}

/// Every five minutes, by default: looked at every two minutes.
#[test]
fn a_monitor_that_misses_two_runs_alarms_and_one_that_runs_does_not() {
    let of = |runs: Series| run("MonitorMissingAlarm", &[("there", steady(0.0, runs.len())), ("runs", runs)]);
    let runs: Series = (0..20).map(|period| (period * 2 % 5 < 2).then_some(1.0)).collect();
    let well = of(runs.clone());
    assert!(!well.contains(&true), "{well:?}");
    let ended: Series = runs[..5].iter().copied().chain([NOTHING; 10]).collect();
    let last = ended.iter().rposition(Option::is_some).unwrap();
    let alarmed = of(ended);
    assert_eq!(alarmed.iter().position(|on| *on), Some(last + 5), "ten minutes after the last run: {alarmed:?}");
    assert!(alarmed[last + 5..].iter().all(|on| *on), "and as long as it does not run: {alarmed:?}");
    assert!(of(vec![NOTHING; 5])[4], "one that never ran");
}

/// CloudWatch looks back over the time before the stack was there. The first run comes after `MonitorMinutes`.
#[test]
fn a_new_stack_begins_without_an_alarm_of_its_monitor() {
    let there = [vec![NOTHING; 10], steady(0.0, 10)].concat();
    let runs = [vec![NOTHING; 12], (0..8).map(|period| (period * 2 % 5 < 2).then_some(1.0)).collect()].concat();
    let alarmed = run("MonitorMissingAlarm", &[("there", there), ("runs", runs)]);
    assert!(!alarmed.contains(&true), "{alarmed:?}");
    assert!(!run("MonitorMissingAlarm", &[("there", vec![NOTHING; 20]), ("runs", vec![NOTHING; 20])]).contains(&true));
}

#[test]
fn impossible_condition_alarms_at_its_first_datapoint() {
    for id in ["DriftAlarm", "SilentAlarm", "ApiVersionAlarm", "MissedEventsAlarm"] {
        assert_eq!(one(id, vec![NOTHING, Some(0.0), Some(1.0), NOTHING]), [false, false, true, false], "{id}");
    }
}

#[test]
fn transient_condition_alarms_when_it_persists() {
    assert_eq!(one("TokenRefreshAlarm", vec![Some(1.0), NOTHING, NOTHING, Some(1.0), Some(1.0)])[3..], [false, true]);
    assert_eq!(
        one("ShopifyThrottledAlarm", vec![Some(11.0), Some(10.0), Some(10.0), Some(11.0), Some(11.0)])[3..],
        [false, true]
    );
    assert_eq!(
        one("MonitorFailsAlarm", vec![Some(1.0), Some(1.0), Some(0.0), Some(1.0), Some(1.0), Some(1.0)])[4..],
        [false, true]
    );
    assert_eq!(one("ElsewhereAlarm", vec![Some(1.0), NOTHING, NOTHING, Some(1.0), Some(1.0)])[3..], [false, true]);
}

#[test]
fn a_notifier_that_can_not_tell_alarms() {
    assert_eq!(one("NotifierAgeAlarm", vec![Some(900.0), Some(901.0)]), [false, true]);
    assert_eq!(one("NotifierDlqAlarm", vec![NOTHING, Some(1.0)]), [false, true]);
}
