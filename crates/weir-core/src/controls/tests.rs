use proptest::prelude::*;
use shopify_webhook::EventShop;

use super::{Controls, Limit, LimitScope, Percent, Scope, ShopPattern, Switch, Switched, Target};
use crate::Lane;

const NORTH: &str = "north.myshopify.com";
const MILL: &str = "weir-mill.myshopify.com";
const NOTE: Target<'_> = Target::Handler("large_order::note");

const DOCUMENT: &str = r#"{
    "off": [
        {"handler": "large_order::note", "shop": "north.myshopify.com", "why": "INC-7"},
        {"destination": "search", "shop": "weir-*"},
        {"lane": "bulk"}
    ],
    "limits": [
        {"destination": "erp", "per_second": 5, "burst": 10},
        {"destination": "erp", "tier": "plus", "per_second": 50},
        {"destination": "erp", "shop": "weir-*", "per_second": 2.5},
        {"destination": "erp", "shop": "weir-mill.myshopify.com", "per_second": 0.5},
        {"destination": "erp", "total": true, "per_second": 200}
    ],
    "tiers": {"plus": ["north.myshopify.com", "weir-*"]}
}"#;

fn shop(domain: &str) -> EventShop {
    EventShop::from_stored(domain)
}

fn controls() -> Controls {
    Controls::parse(DOCUMENT).unwrap()
}

fn percent(percent: f64) -> Controls {
    let target = Switched::Destination("erp".into());
    let scope = Scope::Percent(Percent::new(percent).unwrap());
    Controls { off: vec![Switch { target, scope, why: None }], ..Controls::default() }
}

#[test]
fn an_empty_document_switches_nothing_off_and_limits_nothing() {
    for text in ["", " \n", "{}", r#"{"off":[],"limits":[],"tiers":{}}"#] {
        let controls = Controls::parse(text).unwrap();
        assert_eq!(controls, Controls::default());
        assert_eq!((controls.is_off(NOTE, &shop(NORTH)), controls.limit("erp", &shop(NORTH))), (None, None));
        assert_eq!(controls.to_text(), "{}");
    }
}

#[test]
fn switch_applies_to_its_shops_and_has_a_reason() {
    let controls = controls();
    let off = controls.is_off(NOTE, &shop(NORTH)).unwrap();
    assert_eq!(off.to_string(), "handler large_order::note is switched off for north.myshopify.com: INC-7");
    assert_eq!(controls.is_off(NOTE, &shop(MILL)), None);
    assert_eq!(controls.is_off(Target::Destination("large_order::note"), &shop(NORTH)), None, "another kind of thing");
    let off = controls.is_off(Target::Destination("search"), &shop(MILL)).unwrap();
    assert_eq!(off.to_string(), "destination search is switched off for weir-*");
    assert_eq!(controls.is_off(Target::Destination("search"), &shop(NORTH)), None);
    let off = controls.is_off(Target::Lane(Lane::Bulk), &shop(NORTH)).unwrap();
    assert_eq!(off.to_string(), "lane bulk is switched off for all shops");
    assert_eq!(controls.is_off(Target::Lane(Lane::Urgent), &shop(NORTH)), None);
}

#[test]
fn the_most_specific_limit_counts() {
    let controls = controls();
    let limit = |per_second, burst| Some(Limit { per_second, burst });
    assert_eq!(controls.limit("erp", &shop("other.myshopify.com")), limit(5.0, 10));
    assert_eq!(controls.limit("erp", &shop(NORTH)), limit(50.0, 50), "its tier; a second's worth at once");
    assert_eq!(
        controls.limit("erp", &shop("weir-north.myshopify.com")),
        limit(2.5, 3),
        "a pattern of shops before its tier"
    );
    assert_eq!(controls.limit("erp", &shop(MILL)), limit(0.5, 1), "the shop before the pattern");
    assert_eq!(controls.limit("crm", &shop(NORTH)), None);
    assert_eq!(controls.total("erp"), limit(200.0, 200));
    let names: Vec<String> = controls.limits("erp", &shop(NORTH)).into_iter().map(|named| named.name).collect();
    assert_eq!(names, ["limit/erp/north.myshopify.com", "limit/erp"]);
}

