//! Lines of a file, or of stdin.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

use crate::problem::Usage;

/// The longest line that is looked at: a log event of CloudWatch has 1 MiB at most.
const LONGEST: u64 = 1024 * 1024;

/// Hands over each line, without its end; of one that is too long its beginning.
pub(super) fn read(path: &Path, take: impl FnMut(&[u8])) -> anyhow::Result<()> {
    let unreadable = |error: io::Error| {
        Usage::new(format!("could not read {}: {error}", path.display()), "name a file with log lines, or - for stdin")
    };
    if path.as_os_str() == "-" {
        lines(io::stdin().lock(), take).map_err(unreadable)?;
    } else {
        let file = File::open(path).map_err(unreadable)?;
        lines(BufReader::new(file), take).map_err(unreadable)?;
    }
    Ok(())
}

/// See [`read`].
pub(super) fn lines(mut reader: impl BufRead, mut take: impl FnMut(&[u8])) -> io::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        if reader.by_ref().take(LONGEST).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        if line.last() != Some(&b'\n') {
            reader.skip_until(b'\n')?;
        }
        let ends_at = line.iter().rposition(|byte| !b"\r\n".contains(byte)).map_or(0, |last| last + 1);
        take(&line[..ends_at]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &[u8]) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        lines(text, |line| all.push(line.to_vec())).unwrap();
        all
    }

    #[test]
    fn lines_come_one_by_one_whatever_ends_them() {
        assert_eq!(of(b"a\nb\r\n\n\xffc"), [b"a".as_slice(), b"b", b"", b"\xffc"]);
        assert!(of(b"").is_empty());
    }

    #[test]
    fn a_line_that_never_ends_is_cut() {
        let text = [vec![b'x'; 3 * 1024 * 1024], b"\nb".to_vec()].concat();
        let lines = of(&text);
        assert_eq!((lines.len(), lines[0].len(), lines[1].as_slice()), (2, 1024 * 1024, b"b".as_slice()));
    }
}
