//! What the fuzzer learned, small enough to commit: the next run, on whatever machine, starts from there.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use super::{dir, target_dir};
use crate::process;

/// Of one target. What each run learns anew within seconds is not worth more.
const MOST_BYTES: u64 = 40 * 1024;
/// See [`MOST_BYTES`].
const MOST_FILES: usize = 150;

/// Makes `fuzz/kept/NAME` anew: of all inputs that are known, the fewest that reach as much, and some of these, from the
/// smallest to the largest.
pub(super) fn keep(binary: &Path, name: &str) -> Result<()> {
    let folder = |kind: &str| dir().join(kind).join(name);
    let (merged, kept) = (target_dir().join("merged").join(name), folder("kept"));
    empty(&merged)?;
    let mut fuzzer = Command::new(binary);
    fuzzer.args(["-set_cover_merge=1", "-max_len=8192", "-timeout=10", "-rss_limit_mb=2048"]).arg(&merged);
    let known = ["seeds", "kept", "corpus"].map(folder).into_iter().filter(|folder| folder.is_dir());
    fuzzer.args(known).current_dir(dir());
    process::run(&mut fuzzer).context("the fuzzer could not merge what it learned")?;
    let chosen = chosen(files(&merged)?);
    empty(&kept)?;
    for (_, file) in &chosen {
        let to = kept.join(file.file_name().context("a file has a name")?);
        fs::copy(file, &to).with_context(|| format!("could not write {}", to.display()))?;
    }
    eprintln!("Kept {} inputs of {name}, {} bytes", chosen.len(), chosen.iter().map(|(size, _)| size).sum::<u64>());
    Ok(())
}

/// Every so many of the files, the smallest first, while they fit.
fn chosen(mut files: Vec<(u64, PathBuf)>) -> Vec<(u64, PathBuf)> {
    files.sort();
    let step = files.len().div_ceil(MOST_FILES).max(1);
    let mut left = MOST_BYTES;
    let fits = |(size, _): &(u64, PathBuf)| {
        let rest = left.checked_sub(*size);
        left = rest.unwrap_or(left);
        rest.is_some()
    };
    files.into_iter().step_by(step).filter(fits).collect()
}

fn files(folder: &Path) -> Result<Vec<(u64, PathBuf)>> {
    let entries = fs::read_dir(folder).with_context(|| format!("could not read {}", folder.display()))?;
    let sized = |entry: fs::DirEntry| Ok((entry.metadata()?.len(), entry.path()));
    entries.map(|entry| entry.and_then(sized)).collect::<Result<_, _>>().context("could not read a file's size")
}

fn empty(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("could not empty {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("could not create {}", folder.display()))
}

#[cfg(test)]
mod tests {
    use std::iter;

    use super::*;

    #[test]
    fn kept_inputs_are_bounded_and_of_all_sizes() {
        let of = |sizes: Vec<u64>| {
            let files = iter::zip(sizes, 0..).map(|(size, number): (u64, u32)| (size, number.to_string().into()));
            chosen(files.collect()).into_iter().map(|(size, _)| size).collect::<Vec<_>>()
        };
        assert_eq!(of(vec![3, 1, 2]), [1, 2, 3]);
        let many = of((1..=1_500).collect());
        assert!(many.len() <= MOST_FILES && many.iter().sum::<u64>() <= MOST_BYTES, "{}", many.len());
        assert!(many.first() == Some(&1) && many.last().is_some_and(|last| *last > 700), "{many:?}");
        assert_eq!(of(vec![MOST_BYTES, MOST_BYTES + 1]), [MOST_BYTES]);
        assert!(of(vec![]).is_empty());
    }
}