#[test]
fn a_shop_has_the_tier_that_names_it_most_exactly() {
    let controls =
        Controls::parse(r#"{"tiers":{"a":["weir-*"],"b":["weir-mill*"],"c":["weir-mill.myshopify.com"]}}"#).unwrap();
    assert_eq!(controls.tier(&shop(MILL)), Some("c"));
    assert_eq!(controls.tier(&shop("weir-mill-2.myshopify.com")), Some("b"));
    assert_eq!(controls.tier(&shop("weir-north.myshopify.com")), Some("a"));
    assert_eq!(controls.tier(&shop(NORTH)), None);
}

#[test]
fn a_percentage_takes_about_that_many_shops_others_for_each_target() {
    let shops: Vec<EventShop> = (0..10_000).map(|n| shop(&format!("shop-{n}.myshopify.com"))).collect();
    let erp = Target::Destination("erp");
    for (share, least, most) in [(1.0, 60, 140), (20.0, 1_850, 2_150), (100.0, 10_000, 10_000)] {
        let off = shops.iter().filter(|shop| percent(share).is_off(erp, shop).is_some()).count();
        assert!((least..=most).contains(&off), "{share} %: {off}");
    }
    // Which they are must not change with a release: they stay in.
    let first: Vec<usize> = (0..50).filter(|n| percent(10.0).is_off(erp, &shops[*n]).is_some()).collect();
    assert_eq!(first, [2, 5, 36, 39, 42, 45]);
}

#[test]
fn patterns_match_what_they_name() {
    let matches = |pattern: &str, shop: &str| ShopPattern::parse(pattern).unwrap().matches(shop);
    assert!(matches("weir-*", MILL) && matches("*mill*", MILL) && matches("w*r-*l.*", MILL) && matches(MILL, MILL));
    assert!(matches("Weir-Mill.myshopify.com", MILL), "in any case");
    assert!(!matches("mill*", MILL) && !matches("weir-*", NORTH));
    assert!(!matches("*-mill", MILL) && !matches(NORTH, MILL) && !matches("a*a.myshopify.com", "a.myshopify.com"));
    for text in ["", "*", "**", "north", "weir-", "north.example.com", "a b*", "weir-*/x", "ü*"] {
        assert_eq!(ShopPattern::parse(text), None, "{text}");
    }
}

#[track_caller]
fn check(text: &str, problems: &[&str]) {
    let found: Vec<String> = Controls::parse(text).unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(found.len(), problems.len(), "{found:#?}");
    for (found, problem) in found.iter().zip(problems) {
        assert!(found.contains(problem), "{found:?} lacks {problem:?}");
        assert!(found.contains(": "), "what to do: {found:?}");
    }
}

#[test]
fn every_mistake_is_told_at_once_with_what_to_write_instead() {
    check("[]", &["the document is not a JSON object"]);
    check("{", &["the document is not JSON"]);
    check(
        r#"{"of": [], "off": [
            {"handler": "a b", "percent": 0},
            {"handler": "x", "lane": "bulk"},
            {"lane": "slow", "shop": "*"},
            {"shop": "north.myshopify.com", "percent": 5},
            {"handler": "x", "reason": "?"},
            7]}"#,
        &[
            "of is unknown",
            r#"off[0].handler can't be "a b""#,
            "off[0].percent can't be 0: write a number above 0, up to 100",
            "off[1] must name one thing",
            r#"off[2].lane can't be "slow": write one of urgent, standard, bulk"#,
            r#"off[2].shop can't be "*""#,
            "off[3] must name one thing",
            "off[3] has both shop and percent",
            "off[4].reason is unknown here: known are handler, destination, lane",
            "off[5] is not an object",
        ],
    );
    check(
        r#"{"limits": [
            {"destination": "erp"},
            {"destination": "erp", "per_second": 0},
            {"destination": "erp", "per_second": 1, "burst": 0.5, "total": false},
            {"destination": "erp", "per_second": 1, "tier": "plus", "total": true}],
            "tiers": {"plus": ["north"], "x y": [], "gold": "north.myshopify.com"}}"#,
        &[
            "tiers.gold is not a list",
            "tiers.plus[0] is no shop",
            "tiers.x y is no name",
            "limits[0].per_second is missing",
            "limits[1].per_second can't be 0",
            "limits[2].total can't be false",
            "limits[2].burst can't be 0.5",
            "limits[3] has more than one of shop, tier, total",
        ],
    );
    check(
        r#"{"off": [{"lane": "bulk"}, {"lane": "bulk", "why": "again"}, {"lane": "urgent", "percent": 5}, {"lane": "urgent", "percent": 6}],
            "limits": [{"destination": "erp", "per_second": 1}, {"destination": "erp", "per_second": 2},
                       {"destination": "erp", "tier": "none", "per_second": 2}],
            "tiers": {"a": ["weir-*"], "b": ["weir-*"]}}"#,
        &[
            "off switches lane bulk off for all shops a second time",
            "off switches lane urgent off for 6 % of the shops a second time",
            "limits limits erp for each shop a second time",
            "limits limits erp for tier none, which has no shops",
            "tiers.b has weir-*, as a has",
        ],
    );
    check(r#"{"off": [{"lane": "bulk", "why": "{{ssm:x}}"}, {"lane": "urgent", "why": "a\nb"}]}"#, &["why", "why"]);
}

