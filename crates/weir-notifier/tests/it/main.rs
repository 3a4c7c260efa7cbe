//! The notifier between a queue's batch and a Slack on this machine.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use aws_lambda_events::sqs::SqsEvent;
use resilience::{Backoff, MemoryState, SharedState, shared};
use serde_json::json;
use tokio::time::Instant;
use tracing_subscriber::fmt::MakeWriter;
use weir_core::UnixMillis;
use weir_notifier::{
    NotTold, Notifier,
    slack::{PostError, Slack, WebhookUrl},
};
use weir_testkit::slack::{Answer, FakeSlack, HUSH};

const NOON: UnixMillis = UnixMillis(1_795_694_400_000);

/// Enough for the test's four attempts; a wait of Slack's minute does not fit.
const INVOCATION: Duration = Duration::from_secs(27);

fn notifier(state: Arc<dyn SharedState>) -> Notifier {
    let backoff = Backoff { base: Duration::from_millis(1), cap: Duration::from_millis(1) };
    Notifier { stack: "weir".into(), runbook_url: None, state, slack: Slack::new(backoff).unwrap() }
}

/// A notification of one of the stack's alarms, so many seconds after noon.
fn notification(name: &str, state: &str, second: u64) -> String {
    let before = if state == "OK" { "ALARM" } else { "OK" };
    change(name, before, state, second)
}

fn change(name: &str, before: &str, state: &str, second: u64) -> String {
    json!({
        "AlarmName": name, "NewStateValue": state, "NewStateReason": "[2.0 (x)]", "OldStateValue": before,
        "AlarmDescription": "What it means. First: weir status --stack weir Runbook: docs/operations/runbook.md#flood",
        "StateChangeTime": format!("2026-11-26T12:{:02}:{:02}.000+0000", second / 60, second % 60),
        "AlarmArn": format!("arn:aws:cloudwatch:eu-west-1:1:alarm:{name}"),
        "Trigger": {"MetricName": "M", "ComparisonOperator": "GreaterThanThreshold", "Threshold": 1.0},
    })
    .to_string()
}

fn batch(bodies: &[String]) -> SqsEvent {
    let records: Vec<_> = bodies.iter().map(|body| json!({ "body": body })).collect();
    serde_json::from_value(json!({ "Records": records })).unwrap()
}

async fn tell(notifier: &Notifier, slack: &FakeSlack, bodies: &[String]) -> Result<(), NotTold> {
    let _unheard = weir_telemetry::logs::unheard();
    let url = WebhookUrl::read(&slack.url().into()).unwrap();
    notifier.handle(&batch(bodies), &url, NOON, Instant::now() + INVOCATION).await
}

#[tokio::test]
async fn the_alarms_of_a_batch_are_one_message() {
    let slack = FakeSlack::start(&[]).await;
    let notifier = notifier(Arc::new(MemoryState::default()));
    let names: Vec<_> = (0..20).map(|n| format!("weir-{n:02}")).collect();
    let bodies: Vec<_> = names.iter().map(|name| notification(name, "ALARM", 0)).collect();
    tell(&notifier, &slack, &bodies).await.unwrap();
    let texts = slack.texts();
    let [text] = &texts[..] else { panic!("one message, not {texts:?}") };
    assert!(names.iter().all(|name| text.contains(name.as_str())), "{text}");
    assert!(text.contains("20 alarms") && text.contains("First: `weir status --stack weir`"), "{text}");
}

/// CloudWatch takes each new alarm from INSUFFICIENT_DATA to OK, and publishes it.
#[tokio::test]
async fn alarms_of_a_new_stack_begin_in_silence() {
    let slack = FakeSlack::start(&[]).await;
    let state = Arc::new(MemoryState::default());
    let bodies: Vec<_> = (0..30).map(|n| change(&format!("weir-{n:02}"), "INSUFFICIENT_DATA", "OK", n)).collect();
    tell(&notifier(state.clone()), &slack, &bodies).await.unwrap();
    assert_eq!(slack.texts(), Vec::<String>::new());
    tell(&notifier(state), &slack, &[notification("weir-07", "ALARM", 60)]).await.unwrap();
    assert_eq!(slack.texts().len(), 1);
}

#[tokio::test]
async fn reported_alarm_is_not_repeated_by_another_invocation() {
    let slack = FakeSlack::start(&[]).await;
    let state = Arc::new(MemoryState::default());
    let bodies = [notification("weir-a", "ALARM", 0)];
    tell(&notifier(state.clone()), &slack, &bodies).await.unwrap();
    tell(&notifier(state.clone()), &slack, &bodies).await.unwrap();
    assert_eq!(slack.texts().len(), 1);
    tell(&notifier(state), &slack, &[notification("weir-b", "ALARM", 9)]).await.unwrap();
    assert!(slack.texts()[1].ends_with("Still in alarm: weir-a"), "{:?}", slack.texts());
}

