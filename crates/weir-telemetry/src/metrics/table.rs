//! Every metric, in one table: what weir's functions emit, and what AWS emits of its own accord (declared so that
//! dashboard and alarms can be held to this table as well).

use super::{Dimension, Emitter, Metric, NAMESPACE, Unit};

const TOTAL: &[&[Dimension]] = &[&[Dimension::Stack]];
const BY_LANE: &[&[Dimension]] = &[&[Dimension::Stack], &[Dimension::Stack, Dimension::Lane]];
const BY_REASON: &[&[Dimension]] = &[&[Dimension::Stack], &[Dimension::Stack, Dimension::Reason]];
const BY_HEADER: &[&[Dimension]] = &[&[Dimension::Stack], &[Dimension::Stack, Dimension::Header]];
const BY_KIND: &[&[Dimension]] = &[&[Dimension::Stack], &[Dimension::Stack, Dimension::Lane, Dimension::Kind]];
const BY_OPERATION: &[&[Dimension]] = &[&[Dimension::Stack], &[Dimension::Stack, Dimension::Operation]];

const QUEUE: &[&[Dimension]] = &[&[Dimension::QueueName]];
const FUNCTION: &[&[Dimension]] = &[&[Dimension::FunctionName]];
const API: &[&[Dimension]] = &[&[Dimension::ApiId]];
/// On a bus of one's own, EventBridge tells by rule only.
const RULE: &[&[Dimension]] = &[&[Dimension::EventBusName, Dimension::RuleName]];

