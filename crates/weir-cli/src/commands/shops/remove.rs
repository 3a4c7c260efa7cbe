//! `weir shops remove`: forgets a shop, after a preview.

use serde::Serialize;
use weir_ops::shops::{RemoveError, Shops};

use super::{
    common::{failed, named, unknown},
    view::ShopView,
};
use crate::cli::ShopsRemoveArgs;
use crate::{exit::ExitStatus, hints, printer::Printer, target};

#[derive(Serialize)]
struct Outcome {
    removed: bool,
    shop: ShopView,
}

pub(super) async fn run(args: &ShopsRemoveArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let (domain, app) = named(&args.shop)?;
    let target = Shops::of(&target::stack_of_file(&args.source).await?)?;
    let shop = target.registry.get(&domain, &app).await.map_err(|error| failed(error, &target))?;
    let shop = ShopView::from(&shop.ok_or_else(|| unknown(&domain, &app))?);
    if args.yes {
        let was_there = target.remove(&domain, &app).await.map_err(|error| match error {
            RemoveError::Registry(error) => failed(error, &target),
            RemoveError::State(error) => hints::with(hints::where_it_runs(target.is_emulated), error),
        })?;
        anyhow::ensure!(was_there, "{domain} was removed by somebody else just now");
    }
    let outcome = Outcome { removed: args.yes, shop };
    printer.item(&outcome, |outcome| {
        let what = if outcome.removed { "Removed, with its token:" } else { "This would be removed, with its token:" };
        format!("{what}\n{}", outcome.shop.lines())
    })?;
    if !args.yes && !printer.is_json() {
        printer.note("nothing was changed: add --yes to remove it; the app stays installed in the shop");
    }
    Ok(ExitStatus::Done)
}
