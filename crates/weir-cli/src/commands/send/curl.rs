//! `--dry-run`: the request as a curl command, ready to paste.

use reqwest::Url;
use secrecy::SecretString;
use serde::Serialize;
use weir_load::{Delivery, Headers};

use crate::problem::HintedError;

/// A request that is shown and not sent. It holds the signature and not the secret.
#[derive(Debug, Serialize)]
pub(super) struct Request {
    url: String,
    headers: Headers,
    body: String,
}

impl Request {
    pub(super) fn new(url: &Url, delivery: &Delivery, secret: &SecretString) -> Result<Self, HintedError> {
        let body = std::str::from_utf8(&delivery.body).ok().filter(|body| !body.contains('\0'));
        let not_text = || HintedError::new("the body is not text, and can't be shown", "send it, without --dry-run");
        let body = body.ok_or_else(not_text)?;
        Ok(Self { url: url.to_string(), headers: delivery.headers(secret), body: body.to_owned() })
    }

    pub(super) fn command(&self) -> String {
        let headers: String = self
            .headers
            .iter()
            .map(|(name, value)| format!(" \\\n  -H {}", quoted(&format!("{name}: {value}"))))
            .collect();
        format!("curl -i {}{headers} \\\n  --data-raw {}", quoted(&self.url), quoted(&self.body))
    }
}

/// As one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_with_quotes_stays_one_word() {
        assert_eq!(quoted(r#"{"note":"it's"}"#), r#"'{"note":"it'\''s"}'"#);
    }
}
