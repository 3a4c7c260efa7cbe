//! Deploys the template to an emulator, as `sam deploy` does to AWS.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::StackStatus;
use secrecy::{ExposeSecret, SecretString};

use crate::cloudformation::{self, AwsError, Ending};
use crate::package::{PackageError, package};
use crate::{Checkout, Deployed, Emulator, EmulatorDied, MissingOutputs, Progress, s3_client};

/// What to deploy, and as what.
#[derive(Debug, Clone)]
pub struct StackOptions {
    /// The stack's name: stacks of different names live side by side in one emulator.
    pub name: String,
    /// The Shopify client secret that webhooks are signed with.
    pub client_secret: SecretString,
    /// The template's other parameters; those that are not named keep the template's defaults.
    pub parameters: BTreeMap<String, String>,
    /// Where the binaries of the functions are, each with its crate's name.
    pub functions_dir: PathBuf,
}

impl StackOptions {
    /// A local stack: for this machine's architecture, with the tap on the bus and a secret that guards nothing.
    #[must_use]
    pub fn local(name: impl Into<String>, functions_dir: PathBuf) -> Self {
        let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
        Self {
            name: name.into(),
            client_secret: "weir-local-secret".into(),
            parameters: BTreeMap::from([
                ("Architecture".to_owned(), architecture.to_owned()),
                ("LocalTap".to_owned(), "true".to_owned()),
                // Without a simulated Shopify it would call real shops.
                ("MonitorState".to_owned(), "DISABLED".to_owned()),
                // Each function that polls a queue slows the others down: tests of the archive enable it.
                ("ArchiveDays".to_owned(), "0".to_owned()),
            ]),
            functions_dir,
        }
    }
}

/// A resource that CloudFormation could not create or delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedResource {
    /// Its logical id in the template.
    pub id: String,
    /// Its type, as `AWS::SQS::Queue`.
    pub kind: String,
    /// What CloudFormation said.
    pub reason: String,
}

impl fmt::Display for FailedResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  {} ({}): {}", self.id, self.kind, self.reason)
    }
}

/// The stack could not be deployed, or not deleted.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// The functions or the template could not be packaged.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// The emulator refused a call.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// The emulator died meanwhile.
    #[error(transparent)]
    Died(#[from] EmulatorDied),
    /// CloudFormation gave up.
    #[error("stack {name} ended as {status}{}", listed(.failed))]
    Failed {
        /// The stack.
        name: String,
        /// How it ended.
        status: String,
        /// What failed, and why.
        failed: Vec<FailedResource>,
    },
    /// CloudFormation did not come to an end.
    #[error("stack {name} was still {status} when its time was up; the emulator's log is {log}")]
    TimedOut {
        /// The stack.
        name: String,
        /// The state it hung in.
        status: String,
        /// The emulator's log.
        log: PathBuf,
    },
}

fn listed(failed: &[FailedResource]) -> String {
    failed.iter().map(|resource| format!("\n{resource}")).collect()
}

/// A stack on an emulator.
pub struct Stack<'a> {
    emulator: &'a Emulator,
    client: Client,
    id: String,
    name: String,
    client_secret: SecretString,
    outputs: BTreeMap<String, String>,
}

/// Without the client, which would fill pages.
impl fmt::Debug for Stack<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stack").field("id", &self.id).field("outputs", &self.outputs).finish_non_exhaustive()
    }
}

impl<'a> Stack<'a> {
    /// Packages the functions, creates the stack and waits until it is complete.
    ///
    /// # Errors
    /// When it cannot be packaged or does not become complete; see [`DeployError`].
    pub async fn deploy(
        emulator: &'a Emulator,
        checkout: &Checkout,
        options: &StackOptions,
        progress: Progress<'_>,
    ) -> Result<Self, DeployError> {
        tokio::select! {
            biased;
            died = emulator.wait() => Err(died.into()),
            deployed = Self::deploy_to(emulator, checkout, options, progress) => deployed,
        }
    }

    async fn deploy_to(
        emulator: &'a Emulator,
        checkout: &Checkout,
        options: &StackOptions,
        progress: Progress<'_>,
    ) -> Result<Self, DeployError> {
        let name = options.name.clone();
        let client = Client::new(&emulator.sdk_config());
        let (template_url, parameters) = packaged(emulator, checkout, options, progress).await?;
        progress(&format!("Creating stack {name}"));
        let id = cloudformation::create(&client, &name, template_url, parameters).await?;
        let mut stack =
            Self { emulator, client, id, name, client_secret: options.client_secret.clone(), outputs: BTreeMap::new() };
        stack.outputs = stack.ended_as(&StackStatus::CreateComplete).await?;
        Ok(stack)
    }

