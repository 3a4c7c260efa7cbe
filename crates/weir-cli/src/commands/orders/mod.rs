//! `weir orders`: the projection of orders.

pub(crate) mod args;
mod view;

use weir_ops::{
    Stack,
    orders::{OrderFilter, Orders, OrdersError},
};
use weir_orders::status::{FulfilmentStatus, Lifecycle, PaymentStatus, ReturnsStatus};

use crate::{
    cli::{OrdersArgs, OrdersCommand, OrdersListArgs, OrdersShowArgs},
    exit::ExitStatus,
    hints,
    printer::Printer,
    shop_domain, target,
};

pub(super) async fn run(args: OrdersArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    match args.command {
        OrdersCommand::List(args) => list(&args, printer).await,
        OrdersCommand::Show(args) => show(&args, printer).await,
    }
}

/// The error, with what to do.
fn explained(error: OrdersError, stack: &Stack) -> anyhow::Error {
    let hint = match &error {
        OrdersError::Off(_) => "deploy with OrderDays=400, for example; `cargo dev` does so",
        OrdersError::Unknown { .. } => {
            "check the id and --shop; `weir events list` shows whether a webhook of the order arrived"
        }
        OrdersError::Table(_) => hints::of(stack),
    };
    hints::with(hint, error)
}

async fn list(args: &OrdersListArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let shop = shop_domain::parse(&args.shop)?;
    let filter = OrderFilter {
        lifecycle: args.lifecycle.as_deref().map(Lifecycle::of),
        payment: args.payment.as_deref().map(PaymentStatus::of),
        fulfilment: args.fulfilment.as_deref().map(FulfilmentStatus::of),
        returns: args.returns.as_deref().map(ReturnsStatus::of),
    };
    let stack = target::stack(&args.source).await?;
    let orders = Orders::of(&stack).map_err(|error| explained(error, &stack))?;
    let limit = usize::from(args.limit.get());
    let listed = orders.list(&shop, &filter, limit).await.map_err(|error| explained(error, &stack))?;
    printer.item(&listed, |listed| view::table(listed))?;
    if !printer.is_json() && listed.len() == limit {
        printer.note("there may be more: raise --limit");
    }
    if listed.is_empty() {
        unknown_statuses(args).for_each(|note| printer.note(note));
    }
    Ok(ExitStatus::Done)
}

/// Filters by a status that weir does not know: Shopify may have added it, or it is misspelled.
fn unknown_statuses(args: &OrdersListArgs) -> impl Iterator<Item = String> {
    let given = [
        ("lifecycle", &args.lifecycle, Lifecycle::KNOWN),
        ("payment", &args.payment, PaymentStatus::KNOWN),
        ("fulfilment", &args.fulfilment, FulfilmentStatus::KNOWN),
        ("returns", &args.returns, ReturnsStatus::KNOWN),
    ];
    given.into_iter().filter_map(|(axis, text, known)| {
        let text = text.as_deref()?.to_ascii_lowercase();
        let is_known = known.contains(&text.as_str());
        (!is_known).then(|| format!("weir knows no {axis} status {text}; it knows {}", known.join(", ")))
    })
}

async fn show(args: &OrdersShowArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let shop = shop_domain::parse(&args.shop)?;
    let stack = target::stack(&args.source).await?;
    let orders = Orders::of(&stack).map_err(|error| explained(error, &stack))?;
    let order = orders.show(&shop, args.order).await.map_err(|error| explained(error, &stack))?;
    printer.item(&order, view::text)?;
    Ok(ExitStatus::Done)
}
