//! What `weir check --json` printed.

use serde_json::Value;
use weir_tests::Local;

#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) status: i32,
    findings: Vec<Value>,
}

impl Report {
    pub(crate) async fn of(local: &Local, arguments: &[&str]) -> Self {
        let ended = local.weir(&[&["check", "--json"], arguments].concat()).await;
        Self::read(ended.status, &ended.stdout, &ended.stderr)
    }

    pub(crate) fn read(status: i32, stdout: &str, stderr: &str) -> Self {
        let printed: Value = serde_json::from_str(stdout).unwrap_or_else(|_| panic!("{status}: {stdout}{stderr}"));
        Self { status, findings: printed["findings"].as_array().unwrap().clone() }
    }

    fn find(&self, id: &str, subject: &str) -> Option<&Value> {
        self.findings.iter().find(|one| one["id"] == id && one["subject"] == subject)
    }

    fn text(&self, id: &str, subject: &str, field: &str) -> Option<String> {
        Some(self.find(id, subject)?[field].as_str().unwrap_or_default().to_owned())
    }

    pub(crate) fn severity(&self, id: &str, subject: &str) -> Option<String> {
        self.text(id, subject, "severity")
    }

    pub(crate) fn what(&self, id: &str, subject: &str) -> String {
        self.text(id, subject, "what").unwrap_or_else(|| panic!("no {id} of {subject}: {self:#?}"))
    }

    pub(crate) fn then(&self, id: &str, subject: &str) -> String {
        self.text(id, subject, "then").unwrap_or_else(|| panic!("no {id} of {subject}: {self:#?}"))
    }

    /// The ids of all findings of a severity.
    pub(crate) fn ids(&self, severity: &str) -> Vec<String> {
        let of = self.findings.iter().filter(|one| one["severity"] == severity);
        of.map(|one| one["id"].as_str().unwrap_or_default().to_owned()).collect()
    }
}
