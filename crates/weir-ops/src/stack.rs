//! A deployed stack: how to reach it, its outputs and its parameters.

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_cloudformation::{
    Client,
    error::SdkError,
    operation::describe_stacks::DescribeStacksError,
    types::{Output, Parameter},
};
use shopify_client::Endpoint as AdminApi;
use weir_aws::{DynamoLedger, SdkConfig};
use weir_core::Lane;
use weir_load::LedgerProbe;

use crate::StackLocation;

/// A stack.
#[derive(Debug, Clone)]
pub struct Stack {
    /// Its name.
    pub name: String,
    /// Region, endpoint and credentials.
    pub config: SdkConfig,
    /// Whether it runs on an emulator, which has no metrics.
    pub is_emulated: bool,
    /// Where its shops' Admin API answers.
    pub shopify: Option<AdminApi>,
    outputs: BTreeMap<String, String>,
    parameters: BTreeMap<String, String>,
}

/// A lane's two queues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneQueues {
    /// The lane.
    pub lane: Lane,
    /// The URL of the queue that its worker reads.
    pub queue: String,
    /// The URL of its dead-letter queue.
    pub dlq: String,
}

/// A stack can't be used.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// CloudFormation does not describe it.
    #[error("could not look up stack {stack}")]
    Unknown {
        /// Its name.
        stack: String,
        /// Whether it runs on an emulator.
        is_emulated: bool,
        /// What CloudFormation said.
        source: Box<SdkError<DescribeStacksError>>,
    },
    /// It lacks an output.
    #[error("stack {stack} has no output {output}: it was not made from weir's template, or from an older one")]
    NoOutput {
        /// Its name.
        stack: String,
        /// Whether it runs on an emulator.
        is_emulated: bool,
        /// The output's name.
        output: String,
    },
}

impl StackError {
    /// What AWS said, if it was asked.
    #[must_use]
    pub fn aws_reason(&self) -> Option<String> {
        match self {
            Self::Unknown { source, .. } => Some(weir_aws::reason(source)),
            Self::NoOutput { .. } => None,
        }
    }
}

impl Stack {
    /// Asks CloudFormation for the outputs and parameters.
    ///
    /// # Errors
    /// If there is no such stack, or these credentials may not see it.
    pub async fn describe(location: StackLocation) -> Result<Self, StackError> {
        let described = Client::new(&location.config).describe_stacks().stack_name(&location.name).send().await;
        let described = described.map_err(|source| StackError::Unknown {
            stack: location.name.clone(),
            is_emulated: location.is_emulated,
            source: Box::new(source),
        })?;
        let output = |output: &Output| Some((output.output_key()?.to_owned(), output.output_value()?.to_owned()));
        let parameter = |parameter: &Parameter| {
            // With a parameter of SSM, the value is the name, and what it resolved to is beside it.
            let value = parameter.resolved_value().or(parameter.parameter_value())?;
            Some((parameter.parameter_key()?.to_owned(), value.to_owned()))
        };
        let stacks = described.stacks();
        let outputs = stacks.iter().flat_map(|stack| stack.outputs()).filter_map(output).collect();
        let parameters = stacks.iter().flat_map(|stack| stack.parameters()).filter_map(parameter).collect();
        Ok(Self { parameters, ..Self::known(location, outputs) })
    }

    /// A stack whose outputs are known, as far as they are needed.
    #[must_use]
    pub fn known(location: StackLocation, outputs: BTreeMap<String, String>) -> Self {
        let StackLocation { name, config, is_emulated, shopify } = location;
        Self { name, config, is_emulated, shopify, outputs, parameters: BTreeMap::new() }
    }

    /// The same with another value of an output.
    #[must_use]
    pub fn with_output(mut self, name: &str, value: String) -> Self {
        self.outputs.insert(name.to_owned(), value);
        self
    }

    /// The same with these parameters.
    #[cfg(test)]
    pub(crate) fn with_parameters(mut self, parameters: &[(&str, &str)]) -> Self {
        self.parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self
    }

