//! `weir status` judges by the thresholds of the stack's alarms.

use std::time::Duration;

use serde_json::{Value, json};
use weir_core::Lane;
use weir_ops::health::{MIN_SUCCESS_PERCENT, Thresholds};

use crate::model::{Template, at, refers_to, text};

/// The one alarm on this metric of a queue.
fn of_queue<'a>(template: &'a Template, queue_id: &str, metric: &str) -> &'a Value {
    let alarms = template.of_type("AWS::CloudWatch::Alarm").map(|(_, alarm)| alarm);
    let mut alarms =
        alarms.filter(|alarm| alarm["MetricName"] == metric && refers_to(&alarm["Dimensions"][0]["Value"]) == queue_id);
    let alarm = alarms.next().unwrap_or_else(|| panic!("{queue_id} has no alarm on {metric}"));
    assert_eq!(alarms.next(), None, "{queue_id} has two alarms on {metric}");
    alarm
}

fn default(template: &Template, parameter: &str) -> f64 {
    at(template.parameter(parameter), &["Default"]).as_f64().unwrap_or_else(|| panic!("{parameter} is no number"))
}

#[test]
fn lane_is_late_and_deep_when_its_alarms_say_so() {
    let template = Template::read();
    let lanes = template.lanes();
    assert_eq!(lanes.len(), Lane::ALL.len());
    for lane in lanes {
        let name: Lane = text(at(lane.worker, &["Environment", "Variables", "WEIR_LANE"])).parse().unwrap();
        let age = of_queue(&template, lane.queue_id, "ApproximateAgeOfOldestMessage");
        assert_eq!(age["ComparisonOperator"], "GreaterThanThreshold", "{name}");
        assert_eq!(age["Threshold"].as_u64(), Some(name.max_age().as_secs()), "{name}");
        let depth = of_queue(&template, lane.queue_id, "ApproximateNumberOfMessagesVisible");
        assert_eq!(depth["ComparisonOperator"], "GreaterThanThreshold", "{name}");
        assert_eq!(depth["Threshold"], json!({"Ref": "DepthAlarm"}), "{name}");
    }
}

#[test]
fn other_thresholds_are_those_of_the_alarms() {
    let template = Template::read();
    let alarm = |id: &str| at(template.resource(id), &["Properties"]);
    let slow = alarm("IngestP99Alarm");
    assert_eq!(slow["ComparisonOperator"], "GreaterThanThreshold");
    assert_eq!(slow["Threshold"], json!({"Ref": "IngestP99AlarmMs"}));
    let success = alarm("SuccessRateAlarm");
    assert_eq!(success["ComparisonOperator"], "LessThanThreshold");
    assert_eq!(success["Threshold"].as_f64(), Some(MIN_SUCCESS_PERCENT));
}

#[test]
fn default_of_each_threshold_is_the_default_of_its_parameter() {
    let template = Template::read();
    let Thresholds { lane_depth, ingest_p99_ms, monitor_silence } = Thresholds::default();
    assert_eq!(lane_depth as f64, default(&template, "DepthAlarm"));
    assert_eq!(ingest_p99_ms, default(&template, "IngestP99AlarmMs"));
    let three_rounds = Duration::from_secs_f64(default(&template, "MonitorMinutes") * 60.0) * 3;
    assert_eq!(monitor_silence, three_rounds);
}
