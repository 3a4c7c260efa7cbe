//! A whole stack: the local one, or one on AWS, by what its outputs say.

use std::collections::BTreeMap;

use resilience::Clock;
use shopify_client::Endpoint as AdminApi;
use weir_aws::SdkConfig;
use weir_core::Lane;
use weir_shops::{DynamoState, Registry};

use super::{LOCAL_HINT, STACK_HINT, ShopsTarget, all_outputs, aws_config, dev_file, local_config};
use crate::cli::StackArgs;

/// A stack, and what to check when it can't be reached.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) config: SdkConfig,
    /// Its name.
    pub(crate) stack: String,
    /// Where Shopify is; `None` for a local stack without one: real shops must not hear of it.
    pub(crate) shopify: Option<AdminApi>,
    pub(crate) hint: &'static str,
    /// Whether it is the local stack.
    pub(crate) is_local: bool,
    outputs: BTreeMap<String, String>,
    /// The emulator's own form of the webhook URL.
    local_webhook_url: Option<String>,
}

/// A lane's two queues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LaneUrls {
    pub(crate) lane: Lane,
    pub(crate) queue: String,
    pub(crate) dlq: String,
}

impl Place {
    /// The local stack, or the one that was named.
    pub(crate) async fn find(args: &StackArgs) -> anyhow::Result<Self> {
        let (config, stack, shopify, local_webhook_url) = match &args.stack {
            None => {
                let local = dev_file("--stack")?;
                let shopify = local.shopify_url.as_deref().map(AdminApi::at).transpose()?;
                (
                    local_config(&local.region, &local.aws_endpoint_url),
                    local.stack_name,
                    shopify,
                    Some(local.webhook_url),
                )
            }
            Some(stack) => {
                let config = aws_config(args.region.as_deref(), args.profile.as_deref()).await;
                (config, stack.clone(), Some(AdminApi::Shopify), None)
            }
        };
        let is_local = local_webhook_url.is_some();
        let hint = if is_local { LOCAL_HINT } else { STACK_HINT };
        let outputs = all_outputs(&config, &stack, hint).await?;
        Ok(Self { config, stack, shopify, hint, is_local, outputs, local_webhook_url })
    }

    /// What the stack's output of this name says.
    pub(crate) fn output(&self, name: &str) -> anyhow::Result<String> {
        self.outputs.get(name).cloned().ok_or_else(|| {
            anyhow::anyhow!(
                "stack {} has no output {name}: it was not made from weir's template, or from an older one\n\
                 hint: {}; or deploy it again",
                self.stack,
                self.hint
            )
        })
    }

    /// Where the default app's subscriptions point; other apps' have a slash and the app's name behind it.
    pub(crate) fn webhook_url(&self) -> anyhow::Result<String> {
        self.local_webhook_url.clone().map_or_else(|| self.output("WebhookUrl"), Ok)
    }

    /// Its shops, and what is needed to call them.
    pub(crate) fn shops(&self) -> anyhow::Result<ShopsTarget> {
        let table = self.output("ShopsTable")?;
        Ok(ShopsTarget {
            registry: Registry::new(&self.config, table.clone()),
            state: DynamoState::new(&self.config, self.output("StateTable")?, Clock::Wall),
            table,
            token_key: self.output("TokenKeyId")?,
            secret_prefix: self.output("SecretPrefix")?,
            shopify: self.shopify.clone(),
            config: self.config.clone(),
            hint: self.hint,
        })
    }

    /// Every lane's queues, the most urgent first.
    pub(crate) fn lanes(&self) -> anyhow::Result<Vec<LaneUrls>> {
        let urls = |lane: Lane| {
            let name = lane.as_str();
            let name = format!("{}{}", name[..1].to_uppercase(), &name[1..]);
            let queue = self.output(&format!("{name}QueueUrl"))?;
            Ok(LaneUrls { lane, queue, dlq: self.output(&format!("{name}DlqUrl"))? })
        };
        Lane::ALL.iter().copied().map(urls).collect()
    }

    /// The error, with what to check.
    pub(crate) fn failed(&self, error: impl std::error::Error + Send + Sync + 'static) -> anyhow::Error {
        let said = format!("{error}\nhint: {}", self.hint);
        anyhow::Error::new(error).context(said)
    }
}
