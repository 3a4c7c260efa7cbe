//! What the tests share: the installation of this checkout, checkouts made for one test, and looking for processes.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::{Instant, interval};
use weir_local::{Checkout, Emulator, Installation, Options};

/// Long enough for a busy machine; a test that waits so long has failed.
pub(crate) const DEADLINE: Duration = Duration::from_secs(300);

pub(crate) fn this_checkout() -> Checkout {
    Checkout::find(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap()
}

pub(crate) fn quiet(_: &str) {}

/// The emulator that the checkout pins: installed by whichever test comes first.
pub(crate) async fn installation() -> Installation {
    Installation::ensure(&this_checkout(), &quiet).await.unwrap()
}

pub(crate) async fn emulator() -> Emulator {
    Emulator::start(&installation().await, &Options::default()).await.unwrap()
}

/// A checkout with this template and no pins: what is installed from it is an empty Python environment.
pub(crate) fn checkout_with(template: &str) -> (TempDir, Checkout) {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("crates")).unwrap();
    fs::create_dir_all(dir.path().join("infra/emulator")).unwrap();
    fs::write(dir.path().join("template.yaml"), template).unwrap();
    fs::write(dir.path().join("infra/emulator/requirements.txt"), "# none\n").unwrap();
    let checkout = Checkout::find(dir.path()).unwrap();
    (dir, checkout)
}

/// A folder with `script` as the binary of each of `names`.
pub(crate) fn functions<S: AsRef<Path>>(names: impl IntoIterator<Item = S>, script: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for name in names {
        let path = dir.path().join(name);
        fs::write(&path, script).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    dir
}

/// Asks again and again until the answer is yes.
pub(crate) async fn until(what: &str, mut check: impl FnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    let mut tick = interval(Duration::from_millis(20));
    while !check() {
        assert!(Instant::now() < deadline, "not within {DEADLINE:?}: {what}");
        tick.tick().await;
    }
}

/// Every process that was started with this setting, and its command line.
///
/// An emulator's functions inherit its environment, in whatever process group they are. A process that is dead but
/// not yet waited for has none.
#[cfg(target_os = "linux")]
pub(crate) fn processes_with(setting: &str) -> BTreeMap<i32, String> {
    let read = |path: PathBuf| fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok())
        .filter_map(|pid| {
            let environ = read(format!("/proc/{pid}/environ").into()).ok()?;
            let command = read(format!("/proc/{pid}/cmdline").into()).ok()?;
            environ.split('\0').any(|var| var == setting).then_some((pid, command.replace('\0', " ")))
        })
        .collect()
}

/// The setting that an emulator and all that it starts have, and no other process has.
#[cfg(target_os = "linux")]
pub(crate) fn mark(endpoint: &str) -> String {
    format!("AWS_ENDPOINT_URL={endpoint}")
}
