//! The file that says what is desired.

use std::path::Path;

use anyhow::Context;
use weir_local::Checkout;
use weir_subscriptions::{Desired, FileError};

use crate::{printer::Printer, problem::HintedError};

/// Reads the file that was named, the checkout's, or the one that is built in. Its warnings go to stderr.
pub(super) fn read(named: Option<&Path>, printer: &Printer) -> anyhow::Result<Desired> {
    let here = std::env::current_dir().context("could not tell which folder this is")?;
    let of_checkout = || Checkout::find(&here).ok().map(|checkout| checkout.root().join("infra/subscriptions.toml"));
    let path = named.map(Path::to_owned).or_else(|| of_checkout().filter(|path| path.is_file()));
    let Some(path) = path else { return Ok(Desired::built_in()) };
    let text = std::fs::read_to_string(&path).map_err(|error| {
        let hint = "--file names the file; without it, weir takes its own";
        HintedError::new(format!("could not read {}", path.display()), hint).because(error)
    })?;
    let read = Desired::parse(&text).map_err(|problems| refused(&path, &problems))?;
    for warning in &read.warnings {
        printer.note(format!("warning: {}, {warning}", path.display()));
    }
    Ok(read.desired)
}

/// Every mistake, a line each.
fn refused(path: &Path, problems: &[FileError]) -> HintedError {
    let lines: String = problems.iter().map(|problem| format!("\n  {problem}")).collect();
    let hint = "nothing was asked or changed; the head of infra/subscriptions.toml says what may stand there";
    HintedError::new(format!("{} can't be followed:{lines}", path.display()), hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Shown;

    #[test]
    fn every_mistake_of_a_file_is_in_the_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "[[subscription]]\ntopics = [\"orders/creat\"]\nname = \"a b\"\n").unwrap();
        let error = Shown::of(&read(Some(file.path()), &Printer::new(false)).unwrap_err()).lines().join("\n");
        assert!(error.contains("line 2: ") && error.contains("line 3: "), "{error}");
        assert!(error.contains("did you mean orders/create?\n"), "{error}");
        let error = format!("{:#}", read(Some(Path::new("/nowhere/x.toml")), &Printer::new(false)).unwrap_err());
        assert!(error.contains("could not read /nowhere/x.toml"), "{error}");
    }
}
