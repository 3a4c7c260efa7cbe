//! The stack that is checked: its resources, and the account that it is in.

use std::collections::BTreeMap;

use aws_sdk_cloudformation::{
    Client, error::SdkError, operation::list_stack_resources::ListStackResourcesError, types::StackResourceSummary,
};
use weir_aws::SdkConfig;

use crate::{
    Stack,
    caller::{self, CallerError},
};

/// A stack, with what CloudFormation made for it.
#[derive(Debug, Clone)]
pub struct CheckTarget {
    /// The stack, with its outputs and parameters.
    pub stack: Stack,
    /// Where it is.
    pub(super) account: Account,
    /// By the template's name for each.
    resources: BTreeMap<String, Resource>,
}

/// The target can't be looked at.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// CloudFormation does not list the stack's resources.
    #[error("could not list what stack {stack} consists of")]
    Resources {
        /// Its name.
        stack: String,
        /// What CloudFormation said.
        source: Box<SdkError<ListStackResourcesError>>,
    },
    /// STS does not say whose the account is.
    #[error(transparent)]
    Caller(Box<CallerError>),
}

impl TargetError {
    /// What AWS said.
    #[must_use]
    pub fn aws_reason(&self) -> String {
        match self {
            Self::Resources { source, .. } => weir_aws::reason(source),
            Self::Caller(error) => error.aws_reason(),
        }
    }
}

/// Where a stack is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    /// `aws`
    pub(super) partition: String,
    /// Twelve digits.
    pub(super) id: String,
    /// The region.
    pub(super) region: String,
    /// The ARN of who asks.
    pub(super) caller: String,
}

/// Something that CloudFormation made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Resource {
    /// `AWS::SQS::Queue`
    pub(super) kind: String,
    /// What `!Ref` gives.
    pub(super) id: String,
}

impl CheckTarget {
    /// Asks CloudFormation for the resources, and STS for the account.
    ///
    /// # Errors
    /// If one of them does not answer.
    pub async fn of(stack: Stack) -> Result<Self, TargetError> {
        let account = Account::of(&stack.config).await.map_err(|error| TargetError::Caller(error.into()))?;
        let resources = resources(&stack).await?;
        Ok(Self { stack, account, resources })
    }

    #[cfg(test)]
    pub(super) fn known(stack: Stack, account: Account, resources: BTreeMap<String, Resource>) -> Self {
        Self { stack, account, resources }
    }

    /// By the template's name for it; `None` where the stack's parameters leave it out.
    pub(super) fn resource(&self, logical: &str) -> Option<&Resource> {
        self.resources.get(logical)
    }

    /// Those of a type, by the template's names.
    pub(super) fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let is_of_kind = move |(_, resource): &(&String, &Resource)| resource.kind == kind;
        self.resources.iter().filter(is_of_kind).map(|(name, resource)| (name.as_str(), resource.id.as_str()))
    }
}

impl Account {
    /// The account of these credentials.
    pub(super) async fn of(config: &SdkConfig) -> Result<Self, CallerError> {
        let caller = caller::identity_of(config).await?;
        let region = config.region().map_or_else(String::new, ToString::to_string);
        Ok(Self::read(caller, region))
    }

    /// Of `arn:aws:sts::123456789012:assumed-role/deployer/me`.
    fn read(caller: String, region: String) -> Self {
        let part = |number: usize| caller.split(':').nth(number).unwrap_or_default().to_owned();
        Self { partition: part(1), id: part(4), region, caller }
    }

    /// The ARN of something in this account and region.
    pub(super) fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:{}:{service}:{}:{}:{resource}", self.partition, self.region, self.id)
    }
}

async fn resources(stack: &Stack) -> Result<BTreeMap<String, Resource>, TargetError> {
    let failed = |source| TargetError::Resources { stack: stack.name.clone(), source: Box::new(source) };
    let request = Client::new(&stack.config).list_stack_resources().stack_name(&stack.name);
    let mut pages = request.into_paginator().items().send();
    let mut found = BTreeMap::new();
    while let Some(summary) = pages.next().await {
        found.extend(read(&summary.map_err(failed)?));
    }
    Ok(found)
}

fn read(summary: &StackResourceSummary) -> Option<(String, Resource)> {
    let resource =
        Resource { kind: summary.resource_type()?.to_owned(), id: summary.physical_resource_id()?.to_owned() };
    Some((summary.logical_resource_id()?.to_owned(), resource))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_is_that_of_the_callers_arn() {
        let arn = "arn:aws-cn:sts::123456789012:assumed-role/deployer/me".to_owned();
        let account = Account::read(arn, "cn-north-1".into());
        assert_eq!(account.arn("sqs", "weir-urgent"), "arn:aws-cn:sqs:cn-north-1:123456789012:weir-urgent");
    }
}
