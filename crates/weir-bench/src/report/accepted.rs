//! What was accepted last: the counts that CI holds weir to, and the run that docs/benchmarks.md shows.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::{Instructions, Report, chart, region, table};

/// The file.
const FILE: &str = "bench/accepted.json";
/// The document whose tables it writes.
const DOCUMENT: &str = "docs/benchmarks.md";
/// The picture in that document and in the README.
const CHART: &str = "bench/performance.svg";

/// Its content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Accepted {
    /// Compared with in each run of CI.
    pub instructions: Instructions,
    /// The whole run that was accepted last.
    pub report: Option<Report>,
}

impl Accepted {
    /// What stands in this checkout; `None` if nothing was accepted yet.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn read(root: &Path) -> Result<Option<Self>> {
        let path = root.join(FILE);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(serde_json::from_str(&text).with_context(|| {
                format!("{} can't be read: `cargo xtask bench --accept` writes it", path.display())
            })?)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("could not read {}", path.display())),
        }
    }

    /// Accepts these counts alone: the document goes on showing the run that it shows.
    ///
    /// # Errors
    /// When a file can't be read or written.
    pub fn instructions(root: &Path, instructions: Instructions) -> Result<()> {
        let report = Self::read(root)?.and_then(|accepted| accepted.report);
        Self { instructions, report }.write(root)
    }

    /// Accepts a whole run: its counts, its tables and its picture.
    ///
    /// # Errors
    /// When it has no counts, or a file can't be read or written.
    pub fn run(root: &Path, report: Report) -> Result<()> {
        let instructions = report.instructions.clone().context("a run without instructions can't be accepted")?;
        let accepted = Self { instructions, report: Some(report) };
        accepted.render(root)?;
        accepted.write(root)
    }

    /// Writes the document's tables and the picture of the accepted run again, for when their form changed.
    ///
    /// # Errors
    /// When no run was accepted yet, or a file can't be read or written.
    pub fn render(&self, root: &Path) -> Result<()> {
        let report = self.report.as_ref().context("no run was accepted yet: `cargo xtask bench --accept` does")?;
        let path = root.join(DOCUMENT);
        let document = fs::read_to_string(&path).with_context(|| format!("could not read {}", path.display()))?;
        let document = region::replace(&document, &table::all(report))?;
        write(&root.join(CHART), &chart::svg(report))?;
        write(&path, &document)
    }

    fn write(&self, root: &Path) -> Result<()> {
        write(&root.join(FILE), &(serde_json::to_string_pretty(self)? + "\n"))
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("could not write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn checkout() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("bench")).unwrap();
        fs::create_dir(root.path().join("docs")).unwrap();
        let document = format!("# Benchmarks\n{}\nformer\n{}\n", region::BEGIN, region::END);
        fs::write(root.path().join(DOCUMENT), document).unwrap();
        root
    }

    #[test]
    fn a_run_that_is_accepted_stands_in_the_document_and_is_read_again_as_it_was() {
        let (root, report) = (checkout(), sample::with_node());
        assert_eq!(Accepted::read(root.path()).unwrap(), None);
        Accepted::run(root.path(), report.clone()).unwrap();
        let read = Accepted::read(root.path()).unwrap().unwrap();
        assert_eq!(read.report, Some(report.clone()));
        assert_eq!(Some(read.instructions), report.instructions);
        let document = fs::read_to_string(root.path().join(DOCUMENT)).unwrap();
        assert!(document.contains("| | weir | Node |") && !document.contains("former"), "{document}");
        assert!(root.path().join(CHART).exists());
    }

    #[test]
    fn counts_that_are_accepted_alone_leave_the_document_and_its_run() {
        let (root, report) = (checkout(), sample::with_node());
        Accepted::run(root.path(), report.clone()).unwrap();
        let before = fs::read_to_string(root.path().join(DOCUMENT)).unwrap();
        let mut fewer = report.instructions.clone().unwrap();
        fewer.ingest.cold /= 2;
        Accepted::instructions(root.path(), fewer.clone()).unwrap();
        let read = Accepted::read(root.path()).unwrap().unwrap();
        assert_eq!((read.instructions, read.report), (fewer, Some(report)));
        assert_eq!(fs::read_to_string(root.path().join(DOCUMENT)).unwrap(), before);
    }

    #[test]
    fn a_run_without_counts_is_not_accepted_and_changes_nothing() {
        let (root, mut report) = (checkout(), sample::weir_alone());
        report.instructions = None;
        assert!(Accepted::run(root.path(), report).is_err());
        assert!(fs::read_to_string(root.path().join(DOCUMENT)).unwrap().contains("former"));
    }
}
