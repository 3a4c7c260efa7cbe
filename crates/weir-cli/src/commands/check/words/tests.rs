use std::time::Duration;

use weir_core::Lane;
use weir_ops::{
    check::{
        AccountFinding, AlarmFinding, Area, BusFinding, CheckedEvent, DeliveryFinding, PermissionFinding, Quota,
        Severity, SourceFinding, SubscriptionFinding,
        before::{BeforeFinding, Machine, NameRule},
    },
    health,
};

use super::*;

const QUOTA: Quota =
    Quota { name: "Throttle rate", service: "apigateway", code: "L-8A5B8E43", parameter: Some("ThrottleRate") };

fn on_aws() -> Place {
    Place {
        stack: "shop".into(),
        suffix: " --stack shop --region eu-central-1".into(),
        url: "https://a.example/webhooks".into(),
    }
}

#[track_caller]
fn check(subject: &str, kind: FindingKind, seen: &str, todo: Option<&str>) {
    let finding = Finding { severity: Severity::Must, area: Area::Bus, subject: subject.to_owned(), kind };
    let (what, then) = (what(&finding), then(&finding, &on_aws()));
    assert!(what.contains(seen), "{what}");
    match (then, todo) {
        (Some(then), Some(todo)) => assert!(then.contains(todo) && then.ends_with('.'), "{then}"),
        (then, todo) => assert_eq!((then, todo), (None, None), "{what}"),
    }
}

#[test]
fn quota_that_is_too_small_names_the_parameter_and_the_request_for_more() {
    let starved = AccountFinding::NoRoomForIngest { total: 10, unreserved: 10, lanes: 24, others: 3 };
    let todo = "--service-code lambda --quota-code L-B99A9384 --desired-value 1000 --region eu-central-1`";
    check("Lambda", FindingKind::Account(starved), "the lanes may take 24", Some(todo));
    let little = AccountFinding::LittleRoomForIngest { total: 10, left: 1 };
    check("Lambda", FindingKind::Account(little), "1 are left for ingest", Some(todo));
    let refused = AccountFinding::RefusedReservation { reserved: 50, most: 20 };
    check("Lambda", FindingKind::Account(refused), "reserve 50", Some("IngestReservedConcurrency=0"));
    let above = AccountFinding::AboveQuota { quota: QUOTA, limit: 2_500.0, value: 5_000.0 };
    check("apigateway", FindingKind::Account(above), "ThrottleRate is 5000", Some("Deploy with ThrottleRate=2500"));
    let room = AccountFinding::RoomForIngest { total: 1_000, left: 991 };
    check("Lambda", FindingKind::Account(room), "991 are left", None);
    check("events", FindingKind::Account(AccountFinding::Limit { quota: QUOTA, limit: 400.0 }), "is 400", None);
}

