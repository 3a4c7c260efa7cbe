//! The metrics of a call, in CloudWatch's embedded metric format: a line of JSON on standard output, from which
//! CloudWatch Logs makes them at no cost of calls.

use resilience::UnixMillis;
use serde_json::{Value, json};

use super::Record;

/// Name and unit of each metric. Dimensions are `app` and `operation`, of which there are as many as the code has; the
/// shop is a field of the line, not a dimension: each value of a dimension is billed.
pub const METRICS: [(&str, &str); 4] = [
    ("ShopifyCalls", "Count"),
    ("ShopifyCost", "Count"),
    ("ShopifyThrottled", "Count"),
    ("ShopifyLatency", "Milliseconds"),
];

impl Record<'_> {
    /// The line.
    pub fn embedded_metrics(&self, namespace: &str, now: UnixMillis) -> Value {
        let metrics = METRICS.map(|(name, unit)| json!({ "Name": name, "Unit": unit }));
        let is_throttled = matches!(self.failure, Some("throttled" | "too_many_requests"));
        json!({
            "_aws": {
                "Timestamp": now.0,
                "CloudWatchMetrics": [{
                    "Namespace": namespace,
                    "Dimensions": [["app", "operation"]],
                    "Metrics": metrics,
                }],
            },
            "app": self.app,
            "operation": self.operation,
            "shop": self.shop,
            "request_id": self.request_id,
            "status": self.status,
            "ShopifyCalls": 1,
            "ShopifyCost": self.cost.unwrap_or(0),
            "ShopifyThrottled": u8::from(is_throttled),
            "ShopifyLatency": u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::budget::Priority;

    #[test]
    fn every_declared_metric_has_its_value_in_the_line() {
        let record = Record {
            app: "default",
            shop: "a.myshopify.com",
            operation: "ShopInfo",
            same: "1",
            attempt: 1,
            priority: Priority::Foreground,
            took: Duration::from_millis(120),
            status: 200,
            requested: Some(12),
            cost: None,
            request_id: None,
            failure: Some("throttled"),
        };
        let line = record.embedded_metrics("weir", UnixMillis(1));
        let declared = line["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap();
        assert_eq!(declared.len(), METRICS.len());
        for (name, _) in METRICS {
            assert!(line[name].is_u64(), "{name}: {line}");
        }
        assert_eq!((line["ShopifyThrottled"].as_u64(), line["ShopifyLatency"].as_u64()), (Some(1), Some(120)));
    }
}
