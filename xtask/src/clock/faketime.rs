//! Debian's libfaketime.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail, ensure};
use jiff::{SignedDuration, Timestamp};

use super::shift::Shift;
use crate::{process, state_dir};

/// What is preloaded, and was tried.
pub(super) struct Faketime {
    preload: String,
}

impl Faketime {
    /// Finds the library, and compiles what it lacks.
    pub(super) fn find() -> Result<Self> {
        let multiarch = format!("/usr/lib/{}-linux-gnu", std::env::consts::ARCH);
        let folders = [multiarch.as_str(), "/usr/lib", "/usr/lib64", "/usr/local/lib"];
        let found = folders.map(|folder| Path::new(folder).join("faketime/libfaketimeMT.so.1"));
        let Some(library) = found.into_iter().find(|path| path.is_file()) else {
            bail!("libfaketime was not found\nhint: on Debian and Ubuntu: apt-get install libfaketime");
        };
        Ok(Self { preload: format!("{}:{}", waits()?.display(), library.display()) })
    }

    pub(super) fn preload(&self) -> &str {
        &self.preload
    }

    /// A library that could not be preloaded would be left out silently, and every test would pass by the true time.
    pub(super) fn check(&self, shift: Shift) -> Result<()> {
        let now = Timestamp::now();
        let offset = shift.offset(now);
        let mut date = Command::new("date");
        shift_by(&mut date, &self.preload, offset);
        let printed = process::output(date.arg("+%s")).context("`date` does not run with libfaketime")?;
        let seconds: i64 = printed.trim().parse().with_context(|| format!("`date +%s` printed {printed:?}"))?;
        let off = seconds - (now + offset).as_second();
        // Both are cut to whole seconds.
        ensure!((-1..60).contains(&off), "libfaketime does not shift the clock: it is off by {off} s");
        Ok(())
    }
}

/// Has a program begin with its wall clock so far ahead.
pub(super) fn shift_by(command: &mut Command, preload: &str, offset: SignedDuration) {
    // An offset rather than a date: what the program starts later must agree with it.
    let offset = format!("+{}", offset.as_secs());
    command.envs([
        ("LD_PRELOAD", preload),
        ("FAKETIME", offset.as_str()),
        // Time-outs are of the monotonic clock, and files of the true one.
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ("NO_FAKE_STAT", "1"),
        // To a cargo that a test starts, everything it ever fetched would seem long unused.
        ("CARGO_CACHE_AUTO_CLEAN_FREQUENCY", "never"),
    ]);
}

/// The library of `waits.c`, compiled if need be.
fn waits() -> Result<PathBuf> {
    let source = crate::root().join("xtask/src/clock/waits.c");
    let library = state_dir().join("clock/waits.so");
    let changed = |path: &Path| path.metadata().and_then(|about| about.modified()).ok();
    // What is not there is older than all else.
    if changed(&library) < changed(&source) {
        std::fs::create_dir_all(state_dir().join("clock")).context("could not create a folder in target/weir")?;
        let mut compiler = Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()));
        compiler.args(["-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-o"]).arg(&library).arg(source);
        process::run(&mut compiler).context("could not compile what libfaketime lacks")?;
    }
    Ok(library)
}