#[test]
fn trouble_of_a_deployed_stack_names_the_command_to_repair_it() {
    let alarm = |kind| FindingKind::Alarm(kind);
    check("shop-a", alarm(AlarmFinding::On { reason: "1 > 0".into() }), "1 > 0", Some("weir status --stack shop"));
    check(
        "shop-a",
        alarm(AlarmFinding::ActionsOff),
        "switched off",
        Some("--alarm-names shop-a --region eu-central-1"),
    );
    check("shop-a", alarm(AlarmFinding::Gone), "CloudWatch does not", Some("Deploy again"));
    check("alarms", alarm(AlarmFinding::NoData { names: vec!["shop-a".into()] }), "no data yet", None);
    let nobody = |pending| alarm(AlarmFinding::NobodyIsTold { topic: "arn:t".into(), pending });
    check("alarms", nobody(0), "nobody is told", Some("aws sns subscribe --topic-arn arn:t"));
    check("alarms", nobody(2), "2 subscriptions wait", Some("Confirm the subscription"));
    let empty = |pending| alarm(AlarmFinding::EmptyTopic { topic: "arn:t".into(), pending });
    check("alarms", empty(0), "AlarmTopicArn", Some("aws sns subscribe"));
    check("alarms", empty(1), "a subscription waits", Some("Confirm"));
    check("alarms", alarm(AlarmFinding::SlackAlone), "Slack alone", Some("AlarmTopicArn"));

    let source = |kind| FindingKind::Source(kind);
    check("lane bulk", source(SourceFinding::Missing), "no event source", Some("Deploy again"));
    let off = SourceFinding::NotEnabled { id: "1-2".into(), state: "Disabled".into(), reason: None };
    check("lane bulk", source(off), "is Disabled", Some("--enabled --uuid 1-2 --region eu-central-1"));
    let denied = PermissionFinding::Denied {
        actions: vec!["events:PutEvents".into()],
        resource: "arn:bus".into(),
        is_explicit: false,
    };
    check(
        "role UrgentWorkerRole",
        FindingKind::Permission(denied),
        "may not call events:PutEvents on arn:bus",
        Some("boundary"),
    );
    let silent = health::FindingKind::SilentMonitor { since: None };
    let begin = "weir subscriptions status --stack shop --region eu-central-1";
    check("status", FindingKind::Health(silent), "no round", Some(begin));
    let cost = FindingKind::IdleCost { dollars: 12.5, largest: "alarms".into(), largest_dollars: 5.0 };
    check("a month", cost, "$12.50", Some("weir cost"));
    let unread = FindingKind::NotChecked { reason: "AccessDenied".into() };
    check("bus", unread, "not looked at: AccessDenied", Some("events:ListRules"));
    let emulated = FindingKind::NotChecked { reason: "the emulator has no IAM".into() };
    check("roles", emulated, "not looked at: the emulator", None);
}

#[test]
fn rule_of_the_bus_names_its_own_command() {
    let bus = |kind| FindingKind::Bus(kind);
    check("rule x", bus(BusFinding::RuleGone), "is gone", Some("put-rule --event-bus-name shop --name x"));
    let off = |is_own| bus(BusFinding::RuleOff { is_own });
    check("rule x", off(false), "switched off", Some("enable-rule --event-bus-name shop --name x"));
    check("rule MonitorSchedule", off(true), "switched off", Some("MonitorState=ENABLED"));
    check("rule x", bus(BusFinding::NoTarget { is_own: false }), "nowhere", Some("put-targets --event-bus-name shop"));
    check("rule x", bus(BusFinding::NoTarget { is_own: true }), "nowhere", Some("ArchiveDays=0"));
    let target = || "arn:q".to_owned();
    check("rule x", bus(BusFinding::TargetGone { target: target() }), "arn:q", Some("another target"));
    check("rule x", bus(BusFinding::TargetClosed { target: target() }), "arn:q", Some("events.amazonaws.com"));
    check(
        "rule x",
        bus(BusFinding::NoRuleOfYours { bus: "shop".into() }),
        "no rule of yours",
        Some("subscribe-to-events"),
    );
}

