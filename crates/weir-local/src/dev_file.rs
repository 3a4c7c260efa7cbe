//! `target/weir/dev.json`: how other programs find the local stack that `weir dev` serves.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};

use crate::checkout::Checkout;

/// What is in `dev.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DevFile {
    /// Where webhooks are posted.
    pub webhook_url: String,
    /// Where every AWS API answers.
    pub aws_endpoint_url: String,
    /// The region that everything is in.
    pub region: String,
    /// The stack's name.
    pub stack_name: String,
    /// What webhooks are signed with.
    #[serde(serialize_with = "expose")]
    pub client_secret: SecretString,
    /// The DynamoDB table with one item an event.
    pub ledger_table: String,
    /// The DynamoDB table of shops and their tokens.
    pub shops_table: String,
    /// The secret that seals those tokens.
    pub token_key_id: String,
    /// The DynamoDB table of what processes tell each other.
    pub state_table: String,
    /// The DynamoDB table of cached objects.
    pub cache_table: String,
    /// The DynamoDB table of what operating leaves behind.
    pub operations_table: String,
    /// The SSM parameter of what is switched off and limited.
    pub controls_parameter: String,
    /// An app's client secrets are in Secrets Manager under this, a slash and the app's name.
    pub secret_prefix: String,
    /// The EventBridge bus.
    pub bus_name: String,
    /// Every lane, by name.
    pub lanes: BTreeMap<String, LaneUrls>,
    /// The queue that receives everything on the bus.
    pub tap_queue_url: String,
    /// Where the simulated Shopify answers: `{this}/{shop}/admin/api/…`. `None` where none runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shopify_url: Option<String>,
    /// What is posted to the server of `weir dev --forward-to` is signed with, as libraries of Standard Webhooks take it.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "expose_if_any")]
    pub forward_secret: Option<SecretString>,
}

/// The two queues of a lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneUrls {
    /// What the lane's worker reads.
    pub queue_url: String,
    /// Where what it gave up goes.
    pub dlq_url: String,
}

/// `dev.json` could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum DevFileError {
    /// There is none.
    #[error("nothing runs here: there is no {path}")]
    NotThere {
        /// The file.
        path: PathBuf,
    },
    /// It is not what this version writes.
    #[error("{path} cannot be understood")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: serde_json::Error,
    },
    /// It could not be written or read.
    #[error("could not {doing} {path}")]
    Io {
        /// The verb.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
}

/// A `dev.json` that is there as long as this value is.
#[derive(Debug)]
pub struct PublishedDevFile {
    path: PathBuf,
    aws_endpoint_url: String,
}

impl DevFile {
    /// Where it is.
    #[must_use]
    pub fn path(checkout: &Checkout) -> PathBuf {
        checkout.state_dir().join("dev.json")
    }

    /// The one that is there. A process that was killed may have left it: its endpoint need not answer.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn read(checkout: &Checkout) -> Result<Self, DevFileError> {
        read(&Self::path(checkout))
    }

    /// What it would read from a file of this text, at `path`.
    ///
    /// # Errors
    /// If it is not what this version writes.
    pub fn parse(text: &[u8], path: &Path) -> Result<Self, DevFileError> {
        serde_json::from_slice(text).map_err(|source| DevFileError::Malformed { path: path.to_owned(), source })
    }

    /// Writes it whole or not at all, for the owner's eyes only; it goes when the returned value does.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn publish(&self, checkout: &Checkout) -> Result<PublishedDevFile, DevFileError> {
        let path = Self::path(checkout);
        self.write(&path).map_err(|source| DevFileError::Io { doing: "write", path: path.clone(), source })?;
        Ok(PublishedDevFile { path, aws_endpoint_url: self.aws_endpoint_url.clone() })
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        let dir = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(dir)?;
        let mut file = tempfile::NamedTempFile::new_in(dir)?;
        serde_json::to_writer_pretty(&mut file, self)?;
        file.write_all(b"\n")?;
        file.persist(path)?;
        Ok(())
    }
}

impl PublishedDevFile {
    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for PublishedDevFile {
    fn drop(&mut self) {
        // Another `cargo dev` may have written its own over ours.
        if read(&self.path).is_ok_and(|there| there.aws_endpoint_url == self.aws_endpoint_url) {
            // A stale file is told by its endpoint: nothing more can be done about it here.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn read(path: &Path) -> Result<DevFile, DevFileError> {
    let text = fs::read(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => DevFileError::NotThere { path: path.to_owned() },
        _ => DevFileError::Io { doing: "read", path: path.to_owned(), source },
    })?;
    DevFile::parse(&text, path)
}

fn expose_if_any<S: Serializer>(secret: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(|secret| secret.expose_secret()).serialize(serializer)
}

fn expose<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkout() -> (tempfile::TempDir, Checkout) {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("template.yaml"), "").unwrap();
        fs::create_dir(dir.path().join("crates")).unwrap();
        let checkout = Checkout::find(dir.path()).unwrap();
        (dir, checkout)
    }

    fn dev_file(port: u16) -> DevFile {
        let lane = LaneUrls { queue_url: "q".into(), dlq_url: "d".into() };
        DevFile {
            webhook_url: "w".into(),
            aws_endpoint_url: format!("http://127.0.0.1:{port}"),
            region: "us-east-1".into(),
            stack_name: "s".into(),
            client_secret: "hush".into(),
            ledger_table: "t".into(),
            shops_table: "shops".into(),
            token_key_id: "key".into(),
            state_table: "state".into(),
            cache_table: "cache".into(),
            operations_table: "operations".into(),
            controls_parameter: "/s/controls".into(),
            secret_prefix: "s/apps".into(),
            bus_name: "b".into(),
            lanes: [("urgent".to_owned(), lane)].into(),
            tap_queue_url: "tap".into(),
            shopify_url: None,
            forward_secret: None,
        }
    }

    #[test]
    fn dev_file_has_the_documented_fields_and_ends_with_its_owner() {
        let (_dir, checkout) = checkout();
        let published = dev_file(1).publish(&checkout).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&fs::read(published.path()).unwrap()).unwrap();
        let expected = serde_json::json!({
            "webhook_url": "w", "aws_endpoint_url": "http://127.0.0.1:1", "region": "us-east-1", "stack_name": "s",
            "client_secret": "hush", "ledger_table": "t", "shops_table": "shops", "token_key_id": "key",
            "state_table": "state", "cache_table": "cache", "operations_table": "operations",
            "controls_parameter": "/s/controls", "secret_prefix": "s/apps", "bus_name": "b",
            "lanes": {"urgent": {"queue_url": "q", "dlq_url": "d"}}, "tap_queue_url": "tap",
        });
        assert_eq!(json, expected);
        assert_eq!(DevFile::read(&checkout).unwrap().client_secret.expose_secret(), "hush");
        assert_eq!(DevFile::read(&checkout).unwrap().shopify_url, None);
        drop(published);
        assert!(matches!(DevFile::read(&checkout), Err(DevFileError::NotThere { .. })));
    }

    #[test]
    fn the_file_of_a_later_start_is_left_alone() {
        let (_dir, checkout) = checkout();
        let first = dev_file(1).publish(&checkout).unwrap();
        let second = dev_file(2).publish(&checkout).unwrap();
        drop(first);
        assert_eq!(DevFile::read(&checkout).unwrap().aws_endpoint_url, "http://127.0.0.1:2");
        drop(second);
    }
}
