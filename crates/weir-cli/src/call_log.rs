//! The command's own calls of the Admin API: a line each, in a file of this machine that `weir audit` reads too.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use shopify_client::call_log::TARGET;
use tracing_subscriber::{filter::Targets, fmt::MakeWriter, layer::SubscriberExt, util::SubscriberInitExt};

/// A file that grew to this is set aside, in place of the one before.
const MAX_BYTES: u64 = 8 * 1024 * 1024;

static FILE: Mutex<Option<PathBuf>> = Mutex::new(None);

/// Has the calls of this process logged, once its stack is [known](of_stack).
pub(crate) fn install() {
    let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_target(false).with_writer(CallFile);
    let only_calls = Targets::new().with_target(TARGET, tracing::Level::INFO);
    // Another subscriber is there only if a test made one.
    let _another =
        tracing_subscriber::registry().with(tracing_subscriber::Layer::with_filter(lines, only_calls)).try_init();
}

/// The calls of this stack's shops: where the lines go from now on. `None` where this machine has no place for them.
pub(crate) fn of_stack(name: &str) -> Option<PathBuf> {
    let path = path(name, &|name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from));
    FILE.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&path);
    path
}

fn path(stack: &str, env: &dyn Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let state = env("XDG_STATE_HOME").or_else(|| Some(env("HOME")?.join(".local/state")))?;
    // CloudFormation's names have letters, digits and hyphens.
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let name: String = stack.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    Some(state.join("weir/calls").join(format!("{name}.log")))
}

struct CallFile;

impl MakeWriter<'_> for CallFile {
    type Writer = Line;

    fn make_writer(&self) -> Line {
        Line(FILE.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

/// Writes one line.
struct Line(Option<PathBuf>);

impl Write for Line {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if let Some(path) = &self.0 {
            open(path)?.write_all(line)?;
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    if fs::metadata(path).is_ok_and(|file| file.len() > MAX_BYTES) {
        fs::rename(path, path.with_extension("log.1"))?;
    }
    OpenOptions::new().create(true).append(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stack_has_a_file_of_its_own_below_the_folder_of_the_user() {
        let home = |name: &str| (name == "HOME").then(|| PathBuf::from("/home/ann"));
        assert_eq!(path("shop-weir", &home), Some("/home/ann/.local/state/weir/calls/shop-weir.log".into()));
        assert_eq!(path("../x", &home), Some("/home/ann/.local/state/weir/calls/___x.log".into()));
        let state = |name: &str| (name == "XDG_STATE_HOME").then(|| PathBuf::from("/state"));
        assert_eq!(path("a", &state), Some("/state/weir/calls/a.log".into()));
        assert_eq!(path("a", &|_| None), None);
    }

    #[test]
    fn file_that_grew_is_set_aside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calls/a.log");
        open(&path).unwrap().set_len(MAX_BYTES + 1).unwrap();
        Line(Some(path.clone())).write_all(b"x").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"x");
        assert_eq!(fs::metadata(path.with_extension("log.1")).unwrap().len(), MAX_BYTES + 1);
    }
}