    /// An output of the stack.
    ///
    /// # Errors
    /// If it has none of this name.
    pub fn output(&self, name: &str) -> Result<String, StackError> {
        self.outputs.get(name).cloned().ok_or_else(|| StackError::NoOutput {
            stack: self.name.clone(),
            is_emulated: self.is_emulated,
            output: name.to_owned(),
        })
    }

    /// A parameter that the stack was deployed with.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    /// Where the default app's subscriptions point; other apps' have a slash and the app's name behind it.
    ///
    /// # Errors
    /// If the stack lacks the output.
    pub fn webhook_url(&self) -> Result<String, StackError> {
        self.output("WebhookUrl")
    }

    /// Every lane's queues, the most urgent first.
    ///
    /// # Errors
    /// If the stack lacks an output.
    pub fn lanes(&self) -> Result<Vec<LaneQueues>, StackError> {
        let queues = |lane: Lane| {
            let (queue, dlq) = Self::lane_outputs(lane);
            Ok(LaneQueues { lane, queue: self.output(&queue)?, dlq: self.output(&dlq)? })
        };
        Lane::ALL.iter().copied().map(queues).collect()
    }

    /// The stack's ledger, for reading.
    ///
    /// # Errors
    /// If the stack lacks the output.
    pub fn ledger(&self) -> Result<DynamoLedger, StackError> {
        // It is only read: how long items are kept is of no use here.
        Ok(DynamoLedger::new(&self.config, self.output("LedgerTable")?, Duration::ZERO))
    }

    /// The stack's ledger and lanes, for asking what became of events.
    ///
    /// # Errors
    /// If the stack lacks an output.
    pub fn ledger_probe(&self) -> Result<LedgerProbe, StackError> {
        self.ledger_probe_of(self.lanes()?.into_iter().map(|queues| queues.queue).collect())
    }

    /// The same, with lanes at these URLs.
    ///
    /// # Errors
    /// If the stack lacks the ledger's output.
    pub fn ledger_probe_of(&self, lanes: Vec<String>) -> Result<LedgerProbe, StackError> {
        Ok(LedgerProbe::new(&self.config, self.output("LedgerTable")?, lanes))
    }

    /// The outputs that name the queues of a lane: that of its worker, and its dead-letter queue.
    #[must_use]
    pub fn lane_outputs(lane: Lane) -> (String, String) {
        let name = lane.as_str();
        let name = format!("{}{}", name[..1].to_uppercase(), &name[1..]);
        (format!("{name}QueueUrl"), format!("{name}DlqUrl"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stack(outputs: &[(&str, &str)]) -> Stack {
        let config = SdkConfig::builder().build();
        let location = StackLocation { name: "weir".into(), config, is_emulated: true, shopify: None };
        Stack::known(location, outputs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn queues_of_each_lane_are_outputs() {
        let all = ["Urgent", "Standard", "Bulk"].map(|lane| [format!("{lane}QueueUrl"), format!("{lane}DlqUrl")]);
        let outputs: Vec<(&str, &str)> = all.iter().flatten().map(|name| (name.as_str(), name.as_str())).collect();
        let lanes = stack(&outputs).lanes().unwrap();
        assert_eq!(lanes.len(), 3);
        let bulk = LaneQueues { lane: Lane::Bulk, queue: "BulkQueueUrl".into(), dlq: "BulkDlqUrl".into() };
        assert_eq!(lanes[2], bulk);
        let error = stack(&outputs[..3]).lanes().unwrap_err().to_string();
        assert!(error.contains("no output StandardDlqUrl"), "{error}");
    }

    #[test]
    fn output_can_be_replaced_by_another_form_of_it() {
        let stack = stack(&[("WebhookUrl", "https://api.example/webhooks")]);
        let local = stack.with_output("WebhookUrl", "http://127.0.0.1:4566/webhooks".into());
        assert_eq!(local.webhook_url().unwrap(), "http://127.0.0.1:4566/webhooks");
        assert_eq!(local.parameter("DepthAlarm"), None);
    }
}
