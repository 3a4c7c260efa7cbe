use std::collections::BTreeMap;

use proptest::prelude::*;
use shopify_webhook::ShopDomain;

use super::*;
use crate::{Desired, address};

const OURS: &str = "https://weir.example/webhooks";

fn wanted(topic: &str) -> Subscription {
    Subscription {
        topic: topic.to_owned(),
        name: None,
        filter: None,
        include_fields: BTreeSet::new(),
        metafield_namespaces: BTreeSet::new(),
        metafields: BTreeSet::new(),
    }
}

fn actual(id: u32, one: &Subscription, uri: &str) -> Actual {
    Actual {
        id: format!("gid://shopify/WebhookSubscription/{id}"),
        topic: topic_enum(&one.topic),
        uri: uri.to_owned(),
        name: one.name.clone().unwrap_or_default(),
        is_json: true,
        filter: one.filter.clone().unwrap_or_default(),
        include_fields: one.include_fields.clone(),
        metafield_namespaces: one.metafield_namespaces.clone(),
        metafields: one.metafields.clone(),
        api_version: "2026-10".to_owned(),
    }
}

fn planned(wanted: &[Subscription], actual: &[Actual]) -> Plan {
    plan(&DesiredSubscriptions { subscriptions: wanted.iter().collect(), declared: Vec::new() }, actual, OURS)
}

#[test]
fn missing_subscriptions_are_created_and_foreign_ones_left() {
    let one = wanted("orders/create");
    let foreign = actual(1, &one, "https://others.example/webhooks");
    let plan = planned(std::slice::from_ref(&one), std::slice::from_ref(&foreign));
    assert_eq!(plan.changes, [Change::Create(one)]);
    assert_eq!(plan.foreign, [foreign]);
}

#[test]
fn the_webhooks_of_another_app_are_not_ours() {
    let one = wanted("orders/create");
    let other = actual(1, &one, &address(OURS, "loyalty"));
    assert_eq!(planned(&[], std::slice::from_ref(&other)).foreign, [other]);
}

#[test]
fn each_difference_is_named() {
    let one = Subscription {
        name: Some("big".into()),
        filter: Some("total_price:>=100".into()),
        include_fields: ["id".into(), "total_price".into()].into(),
        metafield_namespaces: ["custom".into()].into(),
        metafields: ["custom.a".into()].into(),
        ..wanted("orders/create")
    };
    let found = Actual { is_json: false, ..actual(1, &wanted("orders/create"), OURS) };
    let plan = planned(&[one], &[found]);
    let [Change::Update { differences, .. }] = &plan.changes[..] else { panic!("{plan:?}") };
    let what: Vec<_> = differences.iter().map(|one| one.what).collect();
    assert_eq!(what, ["format", "name", "filter", "include_fields", "metafield_namespaces", "metafields"]);
    assert_eq!((plan.drifted().collect::<Vec<_>>(), plan.missing().count()), (vec!["orders/create"], 0));
}

#[test]
fn blanks_in_a_filter_and_a_name_that_nobody_chose_are_no_difference() {
    let one = Subscription { filter: Some("a:1 AND b:2".into()), ..wanted("orders/create") };
    let mut found = actual(1, &one, OURS);
    found.filter = " a:1  b:2".into();
    found.name = "by-hand".into();
    assert_eq!(planned(&[one], &[found]).unchanged, ["orders/create"]);
}

#[test]
fn undesired_subscription_of_this_stack_is_deleted_last() {
    let old = actual(1, &wanted("carts/create"), OURS);
    let plan = planned(&[wanted("orders/create")], std::slice::from_ref(&old));
    assert_eq!(plan.changes, [Change::Create(wanted("orders/create")), Change::Delete(old)]);
    assert_eq!(plan.without_deletions().changes.len(), 1);
}

