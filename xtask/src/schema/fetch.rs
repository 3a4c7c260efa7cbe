//! The pinned npm package, and the schema in it.

use std::{
    fs::{self, File},
    io::Read,
    path::Path,
    process::Command,
};

use anyhow::{Context, Result, bail};
use flate2::read::GzDecoder;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{read, sdl};
use crate::{process, root};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pin {
    package: String,
    version: String,
    file: String,
    sha256: String,
}

/// Brings the pinned schema to `path`, unless it is there.
pub(super) fn into(path: &Path) -> Result<()> {
    let pin: Pin = toml::from_str(&read(&root().join("infra/tools/shopify-schema.toml"))?)
        .context("infra/tools/shopify-schema.toml is not what it should be")?;
    let folder = path.parent().context("the schema's path has no folder")?;
    fs::create_dir_all(folder).with_context(|| format!("could not create {}", folder.display()))?;
    // One fetches, others wait: they would write the same file.
    let lock = File::create(folder.join("lock")).context("could not create a lock in target/shopify-schema")?;
    lock.lock().context("could not lock target/shopify-schema/lock")?;
    // Written last, so that an interrupted run is seen and done again. Names the converter too: it is part of the
    // result.
    let marker = folder.join("fetched.txt");
    let mark = format!("{}, converter {}", pin.sha256, sdl::EDITION);
    if path.is_file() && fs::read_to_string(&marker).is_ok_and(|marked| marked == mark) {
        return Ok(());
    }
    let json = introspection(&pin, folder)?;
    let text = sdl::from_introspection(&json).context("the introspection is not what it should be")?;
    fs::write(path, text).with_context(|| format!("could not write {}", path.display()))?;
    fs::write(&marker, mark).context("could not write to target/shopify-schema")
}

fn introspection(pin: &Pin, folder: &Path) -> Result<Vec<u8>> {
    let package = format!("{}@{}", pin.package, pin.version);
    eprintln!("Fetching Shopify's schema with npm: {package} (once, 3 MB)");
    let mut npm = Command::new("npm");
    npm.args(["pack", &package, "--silent", "--pack-destination"]).arg(folder).current_dir(folder);
    let Some(printed) = process::output(&mut npm) else {
        if process::output(Command::new("npm").arg("--version")).is_none() {
            bail!(
                "npm was not found, and Shopify publishes its schema there: install Node.js, \
                 or get an SDL file of it elsewhere and name it in WEIR_SHOPIFY_SCHEMA"
            );
        }
        bail!("could not get {package}: `{}` says why", process::line(&npm).replace(" --silent", ""));
    };
    let name = printed.lines().last().unwrap_or_default().trim();
    let archive = folder.join(name);
    let json = unpack(&archive, &pin.file).with_context(|| format!("could not unpack {}", archive.display()))?;
    fs::remove_file(&archive).with_context(|| format!("could not remove {}", archive.display()))?;
    let sum: String = Sha256::digest(&json).iter().map(|byte| format!("{byte:02x}")).collect();
    if sum != pin.sha256 {
        bail!(
            "{} of {package} has the SHA-256 {sum}, not the pinned {}: do not use it, or pin it in \
             infra/tools/shopify-schema.toml if you changed the version",
            pin.file,
            pin.sha256
        );
    }
    Ok(json)
}

/// The unpacked bytes of one gzipped file inside the package.
fn unpack(archive: &Path, wanted: &str) -> Result<Vec<u8>> {
    let mut archive = tar::Archive::new(GzDecoder::new(File::open(archive)?));
    for entry in archive.entries()? {
        let entry = entry?;
        if entry.path()?.as_ref() == Path::new(wanted) {
            let mut json = Vec::new();
            GzDecoder::new(entry).read_to_end(&mut json)?;
            return Ok(json);
        }
    }
    bail!("it holds no {wanted}: has the package changed its layout? infra/tools/shopify-schema.toml names the file")
}