#[tokio::test]
async fn alarm_that_changes_twice_in_a_batch_is_reported_once_with_its_last_state() {
    let slack = FakeSlack::start(&[]).await;
    let bodies = [notification("weir-a", "OK", 30), notification("weir-a", "ALARM", 0)];
    tell(&notifier(Arc::new(MemoryState::default())), &slack, &bodies).await.unwrap();
    assert!(slack.texts()[0].contains("*weir-a*  OK since 2026-11-26 12:00:30 UTC"), "{:?}", slack.texts());
}

#[tokio::test]
async fn slack_that_fails_or_hangs_up_is_asked_again() {
    for answer in [Answer::Status(500), Answer::Status(503), Answer::Cut, Answer::Later(0)] {
        let slack = FakeSlack::start(&[answer, answer]).await;
        tell(&notifier(Arc::new(MemoryState::default())), &slack, &[notification("weir-a", "ALARM", 0)]).await.unwrap();
        let texts = slack.texts();
        assert_eq!(texts.len(), 3, "{answer:?}");
        assert!(texts.iter().all(|text| *text == texts[0]), "{answer:?}");
    }
}

#[tokio::test]
async fn slack_is_given_the_time_that_it_asks_for() {
    let slack = FakeSlack::start(&[Answer::Later(1)]).await;
    let start = Instant::now();
    tell(&notifier(Arc::new(MemoryState::default())), &slack, &[notification("weir-a", "ALARM", 0)]).await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(1) && slack.texts().len() == 2, "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_message_that_slack_does_not_take_fails_the_invocation_and_counts_as_untold() {
    let (long, short) = (Duration::from_secs(60), PostError::Down("HTTP 500".into()));
    for (answer, attempts, expected) in [
        (Answer::Status(500), 4, short),
        (Answer::Later(60), 1, PostError::Throttled(long)),
        (Answer::Status(400), 1, PostError::Refused(400)),
        (Answer::Status(404), 1, PostError::Refused(404)),
        (Answer::Status(302), 4, PostError::Down("HTTP 302".into())),
    ] {
        let slack = FakeSlack::start(&[answer; 4]).await;
        let state = Arc::new(MemoryState::default());
        let error = tell(&notifier(state.clone()), &slack, &[notification("weir-a", "ALARM", 0)]).await.unwrap_err();
        let NotTold::Slack(error) = error else { panic!("{error}") };
        assert_eq!((error, slack.texts().len()), (expected, attempts), "{answer:?}");
        assert_eq!(state.writes(), 0, "{answer:?}");
    }
}

/// A table that can't be reached.
struct NoState;

impl SharedState for NoState {
    fn read<'a>(
        &'a self,
        key: &'a str,
    ) -> futures_util::future::BoxFuture<'a, Result<Option<shared::Versioned>, shared::SharedStateError>> {
        Box::pin(async move { Err(unreachable(key)) })
    }

    fn swap<'a>(
        &'a self,
        key: &'a str,
        _: Option<u64>,
        _: &'a str,
        _: Duration,
    ) -> futures_util::future::BoxFuture<'a, Result<shared::Swap, shared::SharedStateError>> {
        Box::pin(async move { Err(unreachable(key)) })
    }
}

fn unreachable(key: &str) -> shared::SharedStateError {
    shared::SharedStateError { key: key.to_owned(), action: "read", source: "no table".into() }
}

#[tokio::test]
async fn an_alarm_is_told_although_it_can_not_be_remembered() {
    let slack = FakeSlack::start(&[]).await;
    tell(&notifier(Arc::new(NoState)), &slack, &[notification("weir-a", "ALARM", 0)]).await.unwrap();
    assert_eq!(slack.texts().len(), 1);
}

/// What is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;
    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn neither_the_address_nor_what_a_stranger_publishes_gets_out() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().json().with_max_level(tracing::Level::TRACE).with_writer(log.clone());
    let _guard = tracing::subscriber::set_default(subscriber.finish());
    let bodies = [
        "jane@example.com ordered".to_owned(),
        notification("jane@example.com", "ALARM", 0).replace("What it means", "jane@example.com"),
        notification("weir-a", "ALARM", 0),
    ];
    let mut out = String::new();
    for answer in [Answer::Status(200), Answer::Status(404), Answer::Cut] {
        let slack = FakeSlack::start(&[answer; 4]).await;
        let ended = tell(&notifier(Arc::new(NoState)), &slack, &bodies).await;
        out += &format!("{ended:?} {:?} {:?}", ended.as_ref().err().map(ToString::to_string), slack.texts());
    }
    out += &String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(out.contains("Sent alarms to Slack") && out.contains("told of no alarm"), "{out}");
    for secret in [HUSH, "jane@example.com"] {
        assert!(!out.contains(secret), "{secret} is in {out}");
    }
}
