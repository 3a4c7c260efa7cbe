//! Running bulk operations: pages of the query over simulated time, flattened to JSONL; mutations line by line.

use std::time::Duration;

use apollo_compiler::{
    ExecutableDocument,
    executable::{Operation, SelectionSet},
    response::JsonMap,
    validation::Valid,
};
use bytes::Bytes;
use serde_json::{Map, Value, json};
use shopify_webhook::ShopDomain;

use crate::{
    context::Cx,
    graphql, resolve,
    sender::{ShopEvent, announce},
    sim::{Sim, WeakSim, hold},
    store::BulkKind,
};

/// How many root objects a step takes.
const STEP: usize = 250;

/// A JSONL stream of made-up products with two variants each, made while it is read.
#[derive(Debug, Clone)]
pub struct Synthetic {
    left: u64,
    product: u64,
}

impl Synthetic {
    /// At least this many bytes, and less than a kilobyte more.
    pub(crate) fn of(bytes: u64) -> Self {
        Self { left: bytes, product: 9_200_000_000_000_000 }
    }
}

impl Iterator for Synthetic {
    type Item = Bytes;

    /// Some 64 KB, whole lines.
    fn next(&mut self) -> Option<Bytes> {
        if self.left == 0 {
            return None;
        }
        let mut chunk = String::with_capacity(66_000);
        while chunk.len() < 64_000 && (chunk.len() as u64) < self.left {
            self.product += 1;
            let id = format!("gid://shopify/Product/{}", self.product);
            chunk.push_str(
                &json!({ "id": id, "title": format!("Mug {}", self.product), "updatedAt": "2026-11-27T05:00:00Z" })
                    .to_string(),
            );
            chunk.push('\n');
            for place in 1..=2 {
                let variant = format!("gid://shopify/ProductVariant/{}{place}", self.product);
                chunk.push_str(&json!({ "id": variant, "sku": format!("SKU-{}-{place}", self.product), "price": "12.50", "__parentId": id }).to_string());
                chunk.push('\n');
            }
        }
        self.left = self.left.saturating_sub(chunk.len() as u64);
        Some(chunk.into())
    }
}

/// Runs a bulk operation that was just made.
pub(crate) async fn run(weak: WeakSim, shop: ShopDomain, id: u64, base: String) {
    let Some((clock, delay)) = weak.upgrade().map(|sim| (*sim.clock(), sim.options().bulk_starts_after)) else {
        return;
    };
    clock.sleep(delay).await;
    let mut out = Output::default();
    let mut at = 0;
    let ending = loop {
        let Some(sim) = weak.upgrade() else { return };
        let Some(cell) = sim.shop(&shop) else { return };
        let (kind, cancelled) = {
            let mut held = hold(&cell);
            let Some(job) = held.bulks.get_mut(&id) else { return };
            if job.status == "CREATED" {
                job.status = "RUNNING";
            }
            job.objects = out.objects;
            job.roots = out.roots;
            (job.kind.clone(), job.status == "CANCELING")
        };
        if cancelled {
            break Ending::Canceled;
        }
        if sim.bulk_must_fail(&shop, out.objects) {
            break Ending::Failed("TIMEOUT");
        }
        let before = out.objects;
        let step = {
            let mut cx = resolve::context(&cell, clock.now(), sim.options(), &base);
            let step = match &kind {
                BulkKind::Query { text, grouped } => query(&sim, &mut cx, text, *grouped, at, &mut out),
                BulkKind::Mutation { text, upload } => mutation(&sim, &shop, &mut cx, text, upload, at, &mut out),
            };
            drop(cx);
            step
        };
        let pace = sim.options().bulk_objects_per_second.max(1.0);
        drop(sim);
        #[expect(clippy::cast_precision_loss, reason = "a step has a few thousand objects")]
        clock.sleep(Duration::from_secs_f64((out.objects - before) as f64 / pace)).await;
        match step {
            Step::More => at += STEP,
            Step::Last => break Ending::Completed,
            Step::Failed(code) => break Ending::Failed(code),
        }
    };
    let Some(sim) = weak.upgrade() else { return };
    finish(&sim, &shop, id, ending, out);
}

