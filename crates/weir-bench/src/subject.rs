//! What is measured.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use lambda_emulator::Function;

use crate::stub::{Aws, QUEUE_PATH, QUEUE_PREFIX};

/// Longer than any of them takes, also when it runs under valgrind.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Two functions that do the same work: one takes webhooks in, the other acts on them.
#[derive(Debug, Clone)]
pub struct Subject {
    /// `weir`, `node`, `python`.
    pub name: &'static str,
    /// The bootstrap of the function behind the webhook URL.
    pub ingest: PathBuf,
    /// The bootstrap of the one that reads a lane.
    pub worker: PathBuf,
}

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Takes webhooks in.
    Ingest,
    /// Acts on them.
    Worker,
}

impl Subject {
    /// One of its functions, for which `aws` is AWS. `bundle` is the file with the certificate to trust; `logs` the
    /// folder for what it writes.
    #[must_use]
    pub fn function(&self, role: Role, aws: &Aws, bundle: &Path, logs: &Path) -> Function {
        let bootstrap = match role {
            Role::Ingest => self.ingest.clone(),
            Role::Worker => self.worker.clone(),
        };
        Function {
            name: format!("{}-{}", self.name, if role == Role::Ingest { "ingest" } else { "worker" }),
            bootstrap,
            environment: environment(aws, bundle),
            timeout: TIMEOUT,
            memory_mb: 1024,
            logs: logs.to_owned(),
        }
    }
}

/// What all of them find in their environment: each reads what it knows.
fn environment(aws: &Aws, bundle: &Path) -> BTreeMap<String, String> {
    let bundle = bundle.display().to_string();
    let fixed = [
        ("AWS_REGION", "us-east-1"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "bench"),
        ("AWS_SECRET_ACCESS_KEY", "bench"),
        ("WEIR_LOG", "info"),
        ("WEIR_STACK", "bench"),
        ("WEIR_APPS", "default"),
        ("WEIR_SECRET_PREFIX", "bench/apps"),
        ("WEIR_BODIES_BUCKET", "bench-bodies"),
        ("WEIR_LANE", "standard"),
        ("WEIR_LEDGER_TABLE", "bench-ledger"),
        ("WEIR_LEDGER_RETENTION_DAYS", "50"),
        ("WEIR_FENCE_TABLE", "bench-fence"),
        ("WEIR_STATE_TABLE", "bench-state"),
        ("WEIR_SHOPS_TABLE", "bench-shops"),
        ("WEIR_CACHE_TABLE", "bench-cache"),
        ("WEIR_BACKOFF_BASE_SECONDS", "5"),
        ("WEIR_BACKOFF_CAP_SECONDS", "900"),
        ("WEIR_MAX_RECEIVE_COUNT", "5"),
        ("WEIR_MAX_ATTEMPTS", "5"),
        ("WEIR_CONTROLS", "/bench/controls"),
        ("WEIR_BUS", "bench"),
        ("SECRET_ID", "bench/apps/default"),
        ("LEDGER_TABLE", "bench-ledger"),
        ("BUS_NAME", "bench"),
    ];
    let mut all: BTreeMap<_, _> = fixed.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    all.insert("AWS_ENDPOINT_URL".to_owned(), aws.url());
    // At the stub as well: Node's SDK goes where the queue's URL says.
    for (name, path) in [("WEIR_QUEUE_PREFIX", QUEUE_PREFIX), ("WEIR_QUEUE_URL", QUEUE_PATH), ("QUEUE_URL", QUEUE_PATH)]
    {
        all.insert(name.to_owned(), aws.url() + path);
    }
    // Rust's, Node's and Python's ways to name a certificate to trust.
    for name in ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "AWS_CA_BUNDLE"] {
        all.insert(name.to_owned(), bundle.clone());
    }
    all
}
