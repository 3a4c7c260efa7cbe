//! How views put strings into lines: each is escaped, so that none breaks its line or hides in it.

use crate::printable::line;

/// Lines one below the other: each is one line, whatever was put into it.
pub(crate) fn joined(lines: impl IntoIterator<Item = String>) -> String {
    lines.into_iter().map(|text| line(&text).into_owned()).collect::<Vec<_>>().join("\n")
}

/// Rows whose columns line up, two blanks apart.
pub(crate) fn columns<const N: usize>(rows: Vec<[String; N]>) -> String {
    let rows: Vec<[String; N]> = rows.into_iter().map(|row| row.map(|cell| line(&cell).into_owned())).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    let joined = |row: &[String; N]| {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(joined).collect::<Vec<_>>().join("\n")
}

/// Facts, one a line: their labels line up, and are never as wide as to run into a value.
pub(crate) fn facts<L: AsRef<str>>(facts: &[(L, String)], least: usize) -> Vec<String> {
    let width = facts.iter().map(|(label, _)| label.as_ref().chars().count()).max().unwrap_or(0).max(least);
    let fact = |(label, value): &(L, String)| format!("  {:<width$}  {}", line(label.as_ref()), line(value));
    facts.iter().map(fact).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn string_with_a_line_break_adds_no_line() {
        let rows = vec![["A", "B"], ["x\ny", "1"]].into_iter().map(|row| row.map(str::to_owned)).collect();
        assert_eq!(columns(rows), "A     B\nx\\ny  1");
        assert_eq!(facts(&[("a", "x\nb  y".to_owned())], 4), ["  a     x\\nb  y"]);
        assert_eq!(joined(["a\nb".to_owned(), "c".to_owned()]), "a\\nb\nc");
    }

    #[test]
    fn long_label_does_not_run_into_its_value() {
        let shown = facts(&[("ledger: duplicates", "0".to_owned()), ("error", "x".to_owned())], 0);
        assert_eq!(shown, ["  ledger: duplicates  0", "  error               x"]);
    }
}
