use super::super::{
    replay::{Answer, Replay},
    target::Account,
};
use super::*;
use crate::{Stack, StackLocation};

fn alarm(state: StateValue, has_actions: bool) -> Alarm {
    Alarm { state, reason: "1 datapoint was greater than the threshold".into(), has_actions }
}

#[test]
fn alarm_that_is_on_must_be_acted_on_and_others_are_remarks() {
    let names = ["weir-a", "weir-b", "weir-c", "weir-d", "weir-e"];
    let alarms = BTreeMap::from([
        ("weir-a".to_owned(), alarm(StateValue::Ok, true)),
        ("weir-b".to_owned(), alarm(StateValue::Alarm, true)),
        ("weir-c".to_owned(), alarm(StateValue::InsufficientData, true)),
        ("weir-d".to_owned(), alarm(StateValue::Ok, false)),
    ]);
    let found: Vec<_> = judged(&names, &alarms).into_iter().map(|one| (one.severity, one.subject, one.kind)).collect();
    let on = AlarmFinding::On { reason: "1 datapoint was greater than the threshold".into() };
    let expected = [
        (Severity::Must, "weir-b", on),
        (Severity::Should, "weir-d", AlarmFinding::ActionsOff),
        (Severity::Should, "weir-e", AlarmFinding::Gone),
        (Severity::Note, "alarms", AlarmFinding::NoData { names: vec!["weir-c".into()] }),
    ];
    assert_eq!(found, expected.map(|(severity, name, kind)| (severity, name.to_owned(), FindingKind::Alarm(kind))));
}

/// What SNS answers, as its API reference has it, for a topic of so many subscribers.
async fn told_by(parameters: &[(&str, &str)], confirmed: u32, pending: u32) -> (Vec<AlarmFinding>, String) {
    let replay = Replay::new(move |_| {
        let entry = |name: &str, value: u32| format!("<entry><key>{name}</key><value>{value}</value></entry>");
        Answer::xml(format!(
            "<GetTopicAttributesResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><GetTopicAttributesResult>\
             <Attributes>{}{}</Attributes></GetTopicAttributesResult></GetTopicAttributesResponse>",
            entry("SubscriptionsConfirmed", confirmed),
            entry("SubscriptionsPending", pending),
        ))
    });
    let location = StackLocation { name: "weir".into(), config: replay.config(), is_emulated: false, shopify: None };
    let outputs = BTreeMap::from([("AlarmsTopicArn".to_owned(), "arn:own".to_owned())]);
    let stack = Stack::known(location, outputs).with_parameters(parameters);
    let account = Account { partition: "aws".into(), id: "1".into(), region: "r".into(), caller: "me".into() };
    let found = told(&CheckTarget::known(stack, account, BTreeMap::new())).await;
    let kinds = found.into_iter().map(|finding| match finding.kind {
        FindingKind::Alarm(kind) => kind,
        other => panic!("{other:?}"),
    });
    let asked = replay.requests().first().map(|request| request.form().to_owned()).unwrap_or_default();
    (kinds.collect(), asked)
}

#[tokio::test]
async fn page_without_a_listener_is_found() {
    let slack = [("SlackWebhookSecretArn", "arn:aws:secretsmanager:x")];
    let pager = [("AlarmTopicArn", "arn:pager"), slack[0]];
    let nobody = |pending| vec![AlarmFinding::NobodyIsTold { topic: "arn:own".into(), pending }];
    assert_eq!(told_by(&[], 0, 0).await.0, nobody(0));
    // A mail that nobody confirmed.
    assert_eq!(told_by(&[], 0, 1).await.0, nobody(1));
    assert_eq!(told_by(&[], 1, 0).await.0, []);
    assert_eq!(told_by(&slack, 1, 0).await.0, [AlarmFinding::SlackAlone]);
    assert_eq!(told_by(&slack, 2, 0).await.0, []);
    let (found, asked) = told_by(&pager, 0, 0).await;
    assert_eq!(found, [AlarmFinding::EmptyTopic { topic: "arn:pager".into(), pending: 0 }]);
    assert!(asked.contains("TopicArn=arn%3Apager"), "{asked}");
    assert_eq!(told_by(&pager, 1, 0).await.0, []);
}

/// CBOR as CloudWatch sends it.
mod cbor {
    fn head(major: u8, length: usize) -> Vec<u8> {
        let major = major << 5;
        match u8::try_from(length).unwrap() {
            length @ 0..24 => vec![major | length],
            length => vec![major | 24, length],
        }
    }

    pub(super) fn text(text: &str) -> Vec<u8> {
        [head(3, text.len()), text.as_bytes().to_vec()].concat()
    }

    pub(super) fn flag(is: bool) -> Vec<u8> {
        vec![if is { 0xf5 } else { 0xf4 }]
    }

    pub(super) fn list(items: &[Vec<u8>]) -> Vec<u8> {
        [head(4, items.len()), items.concat()].concat()
    }

    pub(super) fn map(fields: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let inner: Vec<Vec<u8>> = fields.iter().map(|(name, value)| [text(name), value.clone()].concat()).collect();
        [head(5, fields.len()), inner.concat()].concat()
    }
}

#[tokio::test]
async fn alarms_of_both_kinds_are_read() {
    let replay = Replay::new(|request| {
        assert!(request.path().contains("DescribeAlarms"), "{}", request.path());
        let alarm = |name: &str, state: &str, has_actions: bool| {
            cbor::map(&[
                ("AlarmName", cbor::text(name)),
                ("StateValue", cbor::text(state)),
                ("StateReason", cbor::text("1 > 0")),
                ("ActionsEnabled", cbor::flag(has_actions)),
            ])
        };
        Answer::cbor(cbor::map(&[
            ("MetricAlarms", cbor::list(&[alarm("weir-urgent-dlq", "ALARM", true), alarm("weir-x", "OK", false)])),
            ("CompositeAlarms", cbor::list(&[alarm("weir-page-me", "ALARM", true)])),
        ]))
    });
    let alarms = read(&replay.config(), &["weir-urgent-dlq", "weir-x", "weir-page-me"]).await.unwrap();
    assert_eq!(alarms.len(), 3, "{alarms:?}");
    assert_eq!(alarms["weir-page-me"], Alarm { state: StateValue::Alarm, reason: "1 > 0".into(), has_actions: true });
    assert!(!alarms["weir-x"].has_actions);
}