/// Shopify, as far as plans go: a filter once for a topic, an address and a format, and a name once in a shop, whatever
/// its case; or it refuses.
fn apply(plan: &Plan, shop: &mut BTreeMap<String, Actual>) {
    for change in &plan.changes {
        let (id, one) = match change {
            Change::Delete(actual) => {
                assert_eq!(actual.uri, OURS, "others' are not touched");
                shop.remove(&actual.id).expect("it is there");
                continue;
            }
            Change::Create(one) => (None, one),
            Change::Update { id, subscription, .. } => (Some(id.clone()), subscription),
        };
        let number = 1_000 + u32::try_from(shop.len()).unwrap();
        let mut made = actual(number, one, OURS);
        if let Some(id) = id {
            let before = shop.get(&id).expect("it is there");
            assert_eq!(before.uri, OURS, "others' are not touched");
            if let Change::Update { differences, .. } = change
                && differences.iter().all(|one| one.what == "name")
            {
                // A name alone is sent alone.
                made = Actual { name: made.name, ..before.clone() };
            }
            if made.name.is_empty() {
                made.name.clone_from(&before.name);
            }
            made.id = id;
        }
        let others = || shop.values().filter(|other| other.id != made.id);
        assert!(!others().any(|other| is_taken(other, &made)), "Address has already been taken: {made:?}");
        assert!(!others().any(|other| is_named(other, &made)), "Name already exists: {made:?}");
        shop.insert(made.id.clone(), made);
    }
}

fn is_taken(one: &Actual, other: &Actual) -> bool {
    let key = |of: &Actual| (of.topic.clone(), of.uri.clone(), of.filter.clone(), of.is_json);
    key(one) == key(other)
}

fn is_named(one: &Actual, other: &Actual) -> bool {
    !one.name.is_empty() && one.name.eq_ignore_ascii_case(&other.name)
}

fn a_subscription() -> impl Strategy<Value = Subscription> {
    let topic = prop::sample::select(vec!["orders/create", "orders/paid", "customer.tags_added"]);
    let filter = prop::option::of(prop::sample::select(vec!["a:1", "b:2", "a:1 OR b:2"]));
    let name = prop::option::of(prop::sample::select(vec!["x", "X", "y", "Y", "z"]));
    let fields = prop::collection::btree_set(prop::sample::select(vec!["id", "a", "b", "updated_at"]), 0..4);
    (topic, filter, name, fields).prop_map(|(topic, filter, name, fields)| Subscription {
        filter: filter.map(str::to_owned),
        name: name.map(str::to_owned),
        include_fields: fields.into_iter().map(str::to_owned).collect(),
        ..wanted(topic)
    })
}

/// As a file may have them: one of a topic and a filter, one of a topic without a name, and one of a name.
fn some_wanted() -> impl Strategy<Value = Vec<Subscription>> {
    prop::collection::vec(a_subscription(), 0..6).prop_map(|all| {
        let mut kept: Vec<Subscription> = Vec::new();
        for one in all {
            let clash = |other: &Subscription| {
                other.topic == one.topic && (other.filter == one.filter || other.is_another(&one))
                    || one.name.is_some() && crate::desired::same_name(other.name.as_deref(), one.name.as_deref())
            };
            if !kept.iter().any(clash) {
                kept.push(one);
            }
        }
        kept
    })
}

/// As Shopify may have them, some of them as XML. What others have has no name: that would be in the way for good.
fn a_shop() -> impl Strategy<Value = BTreeMap<String, Actual>> {
    let uri = prop::sample::select(vec![OURS, "https://others.example/", "arn:aws:events:x"]);
    prop::collection::vec((a_subscription(), uri, prop::bool::weighted(0.8)), 0..8).prop_map(|all| {
        let mut shop: BTreeMap<String, Actual> = BTreeMap::new();
        for (number, (one, uri, is_json)) in (1..).zip(all) {
            let mut made = Actual { is_json, ..actual(number, &one, uri) };
            if uri != OURS {
                made.name.clear();
            }
            if !shop.values().any(|other| is_taken(other, &made) || is_named(other, &made)) {
                shop.insert(made.id.clone(), made);
            }
        }
        shop
    })
}

#[test]
fn name_in_other_case_pairs_and_is_a_difference() {
    let one = Subscription { name: Some("Orders".into()), filter: Some("a:1".into()), ..wanted("orders/create") };
    let found = Subscription { name: Some("orders".into()), filter: Some("b:2".into()), ..one.clone() };
    let plan = planned(&[one], &[actual(1, &found, OURS)]);
    let [Change::Update { differences, .. }] = &plan.changes[..] else { panic!("{plan:?}") };
    assert_eq!(differences.iter().map(|one| one.what).collect::<Vec<_>>(), ["name", "filter"]);
}