const fn count(name: &'static str, emitter: Emitter, dimensions: &'static [&'static [Dimension]]) -> Metric {
    Metric { name, namespace: NAMESPACE, unit: Unit::Count, dimensions, by_shop: false, emitter, meaning: "" }
}

const fn milliseconds(name: &'static str, emitter: Emitter, dimensions: &'static [&'static [Dimension]]) -> Metric {
    Metric { unit: Unit::Milliseconds, ..count(name, emitter, dimensions) }
}

const fn seconds(name: &'static str, emitter: Emitter, dimensions: &'static [&'static [Dimension]]) -> Metric {
    Metric { unit: Unit::Seconds, ..count(name, emitter, dimensions) }
}

/// Constants, each documented by what its values mean, and the table of them.
macro_rules! table {
    ($(#[$about:meta])* $table:ident: $($name:ident = $metric:expr, $meaning:literal;)*) => {
        $(
            #[doc = $meaning]
            pub const $name: Metric = Metric { meaning: $meaning, ..$metric };
        )*
        $(#[$about])*
        pub const $table: &[&Metric] = &[$(&$name),*];
    };
}

const fn aws(name: &'static str, emitter: Emitter) -> Metric {
    let (namespace, dimensions) = match emitter {
        Emitter::Sqs => ("AWS/SQS", QUEUE),
        Emitter::ApiGateway => ("AWS/ApiGateway", API),
        Emitter::EventBridge => ("AWS/Events", RULE),
        _ => ("AWS/Lambda", FUNCTION),
    };
    Metric { namespace, dimensions, ..count(name, emitter, TOTAL) }
}

const fn by_shop(metric: Metric) -> Metric {
    Metric { by_shop: true, ..metric }
}

table! {
    /// Every metric that weir emits.
    EMITTED:

    // ---- ingest ----
    ACCEPTED = by_shop(count("Accepted", Emitter::Ingest, BY_LANE)), "Deliveries that SQS held when they were answered 200.";
    ACCEPTED_ELSEWHERE = count("AcceptedElsewhere", Emitter::Ingest, TOTAL), "Of the accepted, those that the second region took.";
    REJECTED = count("Rejected", Emitter::Ingest, BY_REASON), "Requests that were not accepted, by why.";
    HEADERS_DROPPED = count("HeadersDropped", Emitter::Ingest, BY_HEADER), "Optional headers that deliveries came with and that could not be read: left out.";
    INGEST_LATENCY = milliseconds("IngestLatency", Emitter::Ingest, TOTAL), "From a request's arrival at the function to its answer.";
    ENQUEUE_LATENCY = milliseconds("EnqueueLatency", Emitter::Ingest, TOTAL), "How long a lane took to take an accepted delivery.";
    DELIVERY_DELAY = milliseconds("DeliveryDelay", Emitter::Ingest, TOTAL), "From what triggered a delivery to its arrival: Shopify's share of the end-to-end latency.";

    // ---- worker ----
    DONE = by_shop(count("Done", Emitter::Worker, BY_LANE)), "Events that ended well: they took effect, or were superseded by newer ones.";
    STALE = count("Stale", Emitter::Worker, BY_LANE), "Of the done, those that a newer version of their resource came before, or the same state by the same topic.";
    DUPLICATES = count("Duplicates", Emitter::Worker, BY_LANE), "Messages whose event had ended before.";
    MISMATCHES = count("Mismatches", Emitter::Worker, BY_LANE), "Messages that came under the id of an event with another body.";
    RETRIES = by_shop(count("Retries", Emitter::Worker, BY_LANE)), "Attempts that failed and come back after a backoff.";
    PARKS = by_shop(count("Parks", Emitter::Worker, BY_LANE)), "Messages that were sent on as delayed copies, for what they need is not there.";
    PENDING_AGE = seconds("PendingAge", Emitter::Worker, TOTAL), "How old an event will be when it is tried next, whenever an attempt leaves it unfinished: parked, backing off, or leased by another worker.";
    COMPLIANCE_EVENTS = count("ComplianceEvents", Emitter::Worker, TOTAL), "Of the done, those of customers/data_request, customers/redact and shop/redact.";
    DEAD_LETTERED = by_shop(count("DeadLettered", Emitter::Worker, BY_LANE)), "Events whose failure sends them to the dead-letter queue; success rate = Done / (Done + DeadLettered).";
    WORKER_ERRORS = count("WorkerErrors", Emitter::Worker, BY_KIND), "Attempts that failed, by kind.";
    END_TO_END_LATENCY = by_shop(milliseconds("EndToEndLatency", Emitter::Worker, BY_LANE)), "From what triggered a delivery (its arrival, if Shopify did not say) to its event being done; synthetic ones are not counted.";
    INVENTORY_SYNC_LATENCY = milliseconds("InventorySyncLatency", Emitter::Worker, TOTAL), "The same of events about inventory.";

    // ---- whoever calls Shopify ----
    SHOPIFY_CALLS = count("ShopifyCalls", Emitter::ShopifyCaller, BY_OPERATION), "Attempts to call the Admin API.";
    SHOPIFY_COST = count("ShopifyCost", Emitter::ShopifyCaller, BY_OPERATION), "Points that they took.";
    SHOPIFY_THROTTLED = count("ShopifyThrottled", Emitter::ShopifyCaller, BY_OPERATION), "Those that Shopify answered THROTTLED or 429.";
    SHOPIFY_FAILED = count("ShopifyFailed", Emitter::ShopifyCaller, BY_OPERATION), "Those that failed, throttled ones too.";
    SHOPIFY_LATENCY = milliseconds("ShopifyLatency", Emitter::ShopifyCaller, BY_OPERATION), "From sending to the reply's last byte.";
    TOKEN_REFRESH_FAILURES = count("TokenRefreshFailures", Emitter::ShopifyCaller, TOTAL), "Tokens that could not be renewed.";

    // ---- monitor ----
    MONITOR_RUNS = count("MonitorRuns", Emitter::Monitor, TOTAL), "Runs that came to their end.";
    MONITOR_SHOPS_CHECKED = count("MonitorShopsChecked", Emitter::Monitor, TOTAL), "Shops whose subscriptions were compared.";
    MONITOR_SHOPS_FAILED = count("MonitorShopsFailed", Emitter::Monitor, TOTAL), "Shops whose subscriptions could not be compared or restored.";
    SUBSCRIPTION_DRIFT = count("SubscriptionDrift", Emitter::Monitor, TOTAL), "Subscriptions that were not as they should be.";
    SUBSCRIPTIONS_RESTORED = count("SubscriptionsRestored", Emitter::Monitor, TOTAL), "Subscriptions that were put right.";
    SILENT_SUBSCRIPTIONS = count("SilentSubscriptions", Emitter::Monitor, TOTAL), "Subscriptions of the app's TOML whose deliveries have gone silent.";
    API_VERSION_FELL_FORWARD = count("ApiVersionFellForward", Emitter::Monitor, TOTAL), "Shops whose deliveries came in another API version than asked for.";

    // ---- orders ----
    ORDER_EVENTS = count("OrderEvents", Emitter::Orders, TOTAL), "Events of orders that were published: order.paid and the others.";
    ORDER_DELIVERIES_UNNAMED = count("OrderDeliveriesUnnamed", Emitter::Orders, TOTAL), "Deliveries about a part of an order that do not name the order: returns/update and most of fulfillment_orders/*.";
    ORDER_PROCESSING_TIME = seconds("OrderProcessingTime", Emitter::Orders, TOTAL), "From an order's creation to the first time that all of it was fulfilled.";

    // ---- shared stock ----
    STOCK_CHANGES = count("StockChanges", Emitter::Inventory, TOTAL), "Changes of levels that were taken into a pool: sales, returns, counts.";
    STOCK_STALE = count("StockStale", Emitter::Inventory, TOTAL), "Levels that were sold or changed between reading and setting them: read again, and set then.";
    STOCK_REFUSED = count("StockRefused", Emitter::Inventory, TOTAL), "Levels that Shopify refuses to set, whatever their number: tried again after an hour.";
    STOCK_HELD = count("StockHeld", Emitter::Inventory, TOTAL), "Pools that were held, because one round would have moved too much.";
    STOCK_DRIFT = count("StockDrift", Emitter::Inventory, TOTAL), "Changes of levels that no webhook told of, found by looking at all levels.";
    STOCK_OPEN_PUSHES = count("StockOpenPushes", Emitter::Inventory, TOTAL), "Pushes whose result was not known for more than a minute, when all levels were looked at.";
    STOCK_SYNC_TIME = seconds("StockSyncTime", Emitter::Inventory, TOTAL), "From a change in one shop until the last other shop has the new number, by Shopify's clock of whole seconds.";

    // ---- reconciliation ----
    RECONCILIATION_RUNS = count("ReconciliationRuns", Emitter::Reconciliation, TOTAL), "Runs that came to their end.";
    RECONCILIATION_MISSING = count("ReconciliationMissing", Emitter::Reconciliation, TOTAL), "Changes at Shopify that weir never saw or never finished.";
    RECONCILIATION_SENT = count("ReconciliationSent", Emitter::Reconciliation, TOTAL), "Events that were sent in their place.";
    RECONCILIATION_LAG = milliseconds("ReconciliationLag", Emitter::Reconciliation, TOTAL), "How far a cursor lies behind now.";
}

table! {
    /// Every metric of AWS's own that weir's operators look at.
    AWS:
    DEPTH = aws("ApproximateNumberOfMessagesVisible", Emitter::Sqs), "Messages of a lane or dead-letter queue that wait; what is parked is none of them.";
    IN_FLIGHT = aws("ApproximateNumberOfMessagesNotVisible", Emitter::Sqs), "Messages of a lane that workers have, or that back off.";
    DELAYED = aws("ApproximateNumberOfMessagesDelayed", Emitter::Sqs), "Messages of a lane that are parked.";
    OLDEST_AGE = Metric { unit: Unit::Seconds, ..aws("ApproximateAgeOfOldestMessage", Emitter::Sqs) }, "How long the oldest message of a lane has waited.";
    API_REQUESTS = aws("Count", Emitter::ApiGateway), "Requests that the API answered.";
    API_4XX = aws("4xx", Emitter::ApiGateway), "Requests that the API answered 4xx.";
    API_5XX = aws("5xx", Emitter::ApiGateway), "Requests that the API answered 5xx: Shopify sends them again.";
    API_LATENCY = Metric { unit: Unit::Milliseconds, ..aws("Latency", Emitter::ApiGateway) }, "From API Gateway's receipt of a request to its answer.";
    INVOCATIONS = aws("Invocations", Emitter::Lambda), "Times that a function was invoked.";
    FUNCTION_ERRORS = aws("Errors", Emitter::Lambda), "Invocations that failed as a whole: time-outs, crashes.";
    FUNCTION_THROTTLES = aws("Throttles", Emitter::Lambda), "Invocations that found no free instance.";
    FUNCTION_DURATION = Metric { unit: Unit::Milliseconds, ..aws("Duration", Emitter::Lambda) }, "How long an invocation took.";
    FUNCTION_CONCURRENCY = aws("ConcurrentExecutions", Emitter::Lambda), "Instances of a function at work at once.";
    FUNCTION_RECURSION_DROPPED = aws("RecursiveInvocationsDropped", Emitter::Lambda), "Invocations that Lambda dropped because it took them for an endless loop.";
    RULE_MATCHES = aws("MatchedEvents", Emitter::EventBridge), "Events that a rule matched.";
    BUS_FAILURES = aws("FailedInvocations", Emitter::EventBridge), "Events that a rule could not give to its target.";
}
