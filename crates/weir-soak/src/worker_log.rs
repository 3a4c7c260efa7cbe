//! What workers wrote: one file a process.

use std::{collections::HashMap, fs, io, path::Path};

use serde::Deserialize;

/// How many times workers wrote that they had completed an event, by its key. A line that a kill cut short is none.
pub(crate) fn completions(logs: &Path) -> io::Result<HashMap<String, u32>> {
    #[derive(Deserialize)]
    struct Line {
        message: String,
        key: String,
    }
    let mut completions = HashMap::new();
    for log in fs::read_dir(logs)? {
        let text = fs::read(log?.path())?;
        for line in text.split(|byte| *byte == b'\n') {
            match serde_json::from_slice::<Line>(line) {
                Ok(line) if line.message == "Done" => *completions.entry(line.key).or_default() += 1,
                _ => {}
            }
        }
    }
    Ok(completions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn completions_are_counted_over_all_processes_and_cut_lines_are_none() {
        let logs = tempfile::tempdir().unwrap();
        let line =
            |message: &str, key: &str| format!("{{\"level\":\"INFO\",\"message\":\"{message}\",\"key\":\"{key}\"}}\n");
        fs::write(logs.path().join("1.log"), line("Done", "a") + &line("Failed", "b") + &line("Done", "b")).unwrap();
        fs::write(
            logs.path().join("2.log"),
            line("Done", "a") + "{\"level\":\"INFO\",\"message\":\"Done\",\"key\":\"b",
        )
        .unwrap();
        let completions = completions(logs.path()).unwrap();
        assert_eq!(completions, HashMap::from([("a".to_owned(), 2), ("b".to_owned(), 1)]));
    }
}
