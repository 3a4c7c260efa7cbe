//! `cargo xtask sam image`: the functions as container images.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};

use super::artifacts::{binary, bootstraps, megabytes};
use crate::{process, root, state_dir};

/// Each image must be smaller.
const LARGEST: u64 = 30_000_000;

/// Make a container image of each function that `sam build` made, as infra/image/Dockerfile does after its own build.
///
/// Where no Docker engine answers, it says so, and only the images' contents are made and measured.
#[derive(clap::Args)]
pub(crate) struct Image {}

impl Image {
    pub(crate) fn run(&self) -> Result<()> {
        let template = weir_local::Checkout::find(root())?.read_template()?;
        let answers = process::output(Command::new("docker").args(["version", "--format", "{{.Server.Version}}"]));
        if answers.is_none() {
            println!("no Docker engine answers: no image is made, only its contents");
        }
        for (function, bootstrap) in bootstraps(&root().join(".aws-sam/build"))? {
            let name = binary(&template, &function)?;
            let folder = state_dir().join("image").join(name);
            if folder.exists() {
                fs::remove_dir_all(&folder).with_context(|| format!("could not remove {}", folder.display()))?;
            }
            process::run(Command::new(root().join("infra/image/root.sh")).arg(&bootstrap).arg(&folder))?;
            let mut size = size_of(&folder)?;
            if answers.is_some() {
                import(&folder, name)?;
                starts(name)?;
                size = size_of_image(name)?;
            }
            println!("{name:<16} {:>5.1} MB", megabytes(size));
            ensure!(size < LARGEST, "{name} is larger than {:.0} MB", megabytes(LARGEST));
        }
        Ok(())
    }
}

/// Without an environment a function says what it lacks: so its libraries are all there.
fn starts(name: &str) -> Result<()> {
    let ran = Command::new("docker").args(["run", "--rm", name]).stdin(Stdio::null()).output();
    let said = String::from_utf8_lossy(&ran.context("docker could not be started")?.stderr).into_owned();
    ensure!(said.contains("WEIR_LOG is not set"), "the image {name} does not start:\n{said}");
    Ok(())
}

fn import(folder: &Path, name: &str) -> Result<()> {
    let mut tar = Command::new("tar").arg("-C").arg(folder).args(["-c", "."]).stdout(Stdio::piped()).spawn()?;
    let archive = tar.stdout.take().context("tar has no output")?;
    let mut import = Command::new("docker");
    import.args(["import", "--change", r#"ENTRYPOINT ["/bootstrap"]"#, "-", name]).stdin(archive);
    let status = import.stdout(Stdio::null()).status().context("docker could not be started")?;
    ensure!(status.success() && tar.wait()?.success(), "the image {name} could not be made");
    Ok(())
}

fn size_of_image(name: &str) -> Result<u64> {
    let printed = process::output(Command::new("docker").args(["image", "inspect", "--format", "{{.Size}}", name]));
    printed.and_then(|size| size.trim().parse().ok()).with_context(|| format!("docker has no image {name}"))
}

fn size_of(folder: &Path) -> Result<u64> {
    let mut size = 0;
    for entry in fs::read_dir(folder).with_context(|| format!("could not read {}", folder.display()))? {
        let entry = entry.context("could not read a folder")?;
        let kind = entry.file_type().context("could not read a folder")?;
        size += if kind.is_dir() { size_of(&entry.path())? } else { entry.metadata()?.len() };
    }
    Ok(size)
}
