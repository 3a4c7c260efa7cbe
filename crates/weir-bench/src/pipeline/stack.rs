//! weir on the emulator, with the functions that are deployed.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use aws_sdk_sqs::types::DeleteMessageBatchRequestEntry;
use weir_local::{Checkout, Deployed, Emulator, Installation, Options, Stack, StackOptions, build_functions};

use super::{Load, Run, posts};

/// An emulator with a stack on it. Both end when this is dropped.
#[derive(Debug)]
pub struct Local {
    emulator: Emulator,
    deployed: Deployed,
    tap: aws_sdk_sqs::Client,
    http: reqwest::Client,
}

impl Local {
    /// Starts it. `release` is the folder with ingest and the worker; the functions that take no part in this come from
    /// the usual build. `tell` hears what goes on.
    ///
    /// # Errors
    /// When the emulator can't be installed or started, or does not take the template.
    pub async fn start(
        root: &Path,
        release: &Path,
        folder: &Path,
        tell: &(dyn Fn(&str) + Send + Sync),
    ) -> Result<Self> {
        let checkout = Checkout::find(root)?;
        let installation = Installation::ensure(&checkout, tell).await?;
        tell("Building the other functions");
        let others = build_functions(&checkout, true).await?;
        let functions = gathered(&checkout, &folder.join("functions"), release, &others)?;
        let emulator = Emulator::start(&installation, &Options::default()).await?;
        let stack = Stack::deploy(&emulator, &checkout, &StackOptions::local("weir-bench", functions), tell).await?;
        let deployed = stack.deployed()?;
        let tap = aws_sdk_sqs::Client::new(&emulator.sdk_config());
        // An error says that a provider is installed already.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().context("no HTTP client")?;
        Ok(Self { emulator, deployed, tap, http })
    }

    /// Sends a load, and waits until all of it is on the bus.
    ///
    /// # Errors
    /// When a webhook is refused, nothing more arrives, or the emulator ends.
    pub async fn run(&self, load: Load) -> Result<Run> {
        let sending = posts::Sending::new(&self.http, &self.deployed, load);
        tokio::select! {
            biased;
            died = self.emulator.wait() => Err(died.into()),
            ended = sending.run(|| self.arrived()) => ended,
        }
    }

    /// The ids of events that came to the bus since the last look.
    async fn arrived(&self) -> Result<Vec<String>> {
        let url = &self.deployed.tap_queue_url;
        let received = self.tap.receive_message().queue_url(url).max_number_of_messages(10).wait_time_seconds(1);
        let messages =
            received.send().await.context("the queue behind the bus did not answer")?.messages.unwrap_or_default();
        if messages.is_empty() {
            return Ok(Vec::new());
        }
        let mut entries = Vec::new();
        let mut ids = Vec::new();
        for (place, message) in messages.iter().enumerate() {
            let entry = DeleteMessageBatchRequestEntry::builder().id(place.to_string());
            entries.push(entry.set_receipt_handle(message.receipt_handle.clone()).build()?);
            let event: serde_json::Value = serde_json::from_str(message.body().unwrap_or_default())?;
            ids.extend(event["detail"]["id"].as_str().map(str::to_owned));
        }
        let deleting = self.tap.delete_message_batch().queue_url(url).set_entries(Some(entries));
        deleting.send().await.context("the queue behind the bus did not answer")?;
        Ok(ids)
    }
}

/// The functions that the benchmark measures.
const MEASURED: [&str; 2] = ["weir-ingest", "weir-worker"];

/// A folder with links to all functions: to those of `release` that are measured, and to the `others`.
fn gathered(checkout: &Checkout, folder: &Path, release: &Path, others: &Path) -> Result<PathBuf> {
    fs::create_dir_all(folder).with_context(|| format!("could not make {}", folder.display()))?;
    for name in checkout.function_binaries()? {
        let from = if MEASURED.contains(&name.as_str()) { release } else { others };
        let link = folder.join(&name);
        // It is not there the first time.
        drop(fs::remove_file(&link));
        symlink(from.join(&name), &link).with_context(|| format!("could not make {}", link.display()))?;
    }
    Ok(folder.to_owned())
}
