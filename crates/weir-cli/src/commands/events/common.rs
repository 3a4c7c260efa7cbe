//! The errors of the commands that read the ledger.

use weir_ops::events::ReadError;

use crate::{problem::HintedError, target::LedgerTarget};

/// The ledger's error, with what to check.
pub(super) fn unreadable(error: &ReadError, target: &LedgerTarget) -> anyhow::Error {
    let said = error.to_string();
    // DynamoDB's words for a query of an index that is not there.
    let hint = if said.contains("does not have the specified index") {
        "this ledger was deployed before it had indexes: deploy the template again, or give --scan"
    } else {
        target.hint
    };
    HintedError::new(said, hint).into()
}
