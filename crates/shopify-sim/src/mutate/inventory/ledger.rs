//! Ledger documents: which quantities need one, and which documents they may be.

use serde_json::{Value, json};

use super::{Fault, fault};

/// Whether a text can name a document: a scheme and content. Of a global id, every part has to be there.
pub(super) fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let is_scheme = scheme.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let content = rest.strip_prefix("//").unwrap_or(rest);
    let whole = match scheme {
        "gid" => content.split('/').count() >= 3 && content.split('/').all(|part| !part.is_empty()),
        _ => !content.is_empty(),
    };
    is_scheme && whole && !text.contains(char::is_whitespace)
}

/// What is wrong with the document of one row, or of one end of a move.
pub(super) fn fault_of(path: Value, name: &str, document: &Value) -> Option<Fault> {
    let document = document.as_str().filter(|document| !document.is_empty());
    let (message, code) = match (name, document) {
        ("available", None) => return None,
        ("available", Some(_)) => {
            ("A ledger document URI is not allowed when adjusting available.", "INVALID_AVAILABLE_DOCUMENT")
        }
        (_, None) => {
            ("A ledger document URI is required except when adjusting available.", "INVALID_QUANTITY_DOCUMENT")
        }
        (_, Some(document)) if document.starts_with("gid://shopify/") => (
            "Internal (gid://shopify/) ledger documents are not allowed to be adjusted via API.",
            "INTERNAL_LEDGER_DOCUMENT",
        ),
        (_, Some(document)) if !is_uri(document) => {
            ("The specified ledger document is invalid.", "INVALID_LEDGER_DOCUMENT")
        }
        _ => return None,
    };
    Some(fault(path, message, code))
}

/// Whether the rows of an adjustment name more than one document.
pub(super) fn several(rows: &[Value]) -> Option<Fault> {
    let first = rows.first().map(|row| &row["ledgerDocumentUri"]);
    let same = rows.iter().all(|row| Some(&row["ledgerDocumentUri"]) == first);
    let message = "All changes must have the same ledger document URI or, in the case of adjusting available, no ledger \
                   document URI.";
    (!same).then(|| fault(json!(["input", "changes"]), message, "MAX_ONE_LEDGER_DOCUMENT"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uri_needs_scheme_and_content() {
        for (text, good) in [
            ("https://example.com/documents/1", true),
            ("logistics://receipts/7", true),
            ("gid://warehouse-app/PurchaseOrder/PO-2026-001", true),
            ("urn:erp:7", true),
            ("gid://warehouse-app/PurchaseOrder", false),
            ("gid://warehouse-app//7", false),
            ("receipts/7", false),
            ("https://", false),
            ("7:x", false),
            ("erp://a b", false),
            ("", false),
        ] {
            assert_eq!(is_uri(text), good, "{text}");
        }
    }
}
