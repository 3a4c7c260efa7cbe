//! `weir check` against a deployed stack: a healthy one passes, and each trouble that the local AWS can have is found.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod before;
mod report;

use std::collections::BTreeSet;

use weir_core::{Lane, check};
use weir_local::s3_client;
use weir_tests::{Local, Receiver, World, eventually};

use report::Report;

/// What must hold of a stack that nothing is wrong with, whatever its name.
async fn healthy(name: &str, service: &Receiver) -> Local {
    let local = Local::with(name, &[("ArchiveDays", "1"), ("ForwardUrl", &service.url)]).await;
    let applied = local.weir(&["subscriptions", "apply", "--yes"]).await;
    assert_eq!(applied.status, 0, "{}", applied.stderr);
    local
}

async fn service() -> Receiver {
    Receiver::start(|_| "HTTP/1.1 200 OK\r\n\r\n".to_owned()).await
}

/// The shops of which the archive has bodies, once it has some.
async fn archived_shops(world: &World) -> BTreeSet<String> {
    let s3 = s3_client(&world.aws);
    let buckets = s3.list_buckets().send().await.unwrap();
    let prefix = format!("{}-archivebucket", world.deployed.stack_name);
    let bucket = buckets.buckets().iter().filter_map(|one| one.name()).find(|name| name.starts_with(&prefix)).unwrap();
    eventually("an archived body", async || {
        let listed = s3.list_objects_v2().bucket(bucket).send().await.unwrap();
        let shop = |key: &str| key.split("shop=").nth(1).and_then(|rest| rest.split('/').next()).map(str::to_owned);
        let shops: BTreeSet<String> = listed.contents().iter().filter_map(|one| shop(one.key()?)).collect();
        (!shops.is_empty()).then_some(shops)
    })
    .await
}

/// What AWS calls a rule of the template on the stack's bus.
async fn rule(bus: &aws_sdk_eventbridge::Client, stack: &str, logical: &str) -> String {
    let rules = bus.list_rules().event_bus_name(stack).send().await.unwrap();
    let mut names = rules.rules().iter().filter_map(|rule| rule.name());
    names.find(|name| name.contains(logical)).unwrap().to_owned()
}

/// Runs the check without webhooks, until its findings have this one.
async fn found(local: &Local, id: &str, subject: &str) -> Report {
    eventually(&format!("{id} of {subject}"), async || {
        let report = Report::of(local, &["--no-delivery"]).await;
        report.severity(id, subject).is_some().then_some(report)
    })
    .await
}

