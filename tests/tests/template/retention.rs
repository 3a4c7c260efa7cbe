//! How long everything is kept: messages, what the ledger knows of them, and bodies in S3.

use std::time::Duration;

use weir_core::UnixMillis;
use weir_core::park::{BODY_RETENTION, MESSAGE_RETENTION, OUTAGE_AT_MOST, SWITCHED_OFF_AT_MOST, check_body_age};

use crate::model::{Template, at, items, seconds, text};

const DAY: Duration = Duration::from_secs(86_400);

/// Shopify sends a delivery again for four hours.
const SHOPIFY_RETRIES: Duration = Duration::from_secs(4 * 3600);

/// What somebody replays on the last day of a dead-letter queue waits for two weeks again.
const REPLAY: Duration = MESSAGE_RETENTION;

/// SQS deletes at the end of the retention, tells nobody, and puts nothing into the dead-letter queue.
#[test]
fn every_queue_keeps_its_messages_for_fourteen_days() {
    let template = Template::read();
    for (id, queue) in template.of_type("AWS::SQS::Queue") {
        if template.resource(id)["Condition"] != "IsLocal" {
            assert_eq!(seconds(at(queue, &["MessageRetentionPeriod"])), MESSAGE_RETENTION, "{id}");
        }
    }
}

#[test]
fn the_ledger_outlives_every_copy_of_an_event() {
    let template = Template::read();
    for key in ["MinValue", "Default"] {
        let kept = at(template.parameter("LedgerRetentionDays"), &[key]).as_u64().unwrap();
        for lane in template.lanes() {
            let retention = |queue| seconds(at(queue, &["MessageRetentionPeriod"]));
            // A parked copy is a message of its own: its retention begins anew.
            let parked = OUTAGE_AT_MOST.max(SWITCHED_OFF_AT_MOST);
            let copies = SHOPIFY_RETRIES + parked + retention(lane.queue) + retention(lane.dlq) + REPLAY;
            assert!(DAY * u32::try_from(kept).unwrap() > copies, "{}: {kept} days < {copies:?}", lane.queue_id);
        }
    }
}

/// Customers' data must be gone 30 days after it was asked for. S3 counts the days from when a body was stored, and rounds up
/// to midnight. A message lives for its queue's retention, in its lane and its dead-letter queue together; a copy of it is
/// sent only as long as the copy could not outlive the body.
#[test]
fn bodies_are_gone_within_thirty_days_and_not_before_their_messages() {
    let template = Template::read();
    let rules = items(at(template.resource("Bodies"), &["Properties", "LifecycleConfiguration", "Rules"]));
    let [rule] = &rules[..] else { panic!("one rule expires bodies, not {rules:?}") };
    assert_eq!(rule["Status"], "Enabled");
    let days = u32::try_from(rule["ExpirationInDays"].as_u64().expect("a number, whatever the parameters")).unwrap();
    assert!(days < 30, "{days} days, and up to midnight");
    assert_eq!(DAY * days, BODY_RETENTION, "what the worker goes by");

    let stored = UnixMillis(0);
    let last_copy = (0..=2 * days * 24).map(|hour| stored + Duration::from_secs(3600) * hour);
    let last_copy =
        last_copy.take_while(|now| check_body_age(stored, *now).is_ok()).last().expect("a copy may be sent");
    for lane in template.lanes() {
        for queue in [lane.queue, lane.dlq] {
            let retention = seconds(at(queue, &["MessageRetentionPeriod"]));
            assert!(stored + retention <= stored + DAY * days, "{}: the message", lane.queue_id);
            assert!(last_copy + retention <= stored + DAY * days, "{}: its last copy", lane.queue_id);
        }
    }
    // A message that waited a week in its lane may still be parked for as long as a switch may be off.
    assert!(check_body_age(stored, stored + DAY * 7 + SWITCHED_OFF_AT_MOST).is_ok());
}

#[test]
fn archive_of_the_bus_is_gone_within_thirty_days_and_is_not_there_unasked() {
    let template = Template::read();
    let days = template.parameter("BusArchiveDays");
    assert_eq!((&days["Default"], &days["MinValue"]), (&0.into(), &0.into()));
    assert!(days["MaxValue"].as_u64().is_some_and(|days| days < 30));
    assert_eq!(template.resource("BusArchive")["Condition"], "HasArchive");
    assert_eq!(text(at(template.resource("BusArchive"), &["Properties", "RetentionDays", "Ref"])), "BusArchiveDays");
}
