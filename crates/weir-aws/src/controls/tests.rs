use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use resilience::{Clock, UnixMillis};
use weir_core::{EventShop, Failure, Lane, controls::Target};

use super::{Controls, FIRST_READ_WITHIN, READ_WITHIN, REFRESH, Source, State, Stored, UNREAD_REFRESH};
use crate::CallError;

type Answer = Result<Option<Stored>, CallError>;

/// Answers in place of SSM.
#[derive(Debug, Clone, Default)]
pub(super) struct Script {
    answer: Arc<Mutex<Option<Answer>>>,
    latency: Duration,
    reads: Arc<AtomicUsize>,
}

impl Script {
    fn new(latency: Duration) -> Self {
        Self { latency, ..Self::default() }
    }

    fn says(&self, answer: Result<Option<&str>, &str>) {
        let version = i64::try_from(self.reads()).unwrap();
        let stored = |text: &str| Stored { text: text.to_owned(), version, written_at: None };
        let failed = |code: &str| CallError::of_entry("GetParameter", "controls", code);
        *self.answer.lock().unwrap() = Some(answer.map(|text| text.map(stored)).map_err(failed));
    }

    fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }

    pub(super) async fn read(&self) -> Answer {
        self.reads.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(self.latency).await;
        self.answer.lock().unwrap().clone().unwrap()
    }
}

const OFF: &str = r#"{"off":[{"lane":"bulk"}]}"#;

fn controls(script: &Script) -> Controls {
    Controls::of(Source::Script(script.clone()), Clock::starting_at(UnixMillis(1_800_000_000_000)))
}

async fn is_off(controls: &Controls) -> bool {
    controls
        .current()
        .await
        .unwrap()
        .is_off(Target::Lane(Lane::Bulk), &EventShop::from_stored("north.myshopify.com"))
        .is_some()
}

fn state(controls: &Controls) -> String {
    format!("{:?}", controls.known().state)
}

#[tokio::test(start_paused = true)]
async fn the_parameter_is_read_once_in_a_period() {
    let script = Script::default();
    script.says(Ok(Some(OFF)));
    let controls = controls(&script);
    for _ in 0..10 {
        assert!(is_off(&controls).await);
    }
    assert_eq!(script.reads(), 1);
    script.says(Ok(Some("{}")));
    tokio::time::advance(REFRESH - Duration::from_millis(1)).await;
    assert!(is_off(&controls).await);
    tokio::time::advance(Duration::from_millis(1)).await;
    assert!(!is_off(&controls).await);
    assert_eq!(script.reads(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_first_ones_wait_for_one_read_and_later_ones_do_not() {
    let script = Script::new(Duration::from_millis(100));
    script.says(Ok(Some(OFF)));
    let controls = controls(&script);
    assert_eq!(tokio::join!(is_off(&controls), is_off(&controls), is_off(&controls)), (true, true, true));
    assert_eq!(script.reads(), 1);
    tokio::time::advance(REFRESH).await;
    let start = tokio::time::Instant::now();
    let second = async { (is_off(&controls).await, start.elapsed()) };
    let (_, (off, waited)) = tokio::join!(controls.current(), second);
    assert!(off && waited.is_zero(), "{waited:?}");
    assert_eq!(script.reads(), 2);
}

#[tokio::test(start_paused = true)]
async fn failed_read_keeps_the_controls_and_is_not_repeated_at_once() {
    let script = Script::default();
    script.says(Ok(Some(OFF)));
    let controls = controls(&script);
    assert!(is_off(&controls).await);
    for (answer, told) in [(Err("ThrottlingException"), "Unreachable"), (Ok(Some("{")), "Unreadable")] {
        script.says(answer);
        tokio::time::advance(REFRESH).await;
        let reads = script.reads();
        for _ in 0..10 {
            assert!(is_off(&controls).await);
        }
        assert_eq!(script.reads(), reads + 1);
        assert!(state(&controls).contains(told), "{}", state(&controls));
    }
    script.says(Ok(None));
    tokio::time::advance(REFRESH).await;
    assert!(!is_off(&controls).await, "a parameter that is not there switches nothing off");
    assert!(matches!(controls.known().state, Some(State::Absent)));
}

#[tokio::test(start_paused = true)]
async fn process_that_never_read_the_controls_says_so_and_tries_again_soon() {
    let script = Script::default();
    for (answer, is_misconfigured) in
        [(Err("ThrottlingException"), false), (Err("AccessDeniedException"), true), (Ok(Some("{")), true)]
    {
        let controls = controls(&script);
        script.says(answer);
        let unread = controls.current().await.unwrap_err();
        assert_eq!(unread.is_misconfigured, is_misconfigured, "{unread}");
        assert_eq!(matches!(unread.failure(), Failure::Misconfigured(_)), is_misconfigured, "{unread}");
        let reads = script.reads();
        assert!(controls.current().await.is_err());
        assert_eq!(script.reads(), reads, "not at once");
        script.says(Ok(Some(OFF)));
        tokio::time::advance(UNREAD_REFRESH).await;
        assert!(is_off(&controls).await);
    }
}

#[tokio::test(start_paused = true)]
async fn parameter_that_does_not_exist_sets_nothing() {
    let script = Script::default();
    script.says(Ok(None));
    assert!(!is_off(&controls(&script)).await);
}

#[tokio::test(start_paused = true)]
async fn first_read_is_tried_a_few_times_within_its_time() {
    let script = Script::default();
    script.says(Err("ThrottlingException"));
    let throttled = controls(&script);
    throttled.read_first().await;
    assert_eq!(script.reads(), 3);
    let hanging = Script::new(Duration::from_secs(60));
    let start = tokio::time::Instant::now();
    controls(&hanging).read_first().await;
    assert!(start.elapsed() <= FIRST_READ_WITHIN && hanging.reads() > 1, "{:?}", start.elapsed());
    let well = Script::default();
    well.says(Ok(Some(OFF)));
    let controls = controls(&well);
    controls.read_first().await;
    assert!(is_off(&controls).await);
    assert_eq!(well.reads(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_read_that_hangs_holds_a_message_up_for_half_a_second() {
    let script = Script::new(Duration::from_secs(60));
    script.says(Ok(Some(OFF)));
    let controls = controls(&script);
    let start = tokio::time::Instant::now();
    assert!(controls.current().await.is_err() && controls.current().await.is_err());
    assert_eq!((start.elapsed(), script.reads()), (READ_WITHIN, 1));
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_was_abandoned_over_the_first_read_does_not_hold_up_the_others() {
    let script = Script::new(Duration::from_millis(400));
    script.says(Ok(Some(OFF)));
    let controls = controls(&script);
    tokio::time::timeout(Duration::from_millis(100), controls.current()).await.unwrap_err();
    assert!(controls.current().await.is_err());
    assert_eq!(script.reads(), 1, "not more than once in a period");
    tokio::time::advance(UNREAD_REFRESH).await;
    assert!(is_off(&controls).await);
}

#[tokio::test(start_paused = true)]
async fn entries_of_a_newer_version_are_held_and_told() {
    let script = Script::default();
    script.says(Ok(Some(r#"{"off":[{"lane":"bulk","hours":"9-17"}]}"#)));
    let controls = controls(&script);
    assert!(is_off(&controls).await);
    assert!(state(&controls).contains("off[0].hours is unknown"), "{}", state(&controls));
}

#[tokio::test]
async fn fixed_controls_stay() {
    let fixed = Controls::fixed(weir_core::controls::Controls::parse(OFF).unwrap());
    assert!(is_off(&fixed).await);
}
