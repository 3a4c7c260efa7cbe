//! `cargo xtask sam`: the functions built, looked at, run and deployed as SAM does it.

mod artifacts;
mod bench;
mod bridge;
mod build;
mod deploy;
mod elf;
mod glibc;
mod image;
mod invoke;
mod local;
mod reproduce;
mod rie;

use anyhow::{Context, Result};

/// Build, check, run and deploy the functions as SAM does, on this machine alone.
#[derive(clap::Args)]
pub(crate) struct Sam {
    #[command(subcommand)]
    step: Step,
}

#[derive(clap::Subcommand)]
enum Step {
    Build(build::Build),
    Check(artifacts::Check),
    Glibc(glibc::GlibcCheck),
    Reproduce(reproduce::Reproduce),
    Rie(rie::Rie),
    Local(local::Local),
    Deploy(deploy::Deploy),
    Image(image::Image),
}

impl Sam {
    pub(crate) fn run(&self) -> Result<()> {
        match &self.step {
            Step::Build(build) => build.run(),
            Step::Check(check) => check.run(),
            Step::Glibc(glibc) => glibc.run(),
            Step::Reproduce(reproduce) => reproduce.run(),
            Step::Rie(rie) => wait_for(rie.run()),
            Step::Local(local) => wait_for(local.run()),
            Step::Deploy(deploy) => wait_for(deploy.run()),
            Step::Image(image) => image.run(),
        }
    }
}

fn wait_for(work: impl Future<Output = Result<()>>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.context("could not start a runtime")?.block_on(work)
}
