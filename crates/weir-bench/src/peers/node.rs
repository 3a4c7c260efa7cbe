//! Node: Shopify's library, AWS's SDK and Powertools in one minified file a function.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result};
use serde_json::Value;

use super::{Peer, Workshop, run};
use crate::subject::Subject;

const HINT: &str = "install npm (Node.js), or leave this peer out: --only weir";

/// Some of the bundled packages are CommonJS and ask for `require`.
const BANNER: &str =
    r#"--banner:js=import { createRequire } from "node:module"; const require = createRequire(import.meta.url);"#;

/// Installs and bundles it, unless that was done. `tell` hears what goes on.
///
/// # Errors
/// When npm is not there, or fetches nothing.
pub fn node(sources: &Path, folder: &Path, tell: impl Fn(&str)) -> Result<Peer> {
    let workshop = Workshop::open(&sources.join("node"), &folder.join("node"))?;
    if !workshop.is_fresh {
        tell("node: npm ci");
        let mut npm = Command::new("npm");
        npm.current_dir(&workshop.folder).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
        run(&mut npm, HINT)?;
    }
    let node = workshop.at("node_modules/.bin/node").canonicalize().context("npm installed no Node")?;
    if !workshop.is_fresh {
        tell("node: esbuild");
        for function in ["ingest", "worker"] {
            let mut esbuild = Command::new(&node);
            esbuild.current_dir(&workshop.folder).args([
                "node_modules/esbuild/bin/esbuild",
                &format!("src/main-{function}.js"),
                &format!("--outfile=out/{function}.mjs"),
                "--bundle",
                "--minify",
                "--platform=node",
                "--target=node24",
                "--format=esm",
                "--log-level=warning",
                BANNER,
            ]);
            run(&mut esbuild, HINT)?;
        }
    }
    let bootstrap = |function: &str| {
        let bundle = workshop.at(&format!("out/{function}.mjs"));
        let command = [node.display().to_string(), bundle.display().to_string()];
        workshop.bootstrap(&format!("bootstrap-{function}"), &command.each_ref().map(String::as_str))
    };
    let subject = Subject { name: "node", ingest: bootstrap("ingest")?, worker: bootstrap("worker")? };
    workshop.close()?;
    let artifact = fs::metadata(workshop.at("out/ingest.mjs"))?.len();
    let version = run(Command::new(&node).arg("--version"), HINT)?;
    let mut versions = vec![("Node".to_owned(), version.trim_start_matches('v').to_owned())];
    versions.extend(dependencies(&fs::read_to_string(workshop.at("package.json"))?)?);
    Ok(Peer { subject, artifact, versions })
}

fn dependencies(package: &str) -> Result<Vec<(String, String)>> {
    let package: Value = serde_json::from_str(package).context("package.json can't be read")?;
    let dependencies = package["dependencies"].as_object().context("package.json has no dependencies")?;
    Ok(dependencies.iter().map(|(name, version)| (name.clone(), version.as_str().unwrap_or("?").to_owned())).collect())
}
