//! `cargo xtask fuzz`: libFuzzer on a stable toolchain.
//!
//! `cargo fuzz` asks for a nightly one, for the sanitizers. weir has no unsafe code for these to watch; what libFuzzer
//! itself needs is coverage, and the flags for that are stable.

mod kept;

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use crate::{process, root};

/// Look for inputs that break a promise, for a bounded time or number of inputs; fails if it finds one and says how to run it again.
///
/// Needs a C++ compiler, for libFuzzer. It starts from fuzz/seeds, written by hand, and fuzz/kept, learned before. What it
/// learns goes to fuzz/corpus on this machine, what it finds to fuzz/artifacts.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  cargo xtask fuzz\n  cargo xtask fuzz ingest_request --seconds 600\n  cargo xtask fuzz --keep"
)]
pub(crate) struct Fuzz {
    /// Only this target, not all
    target: Option<Target>,
    /// How long to fuzz each target
    #[arg(long, default_value_t = 60, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
    /// How many inputs to try with each target, however long it takes: with --seed the same ones on a slow machine
    #[arg(long, value_name = "N", conflicts_with = "seconds", value_parser = clap::value_parser!(u32).range(1..))]
    runs: Option<u32>,
    /// Where chance starts: the same inputs each time, from the same corpus. Without it, others each time
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    seed: Option<u32>,
    /// Run this one input and stop
    #[arg(long, value_name = "FILE", requires = "target", conflicts_with_all = ["seconds", "runs"])]
    input: Option<PathBuf>,
    /// Fuzz nothing: take the best of fuzz/corpus over into fuzz/kept, to be committed
    #[arg(long, conflicts_with_all = ["seconds", "runs", "input"])]
    keep: bool,
    /// Build the targets, and fuzz nothing
    #[arg(long, conflicts_with_all = ["seconds", "runs", "seed", "input", "keep"])]
    no_run: bool,
    /// Refuse to change fuzz/Cargo.lock, as CI does
    #[arg(long)]
    locked: bool,
}

#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Target {
    /// What the Admin API answers, from the bytes that come to what the caller gets
    ApiResponse,
    /// The result of a bulk operation, read line by line
    BulkJsonl,
    /// What a user hands to the `weir` command
    CliInput,
    /// The headers of a delivery, in both families
    DeliveryHeaders,
    /// A request, from the bytes that Lambda hands over to the message on the lane
    IngestRequest,
    /// The text and JSON that commands print of an event with hostile strings
    TextViews,
    /// A message of a lane, as a worker reads it
    WorkerMessage,
}

/// The coverage that libFuzzer is guided by, as `cargo fuzz` asks for it. One codegen unit: these passes keep functions
/// from being inlined across units.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
                     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
                     -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1";

/// libFuzzer only warns when it is blind, and goes on to find nothing.
const BLIND: &str = "Is the code instrumented for coverage?";

impl Fuzz {
    pub(crate) fn run(&self) -> Result<()> {
        let targets = self.target.as_ref().map_or(Target::value_variants(), std::slice::from_ref);
        let host = host()?;
        build(&host, targets, self.locked)?;
        if self.no_run {
            return Ok(());
        }
        for target in targets {
            let name = target.name();
            let binary = target_dir().join(&host).join("release").join(&name);
            match &self.input {
                Some(input) => process::run(Command::new(binary).arg(input))?,
                None if self.keep => kept::keep(&binary, &name)?,
                None => fuzz(&binary, &name, self.bound(), self.seed)?,
            }
        }
        Ok(())
    }
}

/// Where a target's fuzzing ends.
#[derive(Clone, Copy)]
enum Bound {
    Seconds(u32),
    Runs(u32),
}

impl Fuzz {
    fn bound(&self) -> Bound {
        self.runs.map_or(Bound::Seconds(self.seconds), Bound::Runs)
    }
}

