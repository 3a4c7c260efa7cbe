//! How two texts differ, line by line.

use std::fmt::Write;

/// Lines of `old` that `new` lacks, with a minus, and those that it adds, with a plus, each with its number. Empty for
/// equal texts.
#[must_use]
pub fn differences(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let same = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let rest = old[same..].iter().rev().zip(new[same..].iter().rev());
    let end = rest.take_while(|(old, new)| old == new).count();
    let (before, after) = (&old[same..old.len() - end], &new[same..new.len() - end]);
    let common = common(before, after);
    let (mut i, mut j, mut out) = (0, 0, String::new());
    let mut say = |sign: char, number: usize, line: &str| {
        // Writing to a text does not fail.
        let _ = writeln!(out, "{sign}{number:>5} {line}");
    };
    while i < before.len() || j < after.len() {
        if i < before.len() && j < after.len() && before[i] == after[j] {
            (i, j) = (i + 1, j + 1);
        } else if j == after.len() || (i < before.len() && common[i + 1][j] >= common[i][j + 1]) {
            say('-', same + i + 1, before[i]);
            i += 1;
        } else {
            say('+', same + j + 1, after[j]);
            j += 1;
        }
    }
    out
}

/// How many lines the texts have in common from a line of the one and a line of the other on.
fn common(old: &[&str], new: &[&str]) -> Vec<Vec<u16>> {
    let mut table = vec![vec![0_u16; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            table[i][j] = match old[i] == new[j] {
                true => table[i + 1][j + 1] + 1,
                false => table[i + 1][j].max(table[i][j + 1]),
            };
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_have_no_differences() {
        assert_eq!(differences("a\nb\n", "a\nb\n"), "");
    }

    #[test]
    fn changed_and_added_lines_are_shown_with_their_numbers() {
        let shown = differences("a\nb\nc\nd\n", "a\nx\nc\nd\ne\n");
        assert_eq!(shown, "-    2 b\n+    2 x\n+    5 e\n");
    }
}
