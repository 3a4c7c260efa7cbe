//! Whether the caller may create what the template has.

use aws_sdk_iam::Client;
use weir_aws::reason;

use super::{
    super::{
        model::{Area, Finding, Severity},
        permissions::{Decision, simulate},
        target::Account,
    },
    BeforeFinding, finding,
};
use crate::StackLocation;

/// What `sam deploy` and CloudFormation do for the caller, one action a kind of resource.
const ACTIONS: [&str; 22] = [
    "apigateway:POST",
    "cloudformation:CreateChangeSet",
    "cloudformation:ExecuteChangeSet",
    "cloudwatch:PutDashboard",
    "cloudwatch:PutMetricAlarm",
    "dynamodb:CreateTable",
    "events:CreateEventBus",
    "events:PutRule",
    "iam:AttachRolePolicy",
    "iam:CreatePolicy",
    "iam:CreateRole",
    "iam:PassRole",
    "iam:PutRolePolicy",
    "lambda:CreateEventSourceMapping",
    "lambda:CreateFunction",
    "logs:CreateLogGroup",
    "s3:CreateBucket",
    "s3:PutBucketPolicy",
    "secretsmanager:CreateSecret",
    "sns:CreateTopic",
    "sqs:CreateQueue",
    "sqs:SetQueueAttributes",
];

/// Who asks, in the form in which IAM simulates.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Principal {
    /// The ARN of a user.
    User(String),
    /// The name of a role.
    Role(String),
    /// The account itself, which may do anything.
    Root,
    /// What IAM can't simulate.
    Other,
}

/// Simulates each action on every resource.
pub(super) async fn check(location: &StackLocation, account: &Account) -> Vec<Finding> {
    let client = Client::new(&location.config);
    let not_checked = |reason: String| vec![Finding::not_checked(Area::Rights, &account.caller, reason)];
    let principal = match principal(&account.caller) {
        Principal::Root => return Vec::new(),
        Principal::Other => return not_checked("IAM simulates users and roles only".to_owned()),
        Principal::User(arn) => arn,
        // Its session does not say which path the role has.
        Principal::Role(name) => match client.get_role().role_name(&name).send().await {
            Ok(read) => read.role().map(|role| role.arn().to_owned()).unwrap_or_default(),
            Err(error) => return not_checked(reason(&error)),
        },
    };
    let decisions = match simulate(&client, &principal, &ACTIONS, "*").await {
        Ok(decisions) => decisions,
        Err(reason) => return not_checked(reason),
    };
    let of = |wanted: Decision, severity: Severity| {
        let actions: Vec<String> =
            decisions.iter().filter(|(_, decision)| *decision == wanted).map(|(action, _)| action.clone()).collect();
        let is_explicit = wanted == Decision::Denied;
        let kind = BeforeFinding::MayNot { caller: account.caller.clone(), actions, is_explicit };
        let is_empty = matches!(&kind, BeforeFinding::MayNot { actions, .. } if actions.is_empty());
        (!is_empty).then(|| finding(severity, Area::Rights, "caller", kind))
    };
    // One that is allowed on some resources only may be enough.
    let found = [of(Decision::Denied, Severity::Must), of(Decision::NotAllowed, Severity::Should)];
    found.into_iter().flatten().collect()
}

fn principal(arn: &str) -> Principal {
    let mut parts = arn.splitn(6, ':').skip(2);
    let (service, what) = (parts.next().unwrap_or_default(), parts.nth(2).unwrap_or_default());
    match (service, what.split('/').collect::<Vec<_>>().as_slice()) {
        (_, ["root"]) => Principal::Root,
        ("iam", ["user", ..]) => Principal::User(arn.to_owned()),
        ("sts", ["assumed-role", role, ..]) => Principal::Role((*role).to_owned()),
        _ => Principal::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::replay::{Answer, Replay};
    use super::*;
    use crate::check::FindingKind;

    #[test]
    fn role_of_a_session_and_user_are_simulated_and_the_account_is_not() {
        for (arn, expected) in [
            ("arn:aws:iam::123456789012:root", Principal::Root),
            ("arn:aws:sts::123456789012:federated-user/me", Principal::Other),
            ("arn:aws:sts::123456789012:assumed-role/deployer/me@x", Principal::Role("deployer".into())),
            ("arn:aws:iam::123456789012:user/ops/me", Principal::User("arn:aws:iam::123456789012:user/ops/me".into())),
            ("", Principal::Other),
        ] {
            assert_eq!(principal(arn), expected, "{arn}");
        }
    }

    fn location(replay: &Replay) -> StackLocation {
        StackLocation { name: "weir".into(), config: replay.config(), is_emulated: false, shopify: None }
    }

    fn account(caller: &str) -> Account {
        Account { partition: "aws".into(), id: "1".into(), region: "eu-central-1".into(), caller: caller.into() }
    }

    #[tokio::test]
    async fn action_that_a_policy_denies_must_be_allowed_first() {
        let replay = Replay::new(|request| {
            if request.form().contains("Action=GetRole") {
                return Answer::xml(
                    "<GetRoleResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><GetRoleResult><Role>\
                     <Path>/sso/</Path><RoleName>deployer</RoleName><RoleId>R</RoleId>\
                     <Arn>arn:aws:iam::1:role/sso/deployer</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate>\
                     </Role></GetRoleResult></GetRoleResponse>",
                );
            }
            assert!(request.form().contains("role%2Fsso%2Fdeployer"), "{}", request.form());
            let of = |action: &str, decision: &str| {
                format!(
                    "<member><EvalActionName>{action}</EvalActionName><EvalResourceName>*</EvalResourceName>\
                     <EvalDecision>{decision}</EvalDecision></member>"
                )
            };
            let results = [
                of("iam:CreateRole", "explicitDeny"),
                of("sqs:CreateQueue", "implicitDeny"),
                of("sns:CreateTopic", "allowed"),
            ];
            Answer::xml(format!(
                "<SimulatePrincipalPolicyResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">\
                 <SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated><EvaluationResults>{}\
                 </EvaluationResults></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>",
                results.concat()
            ))
        });
        let found = check(&location(&replay), &account("arn:aws:sts::1:assumed-role/deployer/me")).await;
        let seen: Vec<_> = found
            .iter()
            .map(|one| match &one.kind {
                FindingKind::Before(BeforeFinding::MayNot { actions, is_explicit, .. }) => {
                    (one.severity, actions.join(" "), *is_explicit)
                }
                other => panic!("{other:?}"),
            })
            .collect();
        let expected =
            [(Severity::Must, "iam:CreateRole".into(), true), (Severity::Should, "sqs:CreateQueue".into(), false)];
        assert_eq!(seen, expected);
    }

    #[tokio::test]
    async fn caller_whose_role_can_not_be_read_is_a_remark() {
        let replay = Replay::new(|_| Answer::xml_error(403, "AccessDenied"));
        let found = check(&location(&replay), &account("arn:aws:sts::1:assumed-role/deployer/me")).await;
        assert_eq!((found.len(), found[0].severity, found[0].kind.id()), (1, Severity::Note, "not-checked"));
        assert_eq!(check(&location(&replay), &account("arn:aws:iam::1:root")).await, []);
    }
}