/// What comes after a step.
enum Step {
    More,
    Last,
    /// With this error code.
    Failed(&'static str),
}

/// How an operation ended.
enum Ending {
    Completed,
    Canceled,
    /// With this error code.
    Failed(&'static str),
}

fn finish(sim: &Sim, shop: &ShopDomain, id: u64, ending: Ending, out: Output) {
    let Some(cell) = sim.shop(shop) else { return };
    {
        let mut held = hold(&cell);
        let Some(job) = held.bulks.get_mut(&id) else { return };
        // Cancelled after the last page: then it is cancelled.
        let ending = if job.status == "CANCELING" { Ending::Canceled } else { ending };
        (job.status, job.error) = match ending {
            Ending::Completed => ("COMPLETED", None),
            Ending::Canceled => ("CANCELED", None),
            Ending::Failed(code) => ("FAILED", Some(code)),
        };
        job.completed = (job.status != "CANCELED").then(|| sim.clock().now());
        job.objects = out.objects;
        job.roots = out.roots;
        job.partial = job.status != "COMPLETED";
        job.result = (!out.lines.is_empty()).then(|| out.lines.into());
    }
    announce(sim, shop, &[ShopEvent::BulkFinished(id)]);
}

#[derive(Default)]
struct Output {
    lines: Vec<u8>,
    objects: u64,
    roots: u64,
}

impl Output {
    fn line(&mut self, value: &Value) {
        self.lines.extend_from_slice(value.to_string().as_bytes());
        self.lines.push(b'\n');
        self.objects += 1;
    }
}

/// One step of a query. A field that can't be resolved ends it: the rest would lack what was asked for.
fn query(sim: &Sim, cx: &mut Cx<'_>, text: &str, grouped: bool, at: usize, out: &mut Output) -> Step {
    const BROKEN: Step = Step::Failed("INTERNAL_SERVER_ERROR");
    let schema = sim.schema();
    let Ok(document) = graphql::document(&schema.sdl, text) else { return BROKEN };
    let Ok(operation) = document.operations.get(None) else { return BROKEN };
    cx.bulk = true;
    cx.window = (at, STEP);
    let (errors, data) = graphql::execute(schema, cx, &document, operation, &JsonMap::new());
    if errors.iter().any(|error| error["extensions"]["code"] == "ACCESS_DENIED") {
        return Step::Failed("ACCESS_DENIED");
    }
    let Some(data) = data.map(graphql::plain).filter(|_| errors.is_empty()) else { return BROKEN };
    let before = out.roots;
    let mut later = Vec::new();
    flatten(&document, &operation.selection_set, &data, None, if grouped { None } else { Some(&mut later) }, out);
    for line in later {
        out.line(&line);
    }
    let more = windowed(&document, operation) && out.roots - before >= STEP as u64;
    if more { Step::More } else { Step::Last }
}

/// Whether the root is one connection, which is run in steps.
fn windowed(document: &Valid<ExecutableDocument>, operation: &Operation) -> bool {
    let mut roots = operation.root_fields(document);
    let first = roots.next().is_some_and(|field| field.ty().inner_named_type().ends_with("Connection"));
    first && roots.next().is_none()
}

/// Writes each object of each connection as a line. Children follow their parent, or wait in `later`.
fn flatten(
    document: &ExecutableDocument,
    set: &SelectionSet,
    data: &Value,
    parent: Option<&str>,
    mut later: Option<&mut Vec<Value>>,
    out: &mut Output,
) {
    for field in set.root_fields(document) {
        let value = &data[field.response_key().as_str()];
        if !field.ty().inner_named_type().ends_with("Connection") {
            if value.is_object() {
                flatten(document, &field.selection_set, value, parent, later.as_deref_mut(), out);
            }
            continue;
        }
        for part in field.selection_set.root_fields(document) {
            let values = value[part.response_key().as_str()].as_array();
            let nodes = match part.name.as_str() {
                "nodes" => vec![part],
                "edges" => part.selection_set.root_fields(document).filter(|inner| inner.name == "node").collect(),
                _ => continue,
            };
            for inner in nodes {
                for value in values.into_iter().flatten() {
                    let node = if part.name == "edges" { &value[inner.response_key().as_str()] } else { value };
                    let mut line = own(document, &inner.selection_set, node);
                    if let Some(parent) = parent {
                        line.insert("__parentId".to_owned(), parent.into());
                    } else {
                        out.roots += 1;
                    }
                    match (&mut later, parent) {
                        (Some(later), Some(_)) => later.push(line.into()),
                        _ => out.line(&line.into()),
                    }
                    let id = node["id"].as_str();
                    flatten(document, &inner.selection_set, node, id, later.as_deref_mut(), out);
                }
            }
        }
    }
}

/// A node without its connections.
fn own(document: &ExecutableDocument, set: &SelectionSet, node: &Value) -> Map<String, Value> {
    let mut line = node.as_object().cloned().unwrap_or_default();
    for field in set.root_fields(document) {
        if field.ty().inner_named_type().ends_with("Connection") {
            line.remove(field.response_key().as_str());
        }
    }
    line
}

/// One step of a mutation: a line of the upload is the variables of one call, and what it causes is one action.
fn mutation(
    sim: &Sim,
    shop: &ShopDomain,
    cx: &mut Cx<'_>,
    text: &str,
    upload: &str,
    at: usize,
    out: &mut Output,
) -> Step {
    const BROKEN: Step = Step::Failed("INTERNAL_SERVER_ERROR");
    let schema = sim.schema();
    let Ok(document) = graphql::document(&schema.sdl, text) else { return BROKEN };
    let Ok(operation) = document.operations.get(None) else { return BROKEN };
    let file = cx.hold().uploads.get(upload).cloned().unwrap_or_default();
    let lines = file.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let mut count = 0;
    for (number, line) in lines.enumerate().skip(at).take(STEP) {
        count += 1;
        let result = match serde_json::from_slice::<Value>(line).ok().and_then(|value| value.as_object().cloned()) {
            Some(variables) => {
                let variables: JsonMap =
                    variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
                let (errors, data) = graphql::execute(schema, cx, &document, operation, &variables);
                let data = data.map(graphql::plain);
                if errors.is_empty() {
                    json!({ "data": data, "__lineNumber": number })
                } else {
                    json!({ "data": data, "errors": errors, "__lineNumber": number })
                }
            }
            None => json!({ "errors": [{ "message": "The line is no JSON object" }], "__lineNumber": number }),
        };
        announce(sim, shop, &cx.take_events());
        out.roots += 1;
        out.line(&result);
    }
    if count == STEP { Step::More } else { Step::Last }
}
