//! Which state an alarm with a static threshold is in, period after period: the rules of the CloudWatch user guide, "Evaluating an
//! alarm" and "Configuring how CloudWatch alarms treat missing data", but for one: CloudWatch looks at a few periods more than the alarm
//! evaluates, and prefers datapoints there to filling gaps. So where some are missing it may decide otherwise for a period or two; where
//! all or none are, it decides as this does.

use std::collections::BTreeMap;

use super::Alarm;
use super::expression::{Period, evaluate};

/// A metric's datapoints, one a period; `None` is none.
pub(crate) type Series = Vec<Option<f64>>;

/// After which periods the alarm is on. The series are by metric id, or by "" for an alarm on one metric.
pub(crate) fn alarmed(alarm: &Alarm<'_>, series: &BTreeMap<&str, Series>) -> Vec<bool> {
    let periods = series.values().map(Vec::len).max().expect("a series");
    let values: Vec<Option<f64>> = (0..periods).map(|index| value(alarm, series, index)).collect();
    let of = alarm.count("EvaluationPeriods").expect("EvaluationPeriods");
    let needed = alarm.count("DatapointsToAlarm").unwrap_or(of);
    let threshold = alarm.threshold();
    let breaches = |value: &Option<f64>| match (value, alarm.properties["ComparisonOperator"].as_str()) {
        (None, _) => match alarm.properties["TreatMissingData"].as_str() {
            Some("breaching") => true,
            Some("notBreaching") => false,
            other => panic!("{}: say here what {other:?} means", alarm.id),
        },
        (Some(value), Some("GreaterThanThreshold")) => *value > threshold,
        (Some(value), Some("LessThanThreshold")) => *value < threshold,
        (_, other) => panic!("{}: say here what {other:?} means", alarm.id),
    };
    let is_on = |end: usize| {
        // Before the first period there was nothing, and nothing was wrong.
        let window = &values[(end + 1).saturating_sub(of)..=end];
        window.iter().filter(|value| breaches(value)).count() >= needed
    };
    (0..periods).map(is_on).collect()
}

fn value(alarm: &Alarm<'_>, series: &BTreeMap<&str, Series>, index: usize) -> Option<f64> {
    let at = |series: &Series| series.get(index).copied().flatten();
    let Some(expression) = alarm.expression() else { return at(&series[""]) };
    let known = alarm.metrics();
    let ids = known.iter().map(|used| used.id.as_str());
    let values = ids.clone().map(|id| (id, series.get(id).and_then(at))).collect();
    let has_any = |id: &&str| series.get(id).is_some_and(|series| series.iter().any(Option::is_some));
    let ever = ids.map(|id| (id, has_any(&id))).collect();
    evaluate(expression, &Period { values, ever })
}
