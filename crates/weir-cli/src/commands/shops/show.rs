//! `weir shops show`: all that is known of one shop, and what processes share about it.

use anyhow::Context;
use resilience::{Breaker, SharedState};
use serde::Serialize;
use serde_json::Value;
use shopify_client::budget::Budget;
use weir_ops::shops::Shops;

use super::{
    common::{failed, named, unknown},
    view,
};
use crate::cli::ShopsShowArgs;
use crate::{exit::ExitStatus, hints, printer::Printer, target};

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    shop: view::ShopView,
    /// What is left of the shop's cost budget; `None` if nobody called lately.
    budget: Option<Value>,
    /// The shop's circuit; `None` if it never opened lately.
    circuit: Option<Value>,
}

pub(super) async fn run(args: &ShopsShowArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let (domain, app) = named(&args.shop)?;
    let target = Shops::of(&target::stack_of_file(&args.source).await?)?;
    let shop = target.registry.get(&domain, &app).await.map_err(|error| failed(error, &target))?;
    let shop = shop.ok_or_else(|| unknown(&domain, &app))?;
    let shown = Shown {
        shop: view::ShopView::from(&shop),
        budget: document(&target, &Budget::key(&app, &domain)).await?,
        circuit: document(&target, &Breaker::key(&format!("shop/{app}/{domain}"))).await?,
    };
    printer.item(&shown, |shown| {
        let budget = view::document("budget", shown.budget.as_ref(), "full: nobody called lately");
        let circuit = view::document("circuit", shown.circuit.as_ref(), "closed: calls pass");
        [shown.shop.lines(), budget, circuit].join("\n")
    })?;
    Ok(ExitStatus::Done)
}

async fn document(shops: &Shops, key: &str) -> anyhow::Result<Option<Value>> {
    let read = shops.state.read(key).await;
    let read = read.map_err(|error| hints::with(hints::where_it_runs(shops.is_emulated), error))?;
    let parse = |text: String| serde_json::from_str(&text).with_context(|| format!("the document {key} is not JSON"));
    read.map(|document| parse(document.value)).transpose()
}
