use shopify_webhook::ShopDomain;

use super::*;

/// The mistakes of a file, each with its line.
fn mistakes(text: &str) -> Vec<String> {
    Desired::parse(text).unwrap_err().iter().map(ToString::to_string).collect()
}

#[track_caller]
fn check(lines: &str, said: &str) {
    let text = format!("[[subscription]]\n{lines}");
    let mistakes = mistakes(&text);
    assert!(mistakes.iter().any(|mistake| mistake.contains(said)), "{said}: {mistakes:#?}");
}

#[test]
fn the_built_in_file_is_without_doubt() {
    let read = Desired::parse(include_str!("../../../../infra/subscriptions.toml")).unwrap();
    assert_eq!(read.warnings, []);
    assert!(read.desired.entries.len() > 15);
}

#[test]
fn an_empty_file_desires_nothing() {
    assert!(Desired::parse("").unwrap().desired.entries.is_empty());
}

#[test]
fn every_mistake_is_reported_at_once_with_its_line() {
    let text = r#"
[[subscription]]
topics = ["orders/creat", "ORDERS_PAID"]
name = "not a name"

[[subscription]]
topics = [
  "orders/create",
  "shop/redact",
]
filter = "prize:>=1 AND"
shops = ["North"]
include_fields = ["id", "prize"]
"#;
    let mistakes = mistakes(text);
    let lines: Vec<&str> = mistakes.iter().map(|mistake| mistake.split(':').next().unwrap()).collect();
    assert_eq!(lines, ["line 3", "line 3", "line 4", "line 9", "line 11", "line 12", "line 13"], "{mistakes:#?}");
    assert!(mistakes[0].contains("did you mean orders/create?"), "{mistakes:#?}");
    assert!(mistakes[1].contains("did you mean orders/paid?"), "{mistakes:#?}");
}

#[test]
fn invalid_toml_is_reported_with_its_line() {
    assert!(mistakes("\n\n[[subscription]]\ntopics = [").iter().any(|said| said.starts_with("line 4:")));
    check("topics = [\"orders/create\"]\nfilters = \"a:1\"", "line 3: unknown field `filters`");
    check("name = \"x\"", "missing field `topics`");
}

#[test]
fn each_mistake_is_found() {
    let orders = "topics = [\"orders/create\"]\n";
    for (lines, said) in [
        ("topics = []", "topics is empty"),
        ("topics = [\"customer/tags_added\"]", "did you mean customer.tags_added?"),
        ("topics = [\"spaceships/landed\"]", "is no topic of API version 2026-10"),
        ("topics = [\"shop/redact\"]", "add declared = true"),
        (&format!("{orders}apps = []"), "apps is empty"),
        (&format!("{orders}shops = [\"a b\"]"), "fits no shop"),
        (&format!("{orders}name = \"{}\"", "x".repeat(51)), "is not 1 to 50"),
        (&format!("{orders}name = \"\""), "is not 1 to 50"),
        (&format!("{orders}filter = \"paid\""), "has no field"),
        (&format!("{orders}filter = \"totl_price:1\""), "no field totl_price: did you mean total_price?"),
        (&format!("{orders}include_fields = [\"id\", \"updatd_at\"]"), "did you mean updated_at?"),
        (&format!("{orders}include_fields = [\"id\"]\nfilter = \"total_price:>1\""), "include_fields leaves out"),
        (&format!("{orders}include_fields = [\"i d\"]"), "is not a field"),
        (&format!("{orders}metafields = [\"custom\"]"), "is not a metafield"),
        (&format!("{orders}metafield_namespaces = [\"\"]"), "is not a namespace"),
        (&format!("{orders}declared = true\nfilter = \"id:1\""), "filter says nothing where declared"),
        (&format!("{orders}declared = true\nmetafields = [\"a.b\"]"), "metafields says nothing"),
    ] {
        check(lines, said);
    }
}

#[test]
fn entries_that_are_in_each_others_way_are_found() {
    for (one, other, said) in [
        ("", "", "line 4: orders/create is also at line 2, for the same apps and shops"),
        ("name = \"a\"", "name = \"b\"", "with the same filter"),
        ("declared = true", "shops = [\"n*\"]", "would send each event twice"),
        ("name = \"a\"\nshops = [\"n*\"]", "name = \"b\"\nshops = [\"*h\"]", "with the same filter"),
    ] {
        let topics = "topics = [\"orders/create\"]";
        check(&format!("{topics}\n{one}\n[[subscription]]\n{topics}\n{other}").replace("\n\n", "\n"), said);
    }
}

