//! One call of IAM's `SimulatePrincipalPolicy`.

use aws_sdk_iam::{Client, types::PolicyEvaluationDecisionType};
use weir_aws::reason;

/// What IAM decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::check) enum Decision {
    Allowed,
    /// A policy denies it.
    Denied,
    /// No policy allows it.
    NotAllowed,
}

/// The decision for each action on a resource, or why IAM was not asked.
pub(in crate::check) async fn simulate(
    client: &Client,
    principal: &str,
    actions: &[&str],
    resource: &str,
) -> Result<Vec<(String, Decision)>, String> {
    let request = client.simulate_principal_policy().policy_source_arn(principal).resource_arns(resource);
    let request = actions.iter().fold(request, |request, action| request.action_names(*action));
    let mut pages = request.into_paginator().items().send();
    let mut decisions = Vec::new();
    while let Some(result) = pages.next().await {
        let result = result.map_err(|error| reason(&error))?;
        let decision = match result.eval_decision() {
            PolicyEvaluationDecisionType::Allowed => Decision::Allowed,
            PolicyEvaluationDecisionType::ExplicitDeny => Decision::Denied,
            _ => Decision::NotAllowed,
        };
        decisions.push((result.eval_action_name().to_owned(), decision));
    }
    Ok(decisions)
}
