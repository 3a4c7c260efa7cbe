//! Every parameter of template.yaml: no value that a deployment takes breaks a promise of docs/concepts/delivery-guarantees.md.

use std::{collections::BTreeSet, time::Duration};

use regex_lite::Regex;
use serde_json::Value;
use weir_core::{Backoff, park::MESSAGE_RETENTION};
use weir_tests::Document;

use crate::model::{Template, at, items, seconds, text};

/// A parameter, values that a deployment takes, and values that it refuses for what they would break.
struct Row(&'static str, &'static [&'static str], &'static [&'static str]);

const TABLE: &[Row] = &[
    // It is pasted into JSON, and an empty secret is anybody's.
    Row("ClientSecret", &["shpss_0123456789abcdef"], &["", "short", "with\"quote", "{\"a\":1}"]),
    Row("Apps", &["default", "loyalty-2"], &["", "Upper", "a/b", "-a"]),
    // What can be guessed keeps nobody out.
    Row(
        "PathSegment",
        &["", "a-segment_of-16c", "0123456789abcdef0123456789abcdef"],
        &["short", "sixteen/characters", "a b c d e f g h i"],
    ),
    Row("Architecture", &["arm64", "x86_64"], &["mips"]),
    // A body of 6 MB is held a few times over.
    Row("IngestMemoryMb", &["256", "10240"], &["128", "0"]),
    Row("WorkerMemoryMb", &["256", "10240"], &["128", "0"]),
    // SQS's event source has no smaller limit.
    Row("UrgentConcurrency", &["2", "1000"], &["0", "1", "1001"]),
    Row("StandardConcurrency", &["2", "1000"], &["0", "1", "1001"]),
    Row("BulkConcurrency", &["2", "1000"], &["0", "1", "1001"]),
    Row("ReserveWorkers", &["true", "false"], &["", "5"]),
    // With a few, ingest answers 5xx, and Shopify deletes the subscription.
    Row("IngestReservedConcurrency", &["0", "20", "1000"], &["1", "5", "19", "-1"]),
    // So does 429.
    Row("ThrottleRate", &["100", "1000", "10000"], &["0", "1", "99"]),
    Row("ThrottleBurst", &["100", "1000", "5000"], &["0", "1", "99"]),
    // DynamoDB refuses less than a new table has.
    Row("WarmWritesPerSecond", &["0", "5000", "40000"], &["-1", "1", "4000"]),
    // With fewer, an event is dead-lettered before an outage of the ledger parks it, or by a few throttled invocations. With
    // more, SQS deletes it silently while it still backs off.
    Row("MaxReceiveCount", &["5", "10", "100"], &["0", "1", "2", "3", "4", "101", "1000"]),
    Row("MaxAttempts", &["1", "5", "1000"], &["0", "-1", "1001"]),
    // What backs off is in flight, of which a queue has 120,000.
    Row("BackoffBaseSeconds", &["1", "60"], &["0", "61", "900"]),
    // SQS delays no copy for longer; with less than a minute, a failure that passes uses up all tries.
    Row("BackoffCapSeconds", &["60", "900"], &["0", "1", "59", "901", "39600"]),
    // A copy that comes after it would take effect again.
    Row("LedgerRetentionDays", &["50", "3650"], &["0", "40", "49"]),
    Row("LogRetentionDays", &["1", "30", "3653"], &["0", "2", "-1"]),
    // Customers' data must be gone within 30 days.
    Row("ArchiveDays", &["0", "7", "30"], &["-1", "31", "365"]),
    Row("OrderDays", &["0", "1", "3650"], &["-1", "3651"]),
    Row("StockSweepMinutes", &["0", "1", "60"], &["-1", "61"]),
    Row("StockMaxZeroedSkus", &["1", "100000"], &["0", "100001"]),
    Row("StockMaxZeroedPercent", &["1", "100"], &["0", "101"]),
    Row("OrderConfirmedWhen", &["created", "authorized", "paid"], &["", "shipped"]),
    Row("BusArchiveDays", &["0", "29"], &["-1", "30", "365"]),
    // Bodies go over TLS, or stay on this machine.
    Row(
        "ForwardUrl",
        &["", "https://erp.example.com/in?x=1", "http://127.0.0.1:9000/in", "http://localhost"],
        &[
            "http://erp.example.com",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com",
            "ftp://x",
            "https://a b",
        ],
    ),
    Row("FallbackRegion", &["", "eu-central-1", "us-gov-west-1"], &["eu", "EU-CENTRAL-1", "eu-central-1 "]),
    Row("FallbackBodiesBucket", &["", "weir-bodies-1"], &["-a", "a/b", "A"]),
    Row("Canary", &["true", "false"], &["", "yes"]),
    Row(
        "CanaryType",
        &["Canary10Percent15Minutes", "Linear10PercentEvery10Minutes"],
        &["AllAtOnce", "Canary10Percent5Minutes", "Canary10Percent10Minutes", "Linear10PercentEvery1Minute"],
    ),
    Row("LogLevel", &["error", "debug"], &["", "trace", "off"]),
    Row("TlsRoots", &["amazon", "system"], &["", "none"]),
    Row("MetricsByShop", &["", "a.myshopify.com,b.myshopify.com"], &["a.example.com", "*.myshopify.com"]),
    Row("Tracing", &["PassThrough", "Active"], &["", "Off"]),
    Row("OtlpEndpoint", &["", "http://127.0.0.1:4318"], &["127.0.0.1:4318", "file:///x"]),
    Row("LocalTap", &["true", "false"], &["", "yes"]),
    Row("MonitorState", &["ENABLED", "DISABLED"], &["", "enabled"]),
    // A lost subscription is noticed within two hours at worst.
    Row("MonitorMinutes", &["1", "60"], &["0", "61"]),
    Row("ReconcileHours", &["0", "24"], &["-1", "25"]),
    Row("MonitorShards", &["1", "4"], &["0", "5"]),
    Row("LocalApiUrl", &["", "http://127.0.0.1:4566"], &["http://example.com:1", "https://x"]),
    Row("LocalShopifyUrl", &["", "http://127.0.0.1:9"], &["http://example.com:1", "https://x"]),
    // IAM compares the whole ARN: without the six letters the notifier could not read its secret.
    Row(
        "SlackWebhookSecretArn",
        &["", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:weir-slack-AbC123"],
        &["weir-slack", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:weir-slack"],
    ),
    Row("RunbookUrl", &["", "https://example.com/r"], &["http://example.com", "https://a#b"]),
    Row("AlarmTopicArn", &["", "arn:aws:sns:eu-west-1:123456789012:pager"], &["pager"]),
    Row("ComplianceRule", &["", "gdpr_rule-1"], &["a b", "a/b"]),
    // An alarm that can never go on is none.
    Row("DepthAlarm", &["1", "50000"], &["0", "120000"]),
    Row("IngestP99AlarmMs", &["1", "2000"], &["0", "3000"]),
];

#[test]
fn every_parameter_refuses_the_values_that_break_a_promise() {
    let template = Template::read();
    for Row(name, taken, refused) in TABLE {
        let parameter = template.parameter(name);
        for value in *taken {
            assert!(takes(parameter, value), "{name} refuses {value:?}");
        }
        for value in *refused {
            assert!(!takes(parameter, value), "{name} takes {value:?}");
        }
        if let Some(default) = parameter.get("Default") {
            let default = default.as_str().map_or_else(|| default.to_string(), str::to_owned);
            assert!(takes(parameter, &default), "{name} refuses its own default {default:?}");
        }
    }
    let known: BTreeSet<&str> = TABLE.iter().map(|Row(name, ..)| *name).collect();
    let all: BTreeSet<&str> = template.parameters().collect();
    assert_eq!(known, all, "say of each parameter which of its values break a promise");
}

/// A `samconfig.toml` of a guide is copied: SAM would pass a wrong name or value on, and CloudFormation refuse it.
#[test]
fn examples_in_guides_name_parameters_and_values_that_the_template_takes() {
    let template = Template::read();
    for (guide, least) in [("guides/new-account.md", 5), ("guides/second-region.md", 4)] {
        let document = Document::read(guide);
        let lines = document.parts().iter().flat_map(|section| section.blocks("toml")).flat_map(str::lines);
        // An item of a list in a line, in either of TOML's quotes; within them a value may have quotes of its own.
        let items = lines.filter_map(|line| line.strip_prefix("    ")?.strip_suffix(','));
        let items = items.map(|item| item.trim_matches(|c| c == item.chars().next().unwrap_or_default()));
        let mut count = 0;
        for (name, value) in items.filter_map(|item| item.split_once('=')) {
            let value = value.trim_matches('"');
            assert!(template.has_parameter(name), "{guide}: the template has no parameter {name}");
            assert!(takes(template.parameter(name), value), "{guide}: {name} refuses {value:?}");
            count += 1;
        }
        assert!(count >= least, "{guide}: only {count} were found");
    }
}

/// What CloudFormation checks of a value.
fn takes(parameter: &Value, value: &str) -> bool {
    let is_allowed = |allowed: &Value| {
        let text = |one: &Value| one.as_str().map_or_else(|| one.to_string(), str::to_owned);
        items(allowed).into_iter().any(|one| text(one) == value)
    };
    let bound = |key: &str| parameter[key].as_f64();
    if parameter["Type"] == "Number" {
        let Ok(number) = value.parse::<f64>() else { return false };
        if bound("MinValue").is_some_and(|least| number < least) || bound("MaxValue").is_some_and(|most| number > most)
        {
            return false;
        }
    }
    let pattern = parameter["AllowedPattern"].as_str().map(|pattern| Regex::new(pattern).expect("a pattern"));
    parameter.get("AllowedValues").is_none_or(is_allowed) && pattern.is_none_or(|pattern| pattern.is_match(value))
}

/// SQS deletes at the end of the retention and tells nobody; a message must have reached the dead-letter queue long before, for
/// its days there are those that are left.
#[test]
fn event_that_fails_each_time_is_dead_lettered_days_before_sqs_deletes_it() {
    let template = Template::read();
    let most = |name: &str| at(template.parameter(name), &["MaxValue"]).as_u64().unwrap();
    let receives = u32::try_from(most("MaxReceiveCount")).unwrap();
    for lane in template.lanes() {
        // It backs off, or its worker dies each time.
        let hidden =
            Duration::from_secs(most("BackoffCapSeconds")).max(seconds(at(lane.queue, &["VisibilityTimeout"])));
        assert!(hidden * receives * 4 < MESSAGE_RETENTION, "{}: {:?}", lane.queue_id, hidden * receives);
    }
}

/// A worker parks an event whose ledger is down from the third receive on; before that, invocations may have been throttled.
#[test]
fn throttled_invocations_and_a_ledger_that_is_down_leave_an_event_tries() {
    const PARKED_FROM: u64 = 3;
    let receives = Template::read().parameter("MaxReceiveCount").clone();
    assert!(receives["MinValue"].as_u64().unwrap() >= PARKED_FROM + 2);
    assert!(receives["Default"].as_u64().unwrap() >= 3 * PARKED_FROM);
}

#[test]
fn waits_fit_what_sqs_hides_or_delays_and_the_base_fits_the_cap() {
    let template = Template::read();
    let value = |name: &str, key: &str| seconds(at(template.parameter(name), &[key]));
    assert!(value("BackoffCapSeconds", "MaxValue") <= weir_core::park::DELAY_AT_MOST);
    assert!(value("BackoffBaseSeconds", "MaxValue") <= value("BackoffCapSeconds", "MinValue"));
    let default = Backoff::default();
    for (name, expected) in [("BackoffBaseSeconds", default.base), ("BackoffCapSeconds", default.cap)] {
        assert_eq!(value(name, "Default"), expected, "{name}");
    }
}

#[test]
fn local_urls_are_refused_where_the_stack_is_no_local_one() {
    let template = Template::read();
    let rule = template.rule("LocalUrlsAreOfLocalStacks");
    assert_eq!(rule["RuleCondition"], serde_json::json!({ "Fn::Equals": [{ "Ref": "LocalTap" }, "false"] }));
    let [assertion] = &items(&rule["Assertions"])[..] else { panic!("{rule}") };
    for name in ["LocalApiUrl", "LocalShopifyUrl"] {
        assert!(assertion["Assert"].to_string().contains(&format!(r#"[{{"Ref":"{name}"}},""]"#)), "{assertion}");
    }
    assert!(!text(&assertion["AssertDescription"]).is_empty());
}
