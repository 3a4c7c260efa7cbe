//! `cargo xtask install`: the `weir` command for everyday use.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result};

use crate::{process, root};

/// Install the `weir` command with its completions and man pages.
///
/// `cargo install` puts the command into ~/.cargo/bin, which rustup put on the path. Completions for bash, zsh and fish and
/// the man pages go under --prefix. Once installed, `weir` runs in any folder; only `weir dev` needs a checkout.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  cargo xtask install && weir --version")]
pub(crate) struct Install {
    /// Folder for completions and man pages [default: ~/.local]
    #[arg(long, value_name = "FOLDER")]
    prefix: Option<PathBuf>,
    /// Install the command into FOLDER/bin [default: ~/.cargo/bin]
    #[arg(long, value_name = "FOLDER")]
    root: Option<PathBuf>,
    /// Build without optimization, which is quicker
    #[arg(long)]
    debug: bool,
    /// Only completions and man pages
    #[arg(long)]
    files_only: bool,
}

impl Install {
    pub(crate) fn run(&self) -> Result<()> {
        if !self.files_only {
            let mut install = process::cargo();
            install.args(["install", "--locked", "--path"]).arg(root().join("crates/weir-cli"));
            if let Some(folder) = &self.root {
                install.arg("--root").arg(folder);
            }
            install.args(if self.debug { ["--debug"].as_slice() } else { &["--profile", "tool"] });
            process::run(&mut install)?;
        }
        let prefix = match &self.prefix {
            Some(prefix) => prefix.clone(),
            None => PathBuf::from(std::env::var_os("HOME").context("HOME is not set: give --prefix")?).join(".local"),
        };
        let files = weir_cli::input::installed_files().context("could not make the completions")?;
        for file in &files {
            let path = prefix.join(&file.path);
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder).with_context(|| format!("could not create {}", folder.display()))?;
            }
            fs::write(&path, &file.content).with_context(|| format!("could not write {}", path.display()))?;
        }
        println!("{} completions and man pages are in {}", files.len(), prefix.join("share").display());
        println!("zsh: add {} to fpath before compinit", prefix.join("share/zsh/site-functions").display());
        Ok(())
    }
}