const ERP: Target<'_> = Target::Destination("erp");

#[track_caller]
fn holds(text: &str, target: Target<'_>, domain: &str, held: bool) {
    let (controls, problems) = Controls::read(text).unwrap();
    assert!(!problems.is_empty(), "{text}");
    let off = controls.is_off(target, &shop(domain));
    assert_eq!(off.is_some(), held, "{target} of {domain} by {text}: {off:?}");
    assert!(off.is_none_or(|off| off.to_string().contains("can't be read")));
}

#[test]
fn unreadable_switch_holds_what_it_names_and_all_that_it_may_name() {
    let (bulk, urgent) = (Target::Lane(Lane::Bulk), Target::Lane(Lane::Urgent));
    for text in [
        r#"{"off": [{"lane": "bulk", "percent": "all"}]}"#,
        r#"{"off": [{"lane": "bulk", "hours": "9-17"}]}"#,
        r#"{"off": [{"lane": "bulk", "why": 7}]}"#,
        r#"{"off": [{"lane": "bulk", "shop": "*"}]}"#,
    ] {
        holds(text, bulk, NORTH, true);
        holds(text, urgent, NORTH, false);
        holds(text, ERP, NORTH, false);
    }
    let two = r#"{"off": [{"lane": "bulk", "handler": "x"}]}"#;
    for (target, held) in [(bulk, true), (Target::Handler("x"), true), (urgent, false)] {
        holds(two, target, NORTH, held);
    }
    let some = r#"{"off": [{"lane": "bulk", "shop": "weir-*", "hours": "9-17"}]}"#;
    holds(some, bulk, MILL, true);
    holds(some, bulk, NORTH, false);
    for text in [
        r#"{"off": [{"lane": "express"}]}"#,
        r#"{"off": [{"topic": "orders/create"}]}"#,
        r#"{"off": ["bulk"]}"#,
        r#"{"off": {"lane": "bulk"}}"#,
        r#"{"Off": [{"lane": "bulk"}]}"#,
        r#"{"paused": true}"#,
    ] {
        for target in [bulk, urgent, ERP, Target::Handler("x")] {
            holds(text, target, NORTH, true);
        }
    }
}

#[test]
fn unreadable_limit_holds_the_calls_that_it_may_slow_down() {
    let crm = Target::Destination("crm");
    for text in [
        r#"{"limits": [{"destination": "erp", "per_second": "5"}]}"#,
        r#"{"limits": [{"destination": "erp"}]}"#,
        r#"{"limits": [{"destination": "erp", "per_second": 5, "shop": "north"}]}"#,
        r#"{"limits": [{"destination": "erp", "tier": "slow", "per_second": 1}], "tiers": {"slow": ["north"]}}"#,
    ] {
        holds(text, ERP, NORTH, true);
        holds(text, crm, NORTH, false);
        holds(text, Target::Lane(Lane::Bulk), NORTH, false);
    }
    for text in [r#"{"limits": [{"per_second": 5}]}"#, r#"{"limits": 5}"#, r#"{"limits": [[]]}"#] {
        holds(text, ERP, NORTH, true);
        holds(text, crm, NORTH, true);
        holds(text, Target::Lane(Lane::Bulk), NORTH, false);
    }
}

