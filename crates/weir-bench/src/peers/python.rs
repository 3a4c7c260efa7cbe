//! Python: boto3 and Powertools, run by AWS's own runtime client.

use std::{fs, path::Path, process::Command};

use anyhow::Result;

use super::{Peer, Workshop, run, size};
use crate::subject::Subject;

const HINT: &str = "install Python 3.10 or newer with pip, name it in WEIR_PYTHON, or leave this peer out: --only weir";

/// Installs it, unless that was done. `tell` hears what goes on.
///
/// # Errors
/// When Python is not there, or pip fetches nothing.
pub fn python(sources: &Path, folder: &Path, tell: impl Fn(&str)) -> Result<Peer> {
    let workshop = Workshop::open(&sources.join("python"), &folder.join("python"))?;
    // The interpreter itself: what is on the path may be a script that looks for it at each start.
    let named = std::env::var("WEIR_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let python = run(Command::new(named).args(["-c", "import sys; print(sys.executable)"]), HINT)?;
    if !workshop.is_fresh {
        tell("python: pip install");
        let mut pip = Command::new(&python);
        pip.current_dir(&workshop.folder).args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        run(pip.args(["--no-deps", "--target", "package", "--requirement", "requirements.txt"]), HINT)?;
        fs::create_dir_all(workshop.at("package"))?;
        for module in ["ingest.py", "worker.py"] {
            fs::copy(workshop.at(module), workshop.at("package").join(module))?;
        }
        // So that no start compiles anything.
        run(Command::new(&python).current_dir(&workshop.folder).args(["-m", "compileall", "-q", "package"]), HINT)?;
    }
    let package = workshop.at("package").display().to_string();
    let bootstrap = |function: &str| {
        let path = format!("PYTHONPATH={package}");
        let handler = format!("{function}.handler");
        let command = ["env", &path, &python, "-m", "awslambdaric", &handler];
        workshop.bootstrap(&format!("bootstrap-{function}"), &command)
    };
    let subject = Subject { name: "python", ingest: bootstrap("ingest")?, worker: bootstrap("worker")? };
    workshop.close()?;
    let artifact = size(&workshop.at("package"))?;
    let version = run(Command::new(&python).args(["-c", "import platform; print(platform.python_version())"]), HINT)?;
    let mut versions = vec![("Python".to_owned(), version)];
    let pinned = fs::read_to_string(workshop.at("requirements.txt"))?;
    let pins = pinned.lines().filter_map(|line| line.split_once("=="));
    // A line goes on with the hashes of the package's files.
    let trim = |text: &str| text.trim_end_matches('\\').trim().to_owned();
    versions.extend(pins.map(|(name, version)| (trim(name), trim(version))));
    Ok(Peer { subject, artifact, versions })
}
