//! Every metric, declared once (in `metrics/table.rs`): what functions emit, and what dashboard, alarms and `weir status` read.
//!
//! A metric is stored once for each set of its dimensions, and each value of a set is billed as a metric of its own: so
//! dimensions have few values, and the shop is none of them unless the deployment's `MetricsByShop` names it. Totals stand
//! under [`Dimension::Stack`] alone, for percentiles of parts can't be added up.
//!
//! A shop's metrics, where asked for, have the dimensions [`BY_SHOP`].

mod table;
mod value;

pub use table::*;
pub use value::{DroppedHeader, ErrorKind, Rejection};

/// The namespace of what weir emits.
pub const NAMESPACE: &str = "weir";

/// The dimensions of a metric of one shop.
pub const BY_SHOP: &[Dimension] = &[Dimension::Stack, Dimension::Shop];

/// A metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Its name in CloudWatch.
    pub name: &'static str,
    /// [`NAMESPACE`], or that of the AWS service which emits it.
    pub namespace: &'static str,
    /// The unit of its values.
    pub unit: Unit,
    /// Each set of dimensions under which it is stored.
    pub dimensions: &'static [&'static [Dimension]],
    /// Whether it is stored for single shops as well, where the deployment asks for that.
    pub by_shop: bool,
    /// Who emits it.
    pub emitter: Emitter,
    /// What one value says.
    pub meaning: &'static str,
}

impl Metric {
    /// The statistics that say something: sums of counts, percentiles of durations, the greatest of a depth or an age.
    pub const fn statistics(&self) -> &'static [&'static str] {
        match (self.unit, self.emitter) {
            (Unit::Milliseconds, _) | (Unit::Seconds, Emitter::Orders | Emitter::Inventory) => &["p50", "p95", "p99"],
            (Unit::Count, Emitter::Sqs) | (Unit::Seconds, _) => &["Maximum"],
            (Unit::Count, _) => &["Sum"],
        }
    }
}

/// CloudWatch's units, as far as they are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A number of things.
    Count,
    /// A duration.
    Milliseconds,
    /// An age.
    Seconds,
}

impl Unit {
    /// As CloudWatch spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Milliseconds => "Milliseconds",
            Self::Seconds => "Seconds",
        }
    }
}

/// By what a metric's values are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// The stack's name: stacks of one account live side by side.
    Stack,
    /// The lane.
    Lane,
    /// Why a request was refused: a [`Rejection`].
    Reason,
    /// What kind of error: an [`ErrorKind`].
    Kind,
    /// Which header was left out: a [`DroppedHeader`].
    Header,
    /// The Admin API operation: as many as the code has.
    Operation,
    /// The shop; only where it was asked for.
    Shop,
    /// AWS's name of a queue.
    QueueName,
    /// AWS's name of a function.
    FunctionName,
    /// API Gateway's id of an API.
    ApiId,
    /// EventBridge's name of a bus.
    EventBusName,
    /// EventBridge's name of a rule.
    RuleName,
}

impl Dimension {
    /// As CloudWatch has it, and as the field of a metric's log line is called.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stack => "stack",
            Self::Lane => "lane",
            Self::Reason => "reason",
            Self::Kind => "kind",
            Self::Header => "header",
            Self::Operation => "operation",
            Self::Shop => "shop",
            Self::QueueName => "QueueName",
            Self::FunctionName => "FunctionName",
            Self::ApiId => "ApiId",
            Self::EventBusName => "EventBusName",
            Self::RuleName => "RuleName",
        }
    }
}

/// Who emits a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Emitter {
    /// The function behind the webhook URL.
    Ingest,
    /// The function of each lane.
    Worker,
    /// Each function that calls Shopify.
    ShopifyCaller,
    /// The scheduled check of subscriptions.
    Monitor,
    /// The comparison with what Shopify has.
    Reconciliation,
    /// The projection of orders.
    Orders,
    /// Stock that several shops share.
    Inventory,
    /// AWS's queues.
    Sqs,
    /// AWS's functions.
    Lambda,
    /// AWS's HTTP API.
    ApiGateway,
    /// AWS's bus.
    EventBridge,
}

impl Emitter {
    /// Whether the metric is AWS's own: nothing of weir emits it.
    pub const fn is_aws(self) -> bool {
        matches!(self, Self::Sqs | Self::Lambda | Self::ApiGateway | Self::EventBridge)
    }
}

/// The metric of this name in this namespace.
pub fn find(namespace: &str, name: &str) -> Option<&'static Metric> {
    all().find(|metric| metric.namespace == namespace && metric.name == name)
}

/// Every metric: weir's, then AWS's.
pub fn all() -> impl Iterator<Item = &'static Metric> {
    EMITTED.iter().chain(AWS).copied()
}

#[cfg(test)]
mod tests;
