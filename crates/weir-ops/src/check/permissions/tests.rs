use std::collections::BTreeMap;

use super::super::{
    replay::{Answer, Replay},
    target::{Account, Resource},
};
use super::*;
use crate::{Stack, StackLocation};

/// A stack of one lane, its ledger and its bus.
fn target(replay: &Replay) -> CheckTarget {
    let location = StackLocation { name: "weir".into(), config: replay.config(), is_emulated: false, shopify: None };
    let account = Account {
        partition: "aws".into(),
        id: "123456789012".into(),
        region: "eu-central-1".into(),
        caller: "me".into(),
    };
    let resources = [
        ("UrgentWorkerRole", "AWS::IAM::Role", "weir-UrgentWorkerRole-1"),
        ("UrgentWorkerLogs", "AWS::Logs::LogGroup", "/aws/lambda/weir/worker-urgent"),
        ("UrgentQueue", "AWS::SQS::Queue", "https://sqs.eu-central-1.amazonaws.com/123456789012/weir-urgent"),
        ("Ledger", "AWS::DynamoDB::Table", "weir-Ledger-1"),
        ("Bus", "AWS::Events::EventBus", "weir"),
    ];
    let resource =
        |(name, kind, id): (&str, &str, &str)| (name.to_owned(), Resource { kind: kind.into(), id: id.into() });
    CheckTarget::known(Stack::known(location, BTreeMap::new()), account, resources.map(resource).into())
}

/// IAM as its API reference has it: `decide` says what of each action.
fn iam(decide: impl Fn(&str) -> &'static str + Send + Sync + 'static) -> Replay {
    Replay::new(move |request| {
        let members = request.form().split('&').filter(|field| field.starts_with("ActionNames.member."));
        let actions = members.filter_map(|field| field.split_once('=')).map(|(_, value)| value.replace("%3A", ":"));
        let results: String = actions
            .map(|action| {
                format!(
                    "<member><MatchedStatements/><MissingContextValues/><EvalResourceName>*</EvalResourceName>\
                     <EvalDecision>{}</EvalDecision><EvalActionName>{action}</EvalActionName></member>",
                    decide(&action)
                )
            })
            .collect();
        Answer::xml(format!(
            "<SimulatePrincipalPolicyResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">\
             <SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated><EvaluationResults>{results}\
             </EvaluationResults></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>"
        ))
    })
}

#[tokio::test]
async fn role_that_allows_everything_yields_nothing() {
    let replay = iam(|_| "allowed");
    assert_eq!(check(&target(&replay)).await, []);
    let forms: Vec<String> =
        replay.requests().iter().map(|request| request.form().replace("%3A", ":").replace("%2F", "/")).collect();
    // The queue twice, the ledger, the bus, the controls, the log.
    assert_eq!(forms.len(), 6, "{forms:#?}");
    for form in &forms {
        assert!(form.contains("PolicySourceArn=arn:aws:iam::123456789012:role/weir-UrgentWorkerRole-1"), "{form}");
    }
    let asked = |arn: &str, action: &str| forms.iter().any(|form| form.contains(arn) && form.contains(action));
    assert!(asked("arn:aws:events:eu-central-1:123456789012:event-bus/weir", "events:PutEvents"), "{forms:#?}");
    assert!(asked("arn:aws:sqs:eu-central-1:123456789012:weir-urgent", "sqs:ReceiveMessage"), "{forms:#?}");
    assert!(asked("arn:aws:dynamodb:eu-central-1:123456789012:table/weir-Ledger-1", "dynamodb:UpdateItem"));
}

#[tokio::test]
async fn worker_without_a_permission_is_found_with_the_action_and_the_resource() {
    let replay = iam(|action| match action {
        "events:PutEvents" => "implicitDeny",
        "sqs:DeleteMessage" => "explicitDeny",
        _ => "allowed",
    });
    let found = check(&target(&replay)).await;
    let denied = |action: &str, resource: &str, is_explicit| Finding {
        severity: Severity::Must,
        area: Area::Permissions,
        subject: "role UrgentWorkerRole".into(),
        kind: FindingKind::Permission(PermissionFinding::Denied {
            actions: vec![action.into()],
            resource: resource.into(),
            is_explicit,
        }),
    };
    let expected = [
        denied("sqs:DeleteMessage", "arn:aws:sqs:eu-central-1:123456789012:weir-urgent", true),
        denied("events:PutEvents", "arn:aws:events:eu-central-1:123456789012:event-bus/weir", false),
    ];
    assert_eq!(found, expected);
}

#[tokio::test]
async fn caller_who_may_not_simulate_is_told_so_once() {
    let replay = Replay::new(|_| Answer::xml_error(403, "AccessDenied"));
    let found = check(&target(&replay)).await;
    assert_eq!(found.len(), 1, "{found:?}");
    let FindingKind::NotChecked { reason } = &found[0].kind else { panic!("{found:?}") };
    assert!(reason.contains("AccessDenied") && found[0].severity == Severity::Note, "{found:?}");
}