#[test]
fn webhook_that_did_not_arrive_names_where_to_look() {
    let event = || CheckedEvent { event: "weir-check.myshopify.com#1".into(), lane: Lane::Bulk, bytes: 1_024 };
    let sent = |kind| FindingKind::Delivery(kind);
    let took = Duration::from_millis(1_250);
    check("lane bulk", sent(DeliveryFinding::Done { event: event(), took }), "done after 1.2 s", None);
    check(
        "ingest",
        sent(DeliveryFinding::NoAnswer { reason: "refused".into() }),
        "refused",
        Some("curl -i https://a.example"),
    );
    let refused = |is_given| sent(DeliveryFinding::SignatureRefused { is_given, secret: "shop/apps/default".into() });
    check("ingest", refused(true), "refuses the secret that was given", Some("into the list of shop/apps/default"));
    check("ingest", refused(false), "newest secret of shop/apps/default", Some("Wait five minutes"));
    let answered = |status| sent(DeliveryFinding::Refused { status, detail: Some("why".into()) });
    check("ingest", answered(503), "503 to a test webhook: why", Some("aws logs tail /aws/lambda/shop/ingest"));
    check("ingest", answered(429), "429", Some("ThrottleRate"));
    check("ingest", answered(404), "404", Some("http-responses"));
    check(
        "ingest",
        sent(DeliveryFinding::ForgedAccepted { status: 200 }),
        "wrong signature",
        Some("https://a.example"),
    );
    let not_done = |state| {
        let last_error = Some("PutEvents on shop: AccessDenied".to_owned());
        sent(DeliveryFinding::NotDone { event: event(), waited: took, state, last_error })
    };
    check("lane bulk", not_done(None), "no worker has claimed it", Some("/aws/lambda/shop/worker-bulk"));
    let history = "weir events show 'weir-check.myshopify.com#1' --stack shop";
    check("lane bulk", not_done(Some("parked")), "it is parked, because PutEvents on shop", Some(history));
    check(
        "lane bulk",
        sent(DeliveryFinding::LaneOff { lane: Lane::Bulk }),
        "switched off",
        Some("weir controls on lane bulk"),
    );
    let none = DeliveryFinding::NoSecret { secret: "shop/apps/default".into(), reason: "missing".into() };
    check("ingest", sent(none), "missing", Some("client_secrets"));
}

#[test]
fn shop_that_differs_names_the_command_that_shows_how() {
    let of = |kind| FindingKind::Subscription(kind);
    let app = || "default".to_owned();
    check("shops", of(SubscriptionFinding::NoShops), "no shop", Some("weir shops add SHOP"));
    let differs = SubscriptionFinding::Different { app: app(), missing: vec!["orders/paid".into()], changes: 2 };
    let plan = "weir subscriptions plan --shop north.myshopify.com --app default --stack shop";
    check("north.myshopify.com", of(differs), "lacks orders/paid", Some(plan));
    let unread = SubscriptionFinding::Unreadable { app: app(), reason: "401".into() };
    check("north.myshopify.com", of(unread), "401", Some("weir shops check north.myshopify.com --app default"));
}

#[test]
fn trouble_before_a_deployment_names_what_to_do_first() {
    let before = |kind| FindingKind::Before(kind);
    for rule in [NameRule::Characters, NameRule::Length, NameRule::ReservedPrefix, NameRule::DefaultBus] {
        check("x", before(BeforeFinding::BadName { rule }), "", Some("Choose another name"));
    }
    let status = || "ROLLBACK_COMPLETE".to_owned();
    let delete = "aws cloudformation delete-stack --stack-name shop --region eu-central-1";
    check("shop", before(BeforeFinding::FailedCreation { status: status() }), "ROLLBACK_COMPLETE", Some(delete));
    check("shop", before(BeforeFinding::InProgress { status: status() }), "ROLLBACK", Some("Wait"));
    check("shop", before(BeforeFinding::StuckRollback), "UPDATE_ROLLBACK_FAILED", Some("continue-update-rollback"));
    check("shop", before(BeforeFinding::Exists { status: status() }), "is there", None);
    check(
        "shop",
        before(BeforeFinding::InTheWay { names: vec!["shop-urgent".into()] }),
        "shop-urgent",
        Some("another name"),
    );
    let region = || "ap-southeast-7".to_owned();
    check("S3", before(BeforeFinding::NoService { region: region() }), "ap-southeast-7", Some("another region"));
    check("x", before(BeforeFinding::RegionOff { region: region() }), "may not be enabled", Some("enable-region"));
    let may_not = |is_explicit| {
        before(BeforeFinding::MayNot { caller: "me".into(), actions: vec!["iam:CreateRole".into()], is_explicit })
    };
    check("caller", may_not(true), "denies me iam:CreateRole", Some("somebody else"));
    check("caller", may_not(false), "on every resource", Some("somebody else"));
    let other = BeforeFinding::OtherMachine { built: Machine::X86, wanted: "arm64".into() };
    check("bootstrap", before(other), "built for x86_64", Some("Architecture=arm64"));
    check("functions", before(BeforeFinding::NotBuilt), "nothing is built", Some("sam build"));
}
