//! What the user errors of a refused batch say about its rows.

use crate::UserError;

/// A refused batch: nothing of it was written.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The key was used with other values.
    KeyUsedOtherwise,
    /// What was sent with this key before was refused: another key is needed.
    KeyUsedInVain,
    /// All rows share the fault: a wrong reason, say.
    Whole {
        /// Shopify's code.
        code: String,
    },
    /// A verdict for each row.
    Rows(Vec<Verdict>),
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing: another row kept it from being written.
    Good,
    /// Its quantity is not the expected one, or, where Shopify does not say which row it means, may not be.
    Stale,
    /// Shopify refuses it.
    Bad {
        /// Shopify's code.
        code: String,
    },
}

/// The code of a row whose quantity is not the expected one.
pub(super) const STALE: &str = "CHANGE_FROM_QUANTITY_STALE";

/// Reads the errors of a batch of `rows` rows.
pub(super) fn read(errors: &[UserError], rows: usize) -> Refusal {
    let has = |code: &str| errors.iter().any(|error| error.code.as_deref() == Some(code));
    if has("IDEMPOTENCY_KEY_PARAMETER_MISMATCH") {
        return Refusal::KeyUsedOtherwise;
    }
    if has("IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED") {
        return Refusal::KeyUsedInVain;
    }
    let mut verdicts = vec![Verdict::Good; rows];
    for error in errors {
        let code = error.code.clone().unwrap_or_else(|| "UNKNOWN".to_owned());
        match row_of(error).and_then(|row| verdicts.get_mut(row)) {
            // What is bad is bad, stale or not.
            Some(verdict @ (Verdict::Good | Verdict::Stale)) if code != STALE => *verdict = Verdict::Bad { code },
            Some(verdict @ Verdict::Good) => *verdict = Verdict::Stale,
            Some(_) => {}
            None if code == STALE => {
                verdicts
                    .iter_mut()
                    .filter(|verdict| **verdict == Verdict::Good)
                    .for_each(|good| *good = Verdict::Stale);
            }
            None => return Refusal::Whole { code },
        }
    }
    match verdicts.iter().all(|verdict| *verdict == Verdict::Good) {
        true => Refusal::Whole { code: "UNKNOWN".to_owned() },
        false => Refusal::Rows(verdicts),
    }
}

/// The row of a path such as `input.quantities.3.locationId`.
fn row_of(error: &UserError) -> Option<usize> {
    match error.field.as_deref()? {
        [_, list, row, ..] if list == "quantities" || list == "changes" => row.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: &str, field: &str) -> UserError {
        let field = (!field.is_empty()).then(|| field.split('.').map(str::to_owned).collect());
        UserError { field, message: String::new(), code: Some(code.to_owned()) }
    }

    fn bad(code: &str) -> Verdict {
        Verdict::Bad { code: code.to_owned() }
    }

    #[test]
    fn an_error_belongs_to_the_row_that_its_path_names() {
        let errors = [error(STALE, "input.quantities.2.changeFromQuantity"), error("X", "input.changes.0.locationId")];
        assert_eq!(read(&errors, 3), Refusal::Rows(vec![bad("X"), Verdict::Good, Verdict::Stale]));
    }

    #[test]
    fn a_row_that_is_bad_and_stale_is_bad() {
        let (stale, x) = (error(STALE, "input.quantities.0"), error("X", "input.quantities.0"));
        assert_eq!(read(&[stale.clone(), x.clone()], 1), Refusal::Rows(vec![bad("X")]));
        assert_eq!(read(&[x, stale], 1), Refusal::Rows(vec![bad("X")]));
    }

    #[test]
    fn staleness_without_a_row_may_be_any_rows() {
        let errors = [error("X", "input.quantities.1"), error(STALE, "input")];
        assert_eq!(read(&errors, 2), Refusal::Rows(vec![Verdict::Stale, bad("X")]));
    }

    #[test]
    fn an_error_of_no_row_is_everybodys() {
        for field in ["", "input.reason", "input.quantities", "input.quantities.9.quantity", "input.quantities.x"] {
            assert_eq!(read(&[error("X", field)], 2), Refusal::Whole { code: "X".into() }, "{field}");
        }
        let nameless = UserError { field: None, message: String::new(), code: None };
        assert_eq!(read(&[nameless], 1), Refusal::Whole { code: "UNKNOWN".into() });
    }

    #[test]
    fn refusal_of_the_key_comes_first() {
        let errors = [error("X", "input.quantities.0"), error("IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED", "")];
        assert_eq!(read(&errors, 1), Refusal::KeyUsedInVain);
        assert_eq!(read(&[error("IDEMPOTENCY_KEY_PARAMETER_MISMATCH", "")], 1), Refusal::KeyUsedOtherwise);
    }
}