#[test]
fn readable_entries_count_beside_unreadable_ones() {
    let text = r#"{"off": [{"lane": "bulk", "percent": "all"}, {"lane": "urgent", "why": "INC-7"}]}"#;
    let (controls, problems) = Controls::read(text).unwrap();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(controls.is_off(Target::Lane(Lane::Urgent), &shop(NORTH)).unwrap().why.as_deref(), Some("INC-7"));
    assert_eq!(controls.is_off(Target::Lane(Lane::Standard), &shop(NORTH)), None);
    assert!(Controls::read("off").is_err());
}

#[test]
fn text_and_document_say_the_same() {
    let text = controls().to_text();
    assert_eq!(Controls::parse(&text).unwrap(), controls());
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[..3],
        ["{", "\"off\":[", r#" {"handler":"large_order::note","shop":"north.myshopify.com","why":"INC-7"},"#]
    );
    assert!(lines.contains(&r#" {"destination":"erp","shop":"weir-*","per_second":2.5},"#), "{text}");
    assert!(!text.contains("{{"), "SSM refuses it");
}

#[test]
fn changes_replace_what_they_repeat_and_miss_what_is_not_there() {
    let mut controls = controls();
    let bulk = Switched::Lane(Lane::Bulk);
    let share = |share| Scope::Percent(Percent::new(share).unwrap());
    for scope in [share(5.0), share(10.0), Scope::All] {
        controls.switch_off(Switch { target: bulk.clone(), scope, why: Some("new".into()) });
    }
    let scopes: Vec<&Scope> = controls.off.iter().filter(|s| s.target == bulk).map(|s| &s.scope).collect();
    assert_eq!(scopes, [&Scope::All, &share(10.0)]);
    let absent = controls.switch_on(&bulk, Some(&Scope::Shop(ShopPattern::parse("a*").unwrap()))).unwrap_err();
    assert_eq!(absent.0, "lane bulk has no switch for a*: it is off for all shops, 10 % of the shops");
    controls.switch_on(&bulk, None).unwrap();
    assert_eq!(controls.switch_on(&bulk, None).unwrap_err().0, "lane bulk is not switched off");
    controls.remove_limit("erp", Some(&LimitScope::Total)).unwrap();
    assert!(controls.remove_limit("erp", Some(&LimitScope::Total)).unwrap_err().0.contains("each shop of tier plus"));
    controls.remove_limit("erp", None).unwrap();
    assert!(controls.limits.is_empty());
    let north = [ShopPattern::parse(NORTH).unwrap()];
    controls.add_to_tier("gold", &north);
    assert_eq!((controls.tier(&shop(NORTH)), controls.tiers["plus"].len()), (Some("gold"), 1));
    assert!(controls.remove_from_tier("plus", &north).is_err());
    controls.remove_from_tier("gold", &north).unwrap();
    controls.remove_from_tier("plus", &[]).unwrap();
    assert!(controls.tiers.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn raising_a_percentage_only_adds_shops(a in 0.01..100.0_f64, b in 0.01..100.0_f64, n in 0..10_000_u32) {
        let shop = shop(&format!("shop-{n}.myshopify.com"));
        let is_off = |share| percent(share).is_off(Target::Destination("erp"), &shop).is_some();
        prop_assert!(!is_off(a.min(b)) || is_off(a.max(b)));
    }

    #[test]
    fn no_text_makes_reading_panic(text in r#"(\{|\}|\[|\]|,|:|"(off|limits|tiers|lane|bulk|shop|why|\*|percent)"|[0-9.-]{1,4}|true){0,24}"#) {
        let _ = Controls::read(&text);
    }
}