    /// A stack that others have made, by its name, once it is complete.
    ///
    /// # Errors
    /// When there is none, or it does not become complete.
    pub async fn find(emulator: &'a Emulator, name: &str, client_secret: SecretString) -> Result<Self, DeployError> {
        let client = Client::new(&emulator.sdk_config());
        let name = name.to_owned();
        let mut stack = Self { emulator, client, id: name.clone(), name, client_secret, outputs: BTreeMap::new() };
        stack.outputs = stack.ended_as(&StackStatus::CreateComplete).await?;
        Ok(stack)
    }

    /// Packages the functions anew and brings the stack to what `options` say, all parameters among them, while it works.
    /// Its name and its secret stay.
    ///
    /// # Errors
    /// When it cannot be packaged, nothing has changed, or it does not become complete; see [`DeployError`].
    pub async fn update(
        &mut self,
        checkout: &Checkout,
        options: &StackOptions,
        progress: Progress<'_>,
    ) -> Result<(), DeployError> {
        let options =
            StackOptions { name: self.name.clone(), client_secret: self.client_secret.clone(), ..options.clone() };
        let emulator = self.emulator;
        let outputs = tokio::select! {
            biased;
            died = emulator.wait() => return Err(died.into()),
            outputs = self.update_to(checkout, &options, progress) => outputs?,
        };
        self.outputs = outputs;
        Ok(())
    }

    async fn update_to(
        &self,
        checkout: &Checkout,
        options: &StackOptions,
        progress: Progress<'_>,
    ) -> Result<BTreeMap<String, String>, DeployError> {
        let (template_url, parameters) = packaged(self.emulator, checkout, options, progress).await?;
        progress(&format!("Updating stack {}", self.name));
        cloudformation::update(&self.client, &self.id, template_url, parameters).await?;
        self.ended_as(&StackStatus::UpdateComplete).await
    }

    /// Waits for the end of what goes on; when it is not the wanted one, asks for the reasons.
    async fn ended_as(&self, wanted: &StackStatus) -> Result<BTreeMap<String, String>, DeployError> {
        match cloudformation::wait(&self.client, &self.id).await? {
            Ending::Ended(stack) if stack.stack_status.as_ref() == Some(wanted) => {
                let outputs = stack.outputs.unwrap_or_default();
                Ok(outputs.into_iter().filter_map(|output| output.output_key.zip(output.output_value)).collect())
            }
            Ending::Ended(stack) => {
                let status = stack.stack_status.map_or_else(String::new, |status| status.as_str().to_owned());
                let mut failed = cloudformation::failures(&self.client, &self.id).await?;
                // A stack may fail as a whole, before any resource is tried.
                if let (true, Some(reason)) = (failed.is_empty(), stack.stack_status_reason) {
                    failed.push(FailedResource {
                        id: self.name.clone(),
                        kind: "AWS::CloudFormation::Stack".to_owned(),
                        reason,
                    });
                }
                Err(DeployError::Failed { name: self.name.clone(), status, failed })
            }
            Ending::StillBusy(status) => Err(DeployError::TimedOut {
                name: self.name.clone(),
                status: status.as_str().to_owned(),
                log: self.emulator.log().to_owned(),
            }),
        }
    }

    /// The stack's outputs, by name.
    #[must_use]
    pub fn outputs(&self) -> &BTreeMap<String, String> {
        &self.outputs
    }

    /// The outputs of weir's template, each in its place.
    ///
    /// # Errors
    /// When the template lacks some.
    pub fn deployed(&self) -> Result<Deployed, MissingOutputs> {
        Deployed::read(&self.emulator.endpoint(), &self.name, self.client_secret.clone(), &self.outputs)
    }

    /// Deletes it and waits until it is gone.
    ///
    /// # Errors
    /// When a resource cannot be deleted.
    pub async fn delete(self) -> Result<(), DeployError> {
        tokio::select! {
            biased;
            died = self.emulator.wait() => Err(died.into()),
            deleted = async {
                cloudformation::delete(&self.client, &self.id).await?;
                self.ended_as(&StackStatus::DeleteComplete).await.map(drop)
            } => deleted,
        }
    }
}

/// The URL of the packaged template, and every parameter.
async fn packaged(
    emulator: &Emulator,
    checkout: &Checkout,
    options: &StackOptions,
    progress: Progress<'_>,
) -> Result<(String, BTreeMap<String, String>), PackageError> {
    let s3 = s3_client(&emulator.sdk_config());
    let template_url = package(&s3, &checkout.template(), &options.functions_dir, &options.name, progress).await?;
    let mut parameters = options.parameters.clone();
    parameters.insert("ClientSecret".to_owned(), options.client_secret.expose_secret().to_owned());
    parameters.insert("LocalApiUrl".to_owned(), emulator.endpoint());
    Ok((template_url, parameters))
}
