//! `weir shops list`: a table of shops.

use weir_ops::shops::Shops;
use weir_shops::ShopState;

use super::{common, common::failed, view::ShopView};
use crate::cli::{ShopStateName, ShopsListArgs};
use crate::layout::columns;
use crate::{exit::ExitStatus, printer::Printer, target};

pub(super) async fn run(args: &ShopsListArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let app = args.app.as_deref().map(common::app).transpose()?;
    let target = Shops::of(&target::stack_of_file(&args.source).await?)?;
    let progress = |read, _found| {
        if !printer.is_json() {
            printer.step(format!("{read} shops read"));
        }
    };
    let listed = target.list(app.as_deref(), args.state.map(state), progress).await;
    let (mut shops, read) = listed.map_err(|error| failed(error, &target))?;
    shops.sort_by(|a, b| (&a.domain, &a.app).cmp(&(&b.domain, &b.app)));
    let shops: Vec<ShopView> = shops.iter().map(ShopView::from).collect();
    if shops.is_empty() {
        printer.item(&shops, |_| "no such shops".to_owned())?;
    } else {
        printer.item(&shops, |shops| table(shops))?;
    }
    if !printer.is_json() {
        printer.note(format!("{} of {read} shops", shops.len()));
    }
    Ok(ExitStatus::Done)
}

fn state(name: ShopStateName) -> ShopState {
    match name {
        ShopStateName::Installed => ShopState::Installed,
        ShopStateName::Uninstalled => ShopState::Uninstalled,
        ShopStateName::Frozen => ShopState::Frozen,
    }
}

fn table(shops: &[ShopView]) -> String {
    let head = ["SHOP", "APP", "STATE", "PLAN", "TIER", "TOKEN", "EXPIRES"].map(str::to_owned);
    let rows = shops.iter().map(|shop| {
        let or_dash = |value: Option<&str>| value.unwrap_or("-").to_owned();
        let token = shop.token.as_ref();
        [
            shop.domain.clone(),
            shop.app.clone(),
            shop.state.to_owned(),
            or_dash(shop.plan),
            or_dash(shop.tier.as_deref()),
            or_dash(token.map(|token| token.kind)),
            or_dash(token.and_then(|token| token.expires_at.as_deref())),
        ]
    });
    columns(std::iter::once(head).chain(rows).collect())
}

#[cfg(test)]
mod tests {
    use super::super::view::tests::shop;
    use super::*;

    #[test]
    fn columns_line_up() {
        let table = table(&[ShopView::from(&shop("north")), ShopView::from(&shop("a-much-longer-name"))]);
        let at: Vec<_> = table.lines().filter_map(|line| line.find("STATE").or(line.find("installed"))).collect();
        assert!(at.len() == 3 && at.iter().all(|one| *one == at[0]), "{table}");
    }
}
