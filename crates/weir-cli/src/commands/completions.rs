//! `weir completions`, and what an installation puts beside the command.

use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::Shell;

use crate::{cli::Cli, exit::ExitStatus, printer::Printer};

/// Print a script that completes commands, options and values in a shell
#[derive(Debug, Args)]
#[command(after_help = COMPLETIONS_HELP)]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: ShellName,
}

const COMPLETIONS_HELP: &str = "\
Examples:
  weir completions bash > ~/.local/share/bash-completion/completions/weir
  weir completions zsh > ~/.local/share/zsh/site-functions/_weir
  weir completions fish > ~/.config/fish/completions/weir.fish";

/// A shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ShellName {
    /// Bash
    Bash,
    /// Zsh
    Zsh,
    /// Fish
    Fish,
}

impl From<ShellName> for Shell {
    fn from(name: ShellName) -> Self {
        match name {
            ShellName::Bash => Self::Bash,
            ShellName::Zsh => Self::Zsh,
            ShellName::Fish => Self::Fish,
        }
    }
}

pub(super) fn run(args: &CompletionsArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    printer.body(&script(args.shell))?;
    Ok(ExitStatus::Done)
}

fn script(shell: ShellName) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(Shell::from(shell), &mut Cli::command(), "weir", &mut script);
    script
}

/// A file that an installation puts beside the command: its path under the prefix, and its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstalledFile {
    /// Such as `share/man/man1/weir.1`.
    pub path: String,
    /// What it says.
    pub content: Vec<u8>,
}

/// The completions of each shell, and a man page of each command.
///
/// # Errors
/// If a page can't be written into memory.
pub fn installed_files() -> std::io::Result<Vec<InstalledFile>> {
    let mut files: Vec<InstalledFile> = [
        (ShellName::Bash, "share/bash-completion/completions/weir"),
        (ShellName::Zsh, "share/zsh/site-functions/_weir"),
        (ShellName::Fish, "share/fish/vendor_completions.d/weir.fish"),
    ]
    .into_iter()
    .map(|(shell, path)| InstalledFile { path: path.to_owned(), content: script(shell) })
    .collect();
    let mut command = Cli::command();
    command.build();
    pages(&command, "weir", &mut files)?;
    Ok(files)
}

fn pages(command: &clap::Command, name: &str, files: &mut Vec<InstalledFile>) -> std::io::Result<()> {
    let mut content = Vec::new();
    clap_mangen::Man::new(command.clone()).title(name).render(&mut content)?;
    files.push(InstalledFile { path: format!("share/man/man1/{name}.1"), content });
    for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
        pages(inner, &format!("{name}-{}", inner.get_name()), files)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_completed_and_has_a_man_page() {
        let files = installed_files().unwrap();
        let content = |path: &str| {
            let file = files.iter().find(|file| file.path == path).unwrap_or_else(|| panic!("{path}"));
            String::from_utf8(file.content.clone()).unwrap()
        };
        for path in
            ["bash-completion/completions/weir", "zsh/site-functions/_weir", "fish/vendor_completions.d/weir.fish"]
        {
            let script = content(&format!("share/{path}"));
            assert!(script.contains("resend") && script.contains("reconcile"), "{path}");
        }
        for words in crate::input::commands() {
            let name = std::iter::once("weir".to_owned()).chain(words).collect::<Vec<_>>().join("-");
            let page = content(&format!("share/man/man1/{name}.1"));
            assert!(page.contains(".SH NAME") && page.contains(".SH SYNOPSIS"), "{name}");
        }
    }
}
