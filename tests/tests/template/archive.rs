//! The archive's queue: how long it tries, and how it gives up.

use weir_archive::BACKOFF;

use crate::model::{Template, at};

/// Each wait is a random part of the longest one: half of it on the average.
#[test]
fn message_that_s3_does_not_take_comes_back_for_a_day_and_one_that_is_unreadable_is_gone_in_an_hour() {
    let template = Template::read();
    let queue = at(template.resource("ArchiveQueue"), &["Properties"]);
    let receives = u32::try_from(at(queue, &["RedrivePolicy", "maxReceiveCount"]).as_u64().unwrap()).unwrap();
    let longest = |receive: u32| BACKOFF.base.saturating_mul(1 << receive.saturating_sub(1).min(31)).min(BACKOFF.cap);
    let waits = (1..receives).map(longest).sum::<std::time::Duration>() / 2;
    assert!(waits.as_secs() >= 24 * 3600, "{receives} receives take {waits:?}");
    assert!(waits.as_secs() < at(queue, &["MessageRetentionPeriod"]).as_u64().unwrap());
    // An unreadable message is visible again at once, and waits for the batch: a minute.
    assert!(receives <= 60, "{receives} invocations for a message that can't be read");
}
