//! The part of a document that a run writes anew.

/// What stands before it.
pub const BEGIN: &str = "<!-- bench: written by `cargo xtask bench --accept` -->";
/// What stands after it.
pub const END: &str = "<!-- /bench -->";

/// The document has no such part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no region between the lines {BEGIN} and {END}: put them where the figures are to stand")]
pub struct NoRegion;

/// The document with this text between the two marks, and all else as it was.
///
/// # Errors
/// When the marks are not there, once each and in order.
pub fn replace(document: &str, text: &str) -> Result<String, NoRegion> {
    let (before, rest) = document.split_once(BEGIN).ok_or(NoRegion)?;
    let (_, after) = rest.split_once(END).ok_or(NoRegion)?;
    if before.contains(END) || after.contains(BEGIN) || after.contains(END) {
        return Err(NoRegion);
    }
    Ok(format!("{before}{BEGIN}\n{}\n{END}{after}", text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_else_stays_as_it_was() {
        let document = format!("# Title\n\n{BEGIN}\nold\n{END}\n\nrest\n");
        let new = replace(&document, "\nnew\n\n").unwrap();
        assert_eq!(new, format!("# Title\n\n{BEGIN}\nnew\n{END}\n\nrest\n"));
        assert_eq!(replace(&new, "new").unwrap(), new);
    }

    #[test]
    fn a_document_without_the_marks_once_each_is_refused() {
        for document in [
            "nothing".to_owned(),
            format!("{BEGIN} and no end"),
            format!("{END} before {BEGIN}"),
            format!("{BEGIN}{END}{BEGIN}{END}"),
        ] {
            assert_eq!(replace(&document, "x"), Err(NoRegion), "{document}");
        }
    }
}