#[test]
fn name_that_another_one_needs_is_given_up_first() {
    let named = |topic: &str, name: &str| Subscription { name: Some(name.into()), ..wanted(topic) };
    // By its own change.
    let (create, paid) = (named("orders/create", "a"), named("orders/paid", "b"));
    let there = [actual(1, &wanted("orders/create"), OURS), actual(2, &named("orders/paid", "A"), OURS)];
    let topics: Vec<_> = planned(&[create, paid], &there).changes.iter().map(|one| one.topic().to_owned()).collect();
    assert_eq!(topics, ["orders/paid", "orders/create"]);
    // By another name, where it would be deleted in the end, or not at all.
    let old = actual(1, &named("carts/create", "A"), OURS);
    let plan = planned(&[named("orders/create", "a")], std::slice::from_ref(&old));
    let [Change::Update { id, .. }, Change::Create(_), Change::Delete(gone)] = &plan.changes[..] else {
        panic!("{plan:?}")
    };
    assert_eq!((id, gone), (&old.id, &old));
    apply(&plan.without_deletions(), &mut [(old.id.clone(), old)].into());
    // By a name for the time between, where two swap theirs.
    let there = [actual(1, &named("orders/create", "b"), OURS), actual(2, &named("orders/paid", "a"), OURS)];
    let mut shop = there.clone().into_iter().map(|one| (one.id.clone(), one)).collect();
    let plan = planned(&[named("orders/create", "a"), named("orders/paid", "b")], &there);
    assert_eq!(plan.changes.len(), 3);
    apply(&plan, &mut shop);
}

#[test]
fn same_address_in_xml_is_another_subscription_and_goes() {
    let one = wanted("orders/create");
    let xml = Actual { is_json: false, ..actual(1, &one, OURS) };
    let json = actual(2, &one, OURS);
    let plan = planned(std::slice::from_ref(&one), &[xml.clone(), json]);
    assert_eq!((plan.unchanged.len(), plan.changes), (1, vec![Change::Delete(xml)]));
}

proptest! {
    #[test]
    fn a_plan_carried_out_gives_what_is_desired_and_the_next_one_is_empty(
        wanted in some_wanted(),
        mut shop in a_shop(),
    ) {
        let foreign = |shop: &BTreeMap<String, Actual>| -> Vec<Actual> {
            shop.values().filter(|one| one.uri != OURS).cloned().collect()
        };
        let before = foreign(&shop);
        let all = |shop: &BTreeMap<String, Actual>| shop.values().cloned().collect::<Vec<_>>();
        apply(&planned(&wanted, &all(&shop)), &mut shop);
        let after = planned(&wanted, &all(&shop));
        prop_assert_eq!(&after.changes, &vec![]);
        prop_assert_eq!(after.unchanged.len(), wanted.len());
        prop_assert_eq!(shop.values().filter(|one| one.uri == OURS).count(), wanted.len());
        prop_assert_eq!(foreign(&shop), before);
    }

    #[test]
    fn without_deletions_nothing_that_was_there_goes(wanted in some_wanted(), mut shop in a_shop()) {
        let before: Vec<String> = shop.keys().cloned().collect();
        let actual: Vec<Actual> = shop.values().cloned().collect();
        apply(&planned(&wanted, &actual).without_deletions(), &mut shop);
        prop_assert!(before.iter().all(|id| shop.contains_key(id)));
    }
}

#[test]
fn the_built_in_file_is_desired_in_every_shop() {
    let desired = Desired::built_in();
    let wanted = desired.wanted("default", &ShopDomain::parse("north.myshopify.com").unwrap());
    assert!(wanted.subscriptions.iter().any(|one| one.topic == "orders/create"));
    assert!(wanted.declared.contains(&"customers/redact"));
    assert_eq!(
        desired.wanted("another", &ShopDomain::parse("north.myshopify.com").unwrap()),
        DesiredSubscriptions::default()
    );
}
