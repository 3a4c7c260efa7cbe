use std::time::Duration;

use weir_load::{Answer, DeliveryResult, Measurements};

use super::*;

fn sent(crowded: u64, answers: &[(u16, u64, u64)]) -> SendReport {
    let mut measured = Measurements::new();
    for (number, (status, late, took)) in answers.iter().enumerate() {
        let (late, took) = (Duration::from_millis(*late), Duration::from_millis(*took));
        let answer = Ok(Answer { status: *status, took, detail: None });
        measured.add(DeliveryResult { event: number.to_string().into(), is_repeat: false, late, took, answer });
    }
    SendReport { measured, took: Duration::from_secs(2), crowded, abandoned: 0, interrupted: false }
}

fn report(sent: &SendReport) -> Report {
    let plan = Plan {
        url: "http://127.0.0.1:1/webhooks".to_owned(),
        pattern: "steady",
        rate: 2.0,
        peak_rate: 2.0,
        duration_s: 2.0,
        shops: 1,
        concurrency: 8,
        seed: 7,
        deliveries: 4,
    };
    Report::new(plan, sent)
}

fn audited(done: u64, lost: u64) -> AuditReport {
    AuditReport {
        events: done + lost,
        done,
        stale: 0,
        dead_lettered: 0,
        retrying: 0,
        parked: 0,
        working: 0,
        waiting: 0,
        lost,
        repeats: 0,
        duplicates: 0,
        until_done_ms: None,
        look_at: Vec::new(),
    }
}

#[test]
fn answers_are_told_with_their_errors_and_a_bar_for_each_time() {
    let text = report(&sent(0, &[(200, 0, 4), (200, 1, 3), (200, 0, 15), (503, 0, 80)])).answers();
    assert!(text.starts_with("4 sent in 2.0 s, 2.0 a second: 3 accepted\n         1  HTTP 503\n"), "{text}");
    let bars: Vec<(usize, &str)> = text
        .lines()
        .filter(|line| line.starts_with("  up to"))
        .map(|line| (line.matches('█').count(), line.rsplit(' ').next().unwrap()))
        .collect();
    assert_eq!(bars, [(40, "2"), (0, "0"), (20, "1"), (0, "0"), (20, "1")], "{text}");
    assert!(!text.contains("did not keep the rate"), "{text}");
}

#[test]
fn a_sender_that_fell_behind_says_so_and_why() {
    let answers = [(200, 400, 10), (200, 500, 10)];
    let of = |crowded| report(&sent(crowded, &answers));
    assert!(!of(0).kept_up);
    assert!(of(0).answers().contains("this machine is too slow"));
    assert!(of(2).answers().contains("2 times 8 were on their way already"));
    assert!(report(&sent(2, &[(200, 3, 10)])).kept_up);
}

#[test]
fn it_is_good_only_if_all_that_was_accepted_came_to_its_end() {
    let with = |audit| Report { audit, ..report(&sent(0, &[(200, 0, 1)])) };
    assert!(with(None).is_good());
    assert!(with(Some(audited(1, 0))).is_good());
    assert!(!with(Some(audited(1, 1))).is_good());
    assert!(!report(&sent(0, &[(503, 0, 1)])).is_good(), "a load of which nothing was accepted proves nothing");
}

#[test]
fn that_nothing_was_lost_is_said() {
    let with = |audit| Report { audit: Some(audit), ..report(&sent(0, &[(200, 0, 1)])) }.what_came_out();
    assert!(with(audited(3, 0)).contains("         0  lost"), "{}", with(audited(3, 0)));
    assert!(with(audited(3, 2)).contains("         2  lost"));
}