impl Target {
    fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

fn dir() -> PathBuf {
    root().join("fuzz")
}

fn target_dir() -> PathBuf {
    dir().join("target")
}

/// A named target keeps the flags from build scripts and macros, which could not link with them.
fn host() -> Result<String> {
    let about = process::output(Command::new("rustc").arg("-vV")).context("could not ask rustc for its host")?;
    let host = about.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc did not say its host")
}

fn build(host: &str, targets: &[Target], locked: bool) -> Result<()> {
    let mut cargo = process::cargo();
    cargo.args(["build", "--release", "--target", host]).current_dir(dir());
    cargo.arg("--target-dir").arg(target_dir());
    for target in targets {
        cargo.args(["--bin", &target.name()]);
    }
    if locked {
        cargo.arg("--locked");
    }
    cargo.env("RUSTFLAGS", FLAGS).env_remove("CARGO_ENCODED_RUSTFLAGS");
    let hint = if locked { "; if fuzz/Cargo.lock is out of date, `cargo xtask fuzz` renews it" } else { "" };
    process::run(&mut cargo).with_context(|| format!("could not build the fuzz targets{hint}"))
}

fn fuzz(binary: &Path, name: &str, bound: Bound, seed: Option<u32>) -> Result<()> {
    let folder = |kind: &str| dir().join(kind).join(name);
    let (corpus, artifacts, seeds, kept) = (folder("corpus"), folder("artifacts"), folder("seeds"), folder("kept"));
    for folder in [&corpus, &artifacts, &kept] {
        fs::create_dir_all(folder).with_context(|| format!("could not create {}", folder.display()))?;
    }
    let (told, bound) = match bound {
        Bound::Seconds(seconds) => (format!("for {seconds} s"), format!("-max_total_time={seconds}")),
        Bound::Runs(runs) => (format!("with {runs} inputs"), format!("-runs={runs}")),
    };
    eprintln!("Fuzzing {name} {told}");
    let mut fuzzer = Command::new(binary);
    fuzzer.arg(bound).arg(format!("-artifact_prefix={}/", artifacts.display()));
    fuzzer.args([
        "-timeout=10",
        "-rss_limit_mb=2048",
        "-max_len=8192",
        "-print_final_stats=1",
        "-print_funcs=0",
        "-dict=dictionary",
    ]);
    fuzzer.args(seed.map(|seed| format!("-seed={seed}")));
    fuzzer.arg(&corpus).arg(seeds).arg(kept).current_dir(dir());
    let ending = narrate(&mut fuzzer)?;
    match (ending.found, ending.status.success(), ending.blind) {
        (Some(found), ..) => bail!(
            "{name} broke a promise: the panic's message above says which\n\
             run it again: cargo xtask fuzz {name} --input {found}"
        ),
        (None, false, _) => bail!("the fuzzer stopped early ({})", ending.status),
        (None, true, true) => bail!("{name} was built without coverage, so its fuzzer is blind: remove fuzz/target"),
        (None, true, false) => Ok(()),
    }
}

struct Ending {
    status: ExitStatus,
    /// The file with the input that broke a promise, ran too long or took too much memory.
    found: Option<String>,
    blind: bool,
}

/// Runs the fuzzer and passes on what it says, less a line for each input that it keeps.
fn narrate(fuzzer: &mut Command) -> Result<Ending> {
    let mut child = fuzzer.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().context("could not start the fuzzer")?;
    let (mut found, mut blind) = (None, false);
    if let Some(stderr) = child.stderr.take() {
        // Bytes: it quotes what it found as it is.
        for line in BufReader::new(stderr).split(b'\n') {
            let line = line.context("could not read what the fuzzer says")?;
            let line = String::from_utf8_lossy(&line);
            blind |= line.contains(BLIND);
            if let Some((_, file)) = line.split_once("Test unit written to ") {
                found = Some(file.trim().to_owned());
            }
            if !is_noise(&line) {
                eprintln!("{line}");
            }
        }
    }
    let status = child.wait().context("the fuzzer was lost")?;
    Ok(Ending { status, found, blind })
}

fn is_noise(line: &str) -> bool {
    let kept = line.starts_with('#') && ["NEW", "REDUCE", "RELOAD"].iter().any(|word| line.contains(word));
    let dictionary = line.contains("# Uses: ") || line.contains("ecommended dictionary");
    // Hooks of sanitizers, which are not there.
    kept || dictionary || line.starts_with("WARNING: Failed to find function")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fuzzer_is_quoted_but_for_its_chatter() {
        for line in ["#12\tNEW    cov: 5 ft: 6", "#9\tREDUCE cov: 5", "\"title\" # Uses: 45"] {
            assert!(is_noise(line), "{line}");
        }
        for line in ["#99\tDONE   cov: 5", "#1024\tpulse  cov: 5", "thread panicked at x.rs", "==1== ERROR: libFuzzer"]
        {
            assert!(!is_noise(line), "{line}");
        }
    }

    #[test]
    fn every_binary_of_the_fuzz_crate_is_a_target_with_seeds() {
        let binaries = fs::read_dir(dir().join("fuzz_targets")).unwrap().map(|file| file.unwrap().path());
        let mut binaries: Vec<_> = binaries.map(|file| file.file_stem().unwrap().display().to_string()).collect();
        binaries.sort();
        let targets: Vec<_> = Target::value_variants().iter().map(|target| target.name()).collect();
        assert_eq!(targets, binaries);
        let manifest = fs::read_to_string(dir().join("Cargo.toml")).unwrap();
        for name in targets {
            assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
            for kind in ["seeds", "kept"] {
                assert!(fs::read_dir(dir().join(kind).join(&name)).unwrap().count() > 0, "{kind} of {name}");
            }
        }
    }

    #[test]
    fn committed_fuzz_inputs_stay_small() {
        let bytes = |kind: &str| -> u64 {
            let folders = fs::read_dir(dir().join(kind)).unwrap().map(|folder| folder.unwrap().path());
            let files = folders.flat_map(|folder| fs::read_dir(folder).unwrap());
            files.map(|file| file.unwrap().metadata().unwrap().len()).sum()
        };
        let bytes = bytes("seeds") + bytes("kept");
        assert!(bytes < 300 * 1024, "{bytes} bytes; fuzz/kept has a bound in xtask/src/fuzz/kept.rs");
    }
}