#[tokio::test]
async fn healthy_stack_passes_and_no_service_sees_what_was_sent() {
    let service = service().await;
    let local = healthy("checked", &service).await;
    let report = Report::of(&local, &[]).await;
    assert_eq!(report.status, 0, "{report:#?}");
    assert_eq!(report.ids("must"), Vec::<String>::new(), "{report:#?}");
    for subject in ["lane urgent, 1 KB", "lane standard, 1 KB", "lane bulk, 1 KB", "lane standard, 300 KB"] {
        assert_eq!(report.severity("delivery-done", subject).as_deref(), Some("note"), "{report:#?}");
    }
    // The emulator's limits are said, and fail nothing.
    assert_eq!(report.severity("not-checked", "roles").as_deref(), Some("note"), "{report:#?}");
    assert_eq!(report.severity("not-checked", "CloudWatch").as_deref(), Some("note"), "{report:#?}");
    assert_eq!(report.severity("nobody-is-told", "alarms").as_deref(), Some("should"), "{report:#?}");

    // On the bus are the four of them, under a source that no rule for weir takes.
    let world = &local.world;
    let mut published = Vec::new();
    eventually("the events on the bus", async || {
        published.extend(world.take(&world.deployed.tap_queue_url).await);
        (published.len() >= 4).then_some(())
    })
    .await;
    let mut topics: Vec<_> = published.iter().map(|event| event["detail-type"].as_str().unwrap()).collect();
    topics.sort_unstable();
    let mut sent: Vec<String> = Lane::ALL.into_iter().chain([Lane::Standard]).map(check::topic).collect();
    sent.sort_unstable();
    assert_eq!(topics, sent);
    for event in &published {
        assert_eq!((event["source"].as_str(), event["detail"]["test"].as_bool()), (Some("weir.check"), Some(true)));
    }
    assert!(service.received().is_empty(), "the service was called");
    // One that services see comes after them: had they been archived or forwarded, it would not be the only one.
    world.accepted(&world.delivery("orders/create", "seen", r#"{"id":1,"updated_at":"2026-11-22T12:00:00Z"}"#)).await;
    world.done("seen").await;
    assert_eq!(service.received().len(), 1);
    assert_eq!(archived_shops(world).await, BTreeSet::from(["north.myshopify.com".to_owned()]));

    // People read the same, the remarks first.
    let ended = local.weir(&["check", "--no-delivery"]).await;
    assert!(ended.stdout.contains("· roles: not looked at: the emulator has no IAM"), "{}", ended.stdout);
    assert!(ended.stdout.contains("\n! alarms: nobody is told of any"), "{}", ended.stdout);
    local.world.end().await;
}

#[tokio::test]
async fn each_trouble_of_a_stack_is_found() {
    let service = service().await;
    let local = Local::with("troubled", &[("ArchiveDays", "1"), ("ForwardUrl", &service.url)]).await;
    let (aws, stack) = (&local.world.aws, local.world.deployed.stack_name.clone());

    // Nothing was applied yet: every desired subscription is missing.
    let shop = "north.myshopify.com";
    let report = found(&local, "subscriptions-differ", shop).await;
    assert_eq!(report.status, 3, "{report:#?}");
    assert_eq!(report.severity("subscriptions-differ", shop).as_deref(), Some("must"), "{report:#?}");
    assert!(report.then("subscriptions-differ", shop).contains("weir subscriptions plan --shop north.myshopify.com"));
    assert_eq!(local.weir(&["subscriptions", "apply", "--yes"]).await.status, 0);
    let report = Report::of(&local, &["--no-delivery"]).await;
    assert_eq!((report.status, report.severity("subscriptions-differ", shop)), (0, None), "{report:#?}");

    // A secret that the stack does not have: `TOKEN` holds the shop's token.
    let report = Report::of(&local, &["--secret-env", "TOKEN"]).await;
    assert_eq!(report.severity("signature-refused", "ingest").as_deref(), Some("must"), "{report:#?}");
    assert_eq!((report.status, report.severity("delivery-done", "lane urgent, 1 KB")), (3, None));

    // A lane that is switched off.
    assert_eq!(local.weir(&["controls", "off", "lane", "bulk", "--why", "a test", "--yes"]).await.status, 0);
    let report = Report::of(&local, &[]).await;
    assert_eq!(report.severity("lane-off", "lane bulk").as_deref(), Some("should"), "{report:#?}");
    assert!(report.then("lane-off", "lane bulk").contains("weir controls on lane bulk"));
    assert_eq!((report.status, report.severity("delivery-done", "lane bulk, 1 KB")), (0, None));
    assert!(report.severity("delivery-done", "lane urgent, 1 KB").is_some(), "{report:#?}");
    assert_eq!(local.weir(&["controls", "on", "lane", "bulk", "--yes"]).await.status, 0);

    // Rules: weir's own switched off, one without a target, one whose queue is gone, and one whose queue is closed.
    let bus = aws_sdk_eventbridge::Client::new(aws);
    let own = rule(&bus, &stack, "ArchiveRule").await;
    bus.disable_rule().event_bus_name(&stack).name(&own).send().await.unwrap();
    let report = found(&local, "rule-off", &format!("rule {own}")).await;
    assert_eq!(report.severity("rule-off", &format!("rule {own}")).as_deref(), Some("must"));
    let queues = aws_sdk_sqs::Client::new(aws);
    queues.create_queue().queue_name(format!("{stack}-closed")).send().await.unwrap();
    for (rule, queue) in [("idle", None), ("lost", Some("nowhere")), ("closed", Some("troubled-closed"))] {
        let pattern = r#"{"source":["weir"]}"#;
        bus.put_rule().event_bus_name(&stack).name(rule).event_pattern(pattern).send().await.unwrap();
        let Some(queue) = queue else { continue };
        let arn = format!("arn:aws:sqs:us-east-1:000000000000:{queue}");
        let target = aws_sdk_eventbridge::types::Target::builder().id("1").arn(arn).build().unwrap();
        bus.put_targets().event_bus_name(&stack).rule(rule).targets(target).send().await.unwrap();
    }
    let report = found(&local, "rule-without-target", "rule idle").await;
    assert_eq!(report.severity("target-gone", "rule lost").as_deref(), Some("should"), "{report:#?}");
    assert_eq!(report.severity("target-closed", "rule closed").as_deref(), Some("should"), "{report:#?}");

    // Nobody reads the lanes: what is sent waits there.
    local.world.pause_workers().await;
    let report = found(&local, "source-not-enabled", "lane urgent").await;
    assert_eq!((report.status, report.severity("source-not-enabled", "lane urgent").as_deref()), (3, Some("must")));
    let then = report.then("source-not-enabled", "lane urgent");
    assert!(then.contains("aws lambda update-event-source-mapping --enabled --uuid"), "{then}");
    let report = Report::of(&local, &["--timeout", "3s"]).await;
    let subject = "lane standard, 300 KB";
    assert_eq!(report.severity("delivery-not-done", subject).as_deref(), Some("must"), "{report:#?}");
    assert!(report.what("delivery-not-done", subject).contains("no worker has claimed it"), "{report:#?}");
    local.world.end().await;
}