#[test]
fn name_is_taken_once_in_a_shop_whatever_its_case() {
    let two = |one: &str, other: &str| {
        let form = |topic: &str, rest: &str| format!("[[subscription]]\ntopics = [\"{topic}\"]\n{rest}\n");
        form("orders/create", one) + &form("orders/paid", other)
    };
    let text = two("name = \"Hook\"", "name = \"hook\"");
    let said = "line 6: the name \"hook\" is also at line 3, for some of the same shops";
    assert!(mistakes(&text)[0].starts_with(said), "{:?}", mistakes(&text));
    for (one, other) in [
        ("name = \"hook\"", "name = \"hook-2\""),
        ("name = \"hook\"\nshops = [\"n*\"]", "name = \"HOOK\"\nshops = [\"s*\"]"),
        ("name = \"hook\"\napps = [\"a\"]", "name = \"HOOK\"\napps = [\"b\"]"),
    ] {
        assert!(Desired::parse(&two(one, other)).is_ok(), "{one} {other}");
    }
    check(
        "topics = [\"orders/create\", \"orders/paid\"]\nname = \"hook\"",
        "line 3: the name \"hook\" is for 2 topics",
    );
}

#[test]
fn entry_with_a_name_in_other_case_replaces_the_general_one() {
    let text = r#"
[[subscription]]
topics = ["orders/create"]
name = "hook"
shops = ["north.*"]
filter = "total_price:>=100"

[[subscription]]
topics = ["orders/create"]
name = "Hook"
"#;
    let desired = Desired::parse(text).unwrap().desired;
    assert_eq!(desired.wanted("default", &ShopDomain::parse("north.myshopify.com").unwrap()).subscriptions.len(), 1);
    let south = desired.wanted("default", &ShopDomain::parse("south.myshopify.com").unwrap()).subscriptions;
    assert_eq!(south[0].name.as_deref(), Some("Hook"));
}

#[test]
fn filter_above_64_kilobytes_is_told_with_its_line() {
    let filter = format!("id:{}", "1".repeat(65_533));
    check(
        &format!("topics = [\"orders/create\"]\nfilter = \"{filter}\""),
        "line 3: the filter can't be read: it has 65536 bytes",
    );
}

#[test]
fn a_special_entry_above_a_general_one_counts() {
    let text = r#"
[[subscription]]
topics = ["orders/create"]
shops = ["north.*"]
filter = "total_price:>=100"

[[subscription]]
topics = ["orders/create", "orders/paid"]

[[subscription]]
topics = ["orders/create"]
name = "paid-online"
filter = "source_name:web"
"#;
    let desired = Desired::parse(text).unwrap().desired;
    let filters = |shop: &str| -> Vec<(String, Option<String>)> {
        let wanted = desired.wanted("default", &ShopDomain::parse(shop).unwrap()).subscriptions;
        wanted.into_iter().map(|one| (one.topic.clone(), one.filter.clone())).collect()
    };
    let said = |topic: &str, filter: Option<&str>| (topic.to_owned(), filter.map(str::to_owned));
    let web = said("orders/create", Some("source_name:web"));
    assert_eq!(
        filters("north.myshopify.com"),
        [said("orders/create", Some("total_price:>=100")), said("orders/paid", None), web.clone()]
    );
    assert_eq!(filters("south.myshopify.com"), [said("orders/create", None), said("orders/paid", None), web]);
}

#[test]
fn probable_mistake_is_a_warning() {
    let warnings = |lines: &str| {
        let text = format!("[[subscription]]\n{lines}");
        let read = Desired::parse(&text).unwrap_or_else(|problems| panic!("{problems:?}"));
        read.warnings.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let said = warnings("topics = [\"orders/create\"]\ninclude_fields = [\"id\"]");
    assert_eq!(said.len(), 1);
    assert!(said[0].starts_with("line 3: include_fields has no updated_at"), "{said:?}");
    let said = warnings("topics = [\"segments/create\"]\ninclude_fields = [\"anything\", \"updated_at\"]");
    assert_eq!(said, ["line 3: weir has no sample of segments/create: its fields are not checked"]);
    assert!(warnings("topics = [\"orders/create\"]\ninclude_fields = [\"id\", \"updated_at\"]").is_empty());
}
