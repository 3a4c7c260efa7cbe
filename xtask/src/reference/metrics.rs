//! The reference of metrics, from the table in `weir-telemetry`.

use std::fmt::Write;

use weir_telemetry::metrics::{AWS, BY_SHOP, EMITTED, Metric};

use super::cell;

const HEAD: &str = "\
# Metrics

This page lists every metric that weir emits, and those of AWS that its alarms, its dashboard or `weir status` read. Use it
to write an alarm or a widget of your own. It is generated from `crates/weir-telemetry/src/metrics/table.rs`:
`cargo xtask reference` writes it.
";

pub(super) fn page() -> String {
    let mut page = HEAD.to_owned();
    page.push_str("\n## Metrics of weir\n\nThey are in the namespace `weir`. A metric is stored once for each set of dimensions.\n");
    table(&mut page, EMITTED);
    let by_shop: Vec<&str> = BY_SHOP.iter().map(|dimension| dimension.as_str()).collect();
    let _ = write!(
        page,
        "\nThe metrics with \"yes\" are also stored by `{}` for the shops that the parameter `MetricsByShop` names.\n",
        by_shop.join(", ")
    );
    page.push_str("\n## Metrics of AWS\n");
    table(&mut page, AWS);
    page
}

fn table(page: &mut String, metrics: &[&Metric]) {
    let is_own = metrics.iter().all(|metric| metric.namespace == weir_telemetry::metrics::NAMESPACE);
    page.push_str(
        "\n| metric | unit | dimensions | statistics | by shop | a value says |\n|---|---|---|---|---|---|\n",
    );
    for metric in metrics {
        let name = if is_own { metric.name.to_owned() } else { format!("{} {}", metric.namespace, metric.name) };
        let sets = metric.dimensions.iter().map(|set| {
            let names: Vec<&str> = set.iter().map(|dimension| dimension.as_str()).collect();
            format!("`{}`", names.join(", "))
        });
        let sets = sets.collect::<Vec<_>>().join("; ");
        let statistics = metric.statistics().join(", ");
        let by_shop = if metric.by_shop { "yes" } else { "" };
        let (unit, meaning) = (metric.unit.as_str(), cell(metric.meaning));
        let _ = writeln!(page, "| `{name}` | {unit} | {sets} | {statistics} | {by_shop} | {meaning} |");
    }
}
