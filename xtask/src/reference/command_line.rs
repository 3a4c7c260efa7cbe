//! The reference of the command line, from what clap knows of it.

use std::fmt::Write;

use clap::{Arg, ArgAction, Command};

use super::cell;

const HEAD: &str = "\
# Command line

This page lists every command of `weir` with its options. Use it to look an option up; `weir COMMAND --help` prints the
same. It is generated: `cargo xtask reference` writes it.
";

pub(super) fn page(mut command: Command) -> String {
    // Adds what every command has, such as --help, to each.
    command.build();
    let mut page = HEAD.to_owned();
    section(&mut page, &command, &[]);
    page
}

fn section(page: &mut String, command: &Command, above: &[&str]) {
    let path: Vec<&str> = above.iter().copied().chain([command.get_name()]).collect();
    let _ = write!(page, "\n## {}\n", path.join(" "));
    let about = command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default();
    for paragraph in about.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
        let text = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
        let end = if text.ends_with(['.', ':']) { "" } else { "." };
        let _ = write!(page, "\n{}{end}\n", escaped(&text));
    }
    let usage = command.clone().render_usage().to_string();
    let _ = write!(page, "\n```\n{}\n```\n", usage.trim_start_matches("Usage: "));
    options(page, command, above.is_empty());
    if let Some(examples) = command.get_after_long_help().or(command.get_after_help()) {
        let _ = write!(page, "\n```\n{}\n```\n", examples.to_string().trim_end());
    }
    for child in command.get_subcommands().filter(|child| !child.is_hide_set() && child.get_name() != "help") {
        section(page, child, &path);
    }
}

fn options(page: &mut String, command: &Command, is_top: bool) {
    let is_own = |arg: &&Arg| {
        let everywhere = ["help", "version", "json"].contains(&arg.get_id().as_str());
        !arg.is_hide_set() && (is_top || !everywhere)
    };
    let mut arguments: Vec<&Arg> = command.get_arguments().filter(is_own).collect();
    if arguments.is_empty() {
        return;
    }
    // Positions first, as in the usage.
    arguments.sort_by_key(|arg| arg.get_index().unwrap_or(usize::MAX));
    page.push_str("\n| option | meaning |\n|---|---|\n");
    for argument in arguments {
        let _ = writeln!(page, "| `{}` | {} |", name(argument), escaped(&cell(&meaning(argument))));
    }
}

/// `--shop SHOP`, `-y, --yes`, `EVENT`.
fn name(argument: &Arg) -> String {
    let values = argument.get_value_names().unwrap_or_default().iter().map(ToString::to_string);
    let values = values.collect::<Vec<_>>().join(" ");
    let takes_value = !matches!(
        argument.get_action(),
        ArgAction::SetTrue | ArgAction::SetFalse | ArgAction::Count | ArgAction::Help | ArgAction::Version
    );
    let flags =
        [argument.get_short().map(|short| format!("-{short}")), argument.get_long().map(|long| format!("--{long}"))];
    let flags = flags.into_iter().flatten().collect::<Vec<_>>().join(", ");
    match (flags.is_empty(), takes_value) {
        (true, _) => values,
        (false, true) => format!("{flags} {values}"),
        (false, false) => flags,
    }
}

fn meaning(argument: &Arg) -> String {
    let help = argument.get_long_help().or(argument.get_help()).map(ToString::to_string).unwrap_or_default();
    let mut meaning = help.trim().trim_end_matches('.').to_owned();
    let values: Vec<String> = match argument.get_action() {
        ArgAction::Set | ArgAction::Append => {
            let possible = argument.get_possible_values();
            possible.iter().filter(|value| !value.is_hide_set()).map(|value| value.get_name().to_owned()).collect()
        }
        _ => Vec::new(),
    };
    if !values.is_empty() && !argument.is_hide_possible_values_set() {
        let _ = write!(meaning, " (one of {})", values.join(", "));
    }
    let defaults: Vec<_> = argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    if !defaults.is_empty() && !argument.is_hide_default_value_set() && matches!(argument.get_action(), ArgAction::Set)
    {
        let _ = write!(meaning, " (default: {})", defaults.join(", "));
    }
    meaning
}

/// Markdown would take `<` for HTML, and `*` for emphasis.
fn escaped(text: &str) -> String {
    // Within backquotes nothing is escaped.
    let mut parts = text.split('`');
    let first = parts.next().unwrap_or_default();
    let escape = |part: &str| part.replace('<', "\\<").replace('*', "\\*").replace('[', "\\[");
    let mut escaped = escape(first);
    for (index, part) in parts.enumerate() {
        escaped.push('`');
        escaped.push_str(&if index % 2 == 0 { part.to_owned() } else { escape(part) });
    }
    escaped
}
