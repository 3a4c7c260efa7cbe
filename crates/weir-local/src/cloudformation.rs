//! The calls to CloudFormation, and waiting for what they started.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_cloudformation::types::{Capability, Parameter, ResourceStatus, Stack, StackStatus};
use tokio::time::{Instant, sleep};

use crate::stack::FailedResource;

/// A stack of the emulator is complete in seconds. One that is not by then never will be.
const COMPLETE_WITHIN: Duration = Duration::from_secs(300);

/// A call to the emulator failed.
#[derive(Debug)]
pub struct AwsError {
    doing: String,
    said: String,
    source: Box<dyn Error + Send + Sync>,
}

impl fmt::Display for AwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "could not {}: {}", self.doing, self.said)
    }
}

impl Error for AwsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

/// Says what was being done, and what the service said to it where it said something.
pub(crate) fn aws_error<E, R>(doing: String) -> impl FnOnce(SdkError<E, R>) -> AwsError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    R: fmt::Debug + Send + Sync + 'static,
{
    move |source| {
        let said = match source.as_service_error().and_then(ProvideErrorMetadata::message) {
            Some(message) => message.to_owned(),
            None => DisplayErrorContext(&source).to_string(),
        };
        AwsError { doing, said, source: Box::new(source) }
    }
}

pub(crate) async fn create(
    client: &Client,
    name: &str,
    template_url: String,
    parameters: BTreeMap<String, String>,
) -> Result<String, AwsError> {
    let created = client
        .create_stack()
        .stack_name(name)
        .template_url(template_url)
        .set_parameters(Some(listed(parameters)))
        .capabilities(Capability::CapabilityIam)
        .capabilities(Capability::CapabilityAutoExpand)
        .send()
        .await
        .map_err(aws_error(format!("create stack {name}")))?;
    Ok(created.stack_id.unwrap_or_else(|| name.to_owned()))
}

pub(crate) async fn update(
    client: &Client,
    stack: &str,
    template_url: String,
    parameters: BTreeMap<String, String>,
) -> Result<(), AwsError> {
    let updated = client
        .update_stack()
        .stack_name(stack)
        .template_url(template_url)
        .set_parameters(Some(listed(parameters)))
        .capabilities(Capability::CapabilityIam)
        .capabilities(Capability::CapabilityAutoExpand);
    updated.send().await.map(drop).map_err(aws_error(format!("update stack {stack}")))
}

fn listed(parameters: BTreeMap<String, String>) -> Vec<Parameter> {
    let parameter = |(key, value)| Parameter::builder().parameter_key(key).parameter_value(value).build();
    parameters.into_iter().map(parameter).collect()
}

/// What became of an operation on a stack.
#[derive(Debug)]
pub(crate) enum Ending {
    /// It has ended, in this state.
    Ended(Box<Stack>),
    /// It had its time, and is in this state still.
    StillBusy(StackStatus),
}

/// Waits until nothing is in progress on the stack any more.
pub(crate) async fn wait(client: &Client, stack: &str) -> Result<Ending, AwsError> {
    let deadline = Instant::now() + COMPLETE_WITHIN;
    let mut pause = Duration::from_millis(50);
    loop {
        let described = client
            .describe_stacks()
            .stack_name(stack)
            .send()
            .await
            .map_err(aws_error(format!("describe stack {stack}")))?;
        if let Some(stack) = described.stacks.unwrap_or_default().into_iter().next() {
            let status = stack.stack_status.clone().unwrap_or_else(|| "UNKNOWN".into());
            if !status.as_str().ends_with("_IN_PROGRESS") {
                return Ok(Ending::Ended(Box::new(stack)));
            }
            if Instant::now() > deadline {
                return Ok(Ending::StillBusy(status));
            }
        }
        sleep(pause).await;
        pause = (pause * 3 / 2).min(Duration::from_secs(1));
    }
}

pub(crate) async fn delete(client: &Client, stack: &str) -> Result<(), AwsError> {
    client.delete_stack().stack_name(stack).send().await.map(drop).map_err(aws_error(format!("delete stack {stack}")))
}

/// The resources that failed, each once, the first to fail first.
pub(crate) async fn failures(client: &Client, stack: &str) -> Result<Vec<FailedResource>, AwsError> {
    let mut pages = client.describe_stack_events().stack_name(stack).into_paginator().items().send();
    let mut failed = Vec::<FailedResource>::new();
    while let Some(event) = pages.next().await {
        let event = event.map_err(aws_error(format!("read the events of stack {stack}")))?;
        let status = event.resource_status.as_ref().map_or("", ResourceStatus::as_str);
        let (Some(id), Some(reason)) = (event.logical_resource_id, event.resource_status_reason) else { continue };
        // What was merely given up when something else failed explains nothing.
        if status.ends_with("_FAILED") && !reason.contains("cancelled") {
            failed.push(FailedResource { id, kind: event.resource_type.unwrap_or_default(), reason });
        }
    }
    // Events come newest first.
    failed.reverse();
    failed.dedup();
    Ok(failed)
}
