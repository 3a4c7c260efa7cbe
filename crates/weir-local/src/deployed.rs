//! Where the parts of a deployed stack are.

use std::collections::BTreeMap;

use secrecy::SecretString;

use crate::{
    dev_file::{DevFile, LaneUrls},
    sdk::REGION,
};

/// A deployed stack of weir's template.
#[derive(Debug, Clone)]
pub struct Deployed {
    /// Where every AWS API answers.
    pub endpoint: String,
    /// The region that everything is in.
    pub region: String,
    /// The stack's name.
    pub stack_name: String,
    /// Where webhooks are posted; `/APP` may follow.
    pub webhook_url: String,
    /// What webhooks are signed with.
    pub client_secret: SecretString,
    /// The DynamoDB table with one item an event.
    pub ledger_table: String,
    /// The DynamoDB table with one item a resource.
    pub fence_table: String,
    /// The DynamoDB table of shops and their tokens.
    pub shops_table: String,
    /// The secret that seals those tokens.
    pub token_key_id: String,
    /// The DynamoDB table of what processes tell each other.
    pub state_table: String,
    /// The DynamoDB table of cached objects.
    pub cache_table: String,
    /// The DynamoDB table of what operating leaves behind.
    pub operations_table: String,
    /// The SSM parameter of what is switched off and limited.
    pub controls_parameter: String,
    /// The EventBridge bus.
    pub bus_name: String,
    /// An app's client secrets are in Secrets Manager under this, a slash and the app's name.
    pub secret_prefix: String,
    /// The S3 bucket of the bodies that fit no queue.
    pub bodies_bucket: String,
    /// Every lane, by name.
    pub lanes: BTreeMap<String, LaneUrls>,
    /// The queue that receives everything on the bus.
    pub tap_queue_url: String,
}

/// The template does not say all that it should.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("stack {stack_name} lacks outputs: {}", .names.join(", "))]
pub struct MissingOutputs {
    stack_name: String,
    names: Vec<String>,
}

impl Deployed {
    pub(crate) fn read(
        endpoint: &str,
        stack_name: &str,
        client_secret: SecretString,
        outputs: &BTreeMap<String, String>,
    ) -> Result<Self, MissingOutputs> {
        let mut names = Vec::new();
        let mut output = |name: &str| {
            outputs.get(name).cloned().unwrap_or_else(|| {
                names.push(name.to_owned());
                String::new()
            })
        };
        let api_id = output("ApiId");
        // Behind a path segment, it goes on.
        let address = outputs.get("WebhookUrl").and_then(|url| url.split_once("/webhooks"));
        let segment = address.map_or("", |(_, segment)| segment);
        let deployed = Self {
            endpoint: endpoint.to_owned(),
            region: REGION.to_owned(),
            stack_name: stack_name.to_owned(),
            // The emulator's own form: it hosts no execute-api domain.
            webhook_url: format!("{endpoint}/_aws/execute-api/{api_id}/$default/webhooks{segment}"),
            client_secret,
            ledger_table: output("LedgerTable"),
            fence_table: output("FenceTable"),
            shops_table: output("ShopsTable"),
            token_key_id: output("TokenKeyId"),
            state_table: output("StateTable"),
            cache_table: output("CacheTable"),
            operations_table: output("OperationsTable"),
            controls_parameter: output("ControlsParameter"),
            bus_name: output("BusName"),
            secret_prefix: output("SecretPrefix"),
            bodies_bucket: output("BodiesBucket"),
            lanes: lanes(outputs),
            tap_queue_url: output("TapQueueUrl"),
        };
        if deployed.lanes.is_empty() {
            names.extend(["{Lane}QueueUrl".to_owned(), "{Lane}DlqUrl".to_owned()]);
        }
        if names.is_empty() { Ok(deployed) } else { Err(MissingOutputs { stack_name: stack_name.to_owned(), names }) }
    }

