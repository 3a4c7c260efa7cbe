//! `weir dlq history`: what was done to dead letters, by whom.

use resilience::UnixMillis;
use serde::Serialize;
use weir_aws::{Operations, operations::Document};

use super::operation::{Kind, Operation, SHELF};
use crate::{cli::DlqHistoryArgs, commands::ExitStatus, printer::Printer, target::Place};

#[derive(Serialize)]
struct Entry {
    operation: String,
    /// As it stands: one that was killed is `abandoned`.
    how: &'static str,
    #[serde(flatten)]
    said: Operation,
}

pub(super) async fn run(args: &DlqHistoryArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let place = Place::find(&args.source).await?;
    let operations = Operations::new(&place.config, place.output("OperationsTable")?);
    let listed = operations.list::<Operation>(SHELF, true, args.limit as usize).await;
    let now = UnixMillis::now();
    let entry = |document: Document<Operation>| Entry {
        operation: document.name,
        how: document.value.how(now),
        said: document.value,
    };
    let entries: Vec<Entry> = listed.map_err(|error| place.failed(error))?.into_iter().map(entry).collect();
    printer.item(&entries, |entries| {
        if entries.is_empty() {
            return "no replay and no drop yet".to_owned();
        }
        entries.iter().map(Entry::line).collect::<Vec<_>>().join("\n")
    })?;
    Ok(ExitStatus::Done)
}

impl Entry {
    fn line(&self) -> String {
        let Operation { kind, who, sent, deleted, .. } = &self.said;
        let kind = match kind {
            Kind::Replay => "replay",
            Kind::Fix => "fix",
            Kind::Drop => "drop",
        };
        let filter = serde_json::to_string(&self.said.filter).unwrap_or_default();
        let error = self.said.error.as_ref().map_or(String::new(), |error| format!("; {error}"));
        format!(
            "{}  {kind:<6}  {:<11}  {sent} sent, {deleted} deleted  by {who}  {filter}{error}",
            self.operation, self.how
        )
    }
}
