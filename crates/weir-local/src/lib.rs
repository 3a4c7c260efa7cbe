//! The local AWS: installs the pinned emulator, starts it on loopback, deploys `template.yaml` itself to it with the
//! workspace's own function binaries, and leaves nothing running behind.
//!
//! `weir dev` and the whole-system tests stand on this crate; nothing that is deployed links it. Unix only: it relies
//! on process groups and on locks that end with their holder.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use weir_local::{Checkout, Emulator, Installation, Options, Stack, StackOptions, build_functions};
//!
//! let say = |step: &str| eprintln!("{step}");
//! let checkout = Checkout::find(&std::env::current_dir()?)?;
//! let functions = build_functions(&checkout, false).await?;
//! let installation = Installation::ensure(&checkout, &say).await?;
//! let emulator = Emulator::start(&installation, &Options::default()).await?;
//! let stack = Stack::deploy(&emulator, &checkout, &StackOptions::local("weir-dev", functions), &say).await?;
//! let deployed = stack.deployed()?;
//! println!("{}", deployed.webhook_url);
//! stack.delete().await?;
//! emulator.stop().await;
//! # Ok(())
//! # }
//! ```

#![cfg_attr(not(feature = "aws"), expect(dead_code, reason = "what is left out would use it"))]

mod checkout;
#[cfg(feature = "aws")]
mod clock;
#[cfg(feature = "aws")]
mod cloudformation;
#[cfg(feature = "aws")]
mod deployed;
mod dev_file;
#[cfg(feature = "aws")]
mod emulator;
#[cfg(feature = "aws")]
mod functions;
#[cfg(feature = "aws")]
mod health;
#[cfg(feature = "aws")]
mod install;
#[cfg(feature = "aws")]
mod package;
#[cfg(feature = "aws")]
mod pip;
#[cfg(feature = "aws")]
mod python;
#[cfg(feature = "aws")]
mod run_dir;
#[cfg(feature = "aws")]
mod sam_env;
#[cfg(feature = "aws")]
mod sdk;
#[cfg(feature = "aws")]
mod stack;
mod template;

pub use checkout::{Checkout, NotACheckout};
#[cfg(feature = "aws")]
pub use clock::shifted_clock;
#[cfg(feature = "aws")]
pub use cloudformation::AwsError;
#[cfg(feature = "aws")]
pub use deployed::{Deployed, MissingOutputs};
pub use dev_file::{DevFile, DevFileError, LaneUrls, PublishedDevFile};
#[cfg(feature = "aws")]
pub use emulator::{Emulator, EmulatorDied, Options, StartError};
#[cfg(feature = "aws")]
pub use functions::{BuildError, build_functions, cargo};
#[cfg(feature = "aws")]
pub use install::{InstallError, Installation};
#[cfg(feature = "aws")]
pub use package::PackageError;
#[cfg(feature = "aws")]
pub use sam_env::SamEnvFile;
#[cfg(feature = "aws")]
pub use sdk::{REGION, s3_client, sdk_config};
#[cfg(feature = "aws")]
pub use stack::{DeployError, FailedResource, Stack, StackOptions};
pub use template::TemplateError;

/// Where long work says what it does now, one short line at a time. The caller decides how it looks.
pub type Progress<'a> = &'a (dyn Fn(&str) + Send + Sync);