    /// What others need to know of it. Of a simulated Shopify it knows nothing.
    #[must_use]
    pub fn dev_file(&self) -> DevFile {
        DevFile {
            webhook_url: self.webhook_url.clone(),
            aws_endpoint_url: self.endpoint.clone(),
            region: self.region.clone(),
            stack_name: self.stack_name.clone(),
            client_secret: self.client_secret.clone(),
            ledger_table: self.ledger_table.clone(),
            shops_table: self.shops_table.clone(),
            token_key_id: self.token_key_id.clone(),
            state_table: self.state_table.clone(),
            cache_table: self.cache_table.clone(),
            operations_table: self.operations_table.clone(),
            controls_parameter: self.controls_parameter.clone(),
            secret_prefix: self.secret_prefix.clone(),
            bus_name: self.bus_name.clone(),
            lanes: self.lanes.clone(),
            tap_queue_url: self.tap_queue_url.clone(),
            shopify_url: None,
            forward_secret: None,
        }
    }
}

/// A lane is a name with both a queue and a dead-letter queue: a new one needs no change here.
fn lanes(outputs: &BTreeMap<String, String>) -> BTreeMap<String, LaneUrls> {
    let lane = |(name, queue_url): (&String, &String)| {
        let lane = name.strip_suffix("QueueUrl")?;
        let dlq_url = outputs.get(&format!("{lane}DlqUrl"))?.clone();
        Some((lane.to_lowercase(), LaneUrls { queue_url: queue_url.clone(), dlq_url }))
    };
    outputs.iter().filter_map(lane).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outputs(without: &str) -> BTreeMap<String, String> {
        let names = [
            "ApiId",
            "LedgerTable",
            "FenceTable",
            "ShopsTable",
            "TokenKeyId",
            "StateTable",
            "CacheTable",
            "OperationsTable",
            "ControlsParameter",
            "BusName",
            "SecretPrefix",
            "BodiesBucket",
            "UrgentQueueUrl",
            "UrgentDlqUrl",
            "BulkQueueUrl",
            "BulkDlqUrl",
            "TapQueueUrl",
            "WebhookUrl",
        ];
        names.iter().filter(|name| **name != without).map(|name| ((*name).to_owned(), format!("the-{name}"))).collect()
    }

    fn read(outputs: &BTreeMap<String, String>) -> Result<Deployed, MissingOutputs> {
        Deployed::read("http://127.0.0.1:1", "s", "secret".into(), outputs)
    }

    #[test]
    fn every_queue_with_a_dead_letter_queue_is_a_lane() {
        let deployed = read(&outputs("")).unwrap();
        assert_eq!(deployed.lanes.keys().collect::<Vec<_>>(), ["bulk", "urgent"]);
        assert_eq!(deployed.lanes["bulk"].dlq_url, "the-BulkDlqUrl");
        assert_eq!(deployed.webhook_url, "http://127.0.0.1:1/_aws/execute-api/the-ApiId/$default/webhooks");
    }

    #[test]
    fn path_segment_of_the_deployment_is_in_the_local_address() {
        let mut outputs = outputs("");
        outputs.insert(
            "WebhookUrl".into(),
            "https://x.execute-api.us-east-1.amazonaws.com/webhooks/kQ9_x2-7Zr0Bv51T".into(),
        );
        let expected = "http://127.0.0.1:1/_aws/execute-api/the-ApiId/$default/webhooks/kQ9_x2-7Zr0Bv51T";
        assert_eq!(read(&outputs).unwrap().webhook_url, expected);
    }

    #[test]
    fn missing_outputs_are_named() {
        let error = read(&outputs("LedgerTable")).unwrap_err().to_string();
        assert!(error.contains("lacks outputs: LedgerTable"), "{error}");
        let error = read(&BTreeMap::new()).unwrap_err().to_string();
        assert!(error.contains("ApiId") && error.contains("{Lane}DlqUrl"), "{error}");
    }

    #[test]
    fn the_secret_is_not_in_what_is_printed() {
        let deployed = read(&outputs("")).unwrap();
        assert!(!format!("{deployed:?} {:?}", deployed.dev_file()).contains("\"secret\""));
    }
}
