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

mod checkout;
mod clock;
mod cloudformation;
mod deployed;
mod dev_file;
mod emulator;
mod environments;
mod functions;
mod health;
mod hint;
mod install;
mod package;
mod pip;
mod python;
mod relay;
mod run_dir;
mod sam_env;
mod sdk;
mod secrets;
mod stack;
mod template;

pub use checkout::{Checkout, NotACheckout};
pub use clock::shifted_clock;
pub use cloudformation::AwsError;
pub use deployed::{Deployed, MissingOutputs};
pub use dev_file::{DevFile, DevFileError, LaneUrls, PublishedDevFile};
pub use emulator::{Emulator, EmulatorDied, Options, StartError};
pub use environments::{EnvironmentsError, Variables, environments};
pub use functions::{BuildError, build_functions, cargo};
pub use hint::hint;
pub use install::{InstallError, Installation};
pub use package::PackageError;
pub use relay::{Answer, Post, Relay};
pub use sam_env::SamEnvFile;
pub use sdk::{REGION, s3_client, sdk_config};
pub use stack::{DeployError, FailedResource, Stack, StackOptions};
pub use template::TemplateError;
pub use template::{NotATemplate, check_template};

/// Where long work says what it does now, one short line at a time. The caller decides how it looks.
pub type Progress<'a> = &'a (dyn Fn(&str) + Send + Sync);
