//! Real Admin API traffic, sent again: shapes, error texts and costs are compared; ids, times and cursors are not.
//!
//! The recordings are somebody else's and not in the repository: `WEIR_SHOPIFY_RECORDINGS` names their folder. Where a
//! recording names its document without quoting it, the document here asks for what its answer shows.

use std::{collections::HashMap, path::PathBuf};

use serde_json::{Value, json};
use shopify_sim::{Options, ShopSeed};

use crate::support::Bench;

/// A recording; `None` where there are none.
fn recording(name: &str) -> Option<Value> {
    let Some(folder) = std::env::var_os("WEIR_SHOPIFY_RECORDINGS").filter(|folder| !folder.is_empty()) else {
        eprintln!("skipped: WEIR_SHOPIFY_RECORDINGS names no folder of recordings");
        return None;
    };
    let path = PathBuf::from(folder).join(name);
    Some(serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
}

pub(crate) struct Replay {
    pub(crate) bench: Bench,
    /// Recorded ids and cursors, and what the simulator has for them.
    known: HashMap<String, String>,
    compared: usize,
    odd_costs: Vec<String>,
}

impl Replay {
    pub(crate) fn new(bench: Bench) -> Self {
        Self { bench, known: HashMap::new(), compared: 0, odd_costs: Vec::new() }
    }

    /// Sends what was recorded and compares the answers.
    pub(crate) async fn check(&mut self, label: &str, query: &str, recorded: &Value) {
        let expected = &recorded["response"];
        let expected =
            ["payload", "body"].iter().map(|key| &expected[*key]).find(|one| one.is_object()).unwrap_or(expected);
        let actual = self.send(query, &recorded["variables"]).await;
        self.learn(expected, &actual);
        self.costs(label, expected, &actual);
        let (expected, actual) = (scrubbed(expected), scrubbed(&actual));
        assert_eq!(actual, expected, "{label}\n{query}");
        self.compared += 1;
    }

    /// Only what it cost.
    async fn check_cost(&mut self, label: &str, query: &str, variables: &Value, expected: &Value) {
        let actual = self.send(query, variables).await;
        assert!(actual.get("errors").is_none(), "{label}: {actual}");
        self.costs(label, expected, &actual);
        self.compared += 1;
    }

    async fn send(&self, query: &str, variables: &Value) -> Value {
        self.bench.ask(query, self.translated(variables)).await
    }

    fn translated(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.known.get(text).unwrap_or(text).clone().into(),
            Value::Array(values) => values.iter().map(|value| self.translated(value)).collect(),
            Value::Object(map) => map.iter().map(|(name, value)| (name.clone(), self.translated(value))).collect(),
            other => other.clone(),
        }
    }

    fn learn(&mut self, expected: &Value, actual: &Value) {
        match (expected, actual) {
            (Value::String(theirs), Value::String(ours))
                if theirs.starts_with("gid://") || theirs.starts_with("eyJ") =>
            {
                self.known.insert(theirs.clone(), ours.clone());
            }
            (Value::Array(theirs), Value::Array(ours)) => {
                theirs.iter().zip(ours).for_each(|(theirs, ours)| self.learn(theirs, ours));
            }
            (Value::Object(theirs), Value::Object(ours)) => {
                for (name, theirs) in theirs {
                    if let Some(ours) = ours.get(name) {
                        self.learn(theirs, ours);
                    }
                }
            }
            _ => {}
        }
    }

    fn costs(&mut self, label: &str, expected: &Value, actual: &Value) {
        for name in ["requestedQueryCost", "actualQueryCost"] {
            let of = |body: &Value| body["extensions"]["cost"][name].as_u64();
            if of(expected).is_some() && of(expected) != of(actual) {
                self.odd_costs.push(format!("{label} {name}: recorded {:?}, here {:?}", of(expected), of(actual)));
            }
        }
    }

    /// Says how much was compared, and holds the costs that differ to those that are known to.
    #[track_caller]
    pub(crate) fn end(self, odd: &[&str]) {
        eprintln!("{} answers compared", self.compared);
        assert_eq!(self.odd_costs, odd);
    }
}

/// Without ids, times, cursors, long numbers and costs.
fn scrubbed(value: &Value) -> Value {
    match value {
        Value::String(text) => scrubbed_text(text).into(),
        Value::Number(number) => number.as_f64().into(),
        Value::Array(values) => values.iter().map(scrubbed).collect(),
        Value::Object(map) => {
            let kept = map.iter().filter(|(name, value)| *name != "extensions" || value.get("cost").is_none());
            kept.map(|(name, value)| (name.clone(), scrubbed(value))).collect()
        }
        other => other.clone(),
    }
}

fn scrubbed_text(text: &str) -> String {
    if text.starts_with("eyJ") {
        return "<cursor>".to_owned();
    }
    if text.parse::<u64>().is_ok() {
        return "<number>".to_owned();
    }
    if text.ends_with('Z') && text.len() == 20 && text.as_bytes()[4] == b'-' {
        return "<time>".to_owned();
    }
    let mut out = String::new();
    let mut digits = String::new();
    for letter in text.chars().chain(['\0']) {
        if letter.is_ascii_digit() {
            digits.push(letter);
            continue;
        }
        out.push_str(if digits.len() >= 6 { "#" } else { &digits });
        digits.clear();
        if letter != '\0' {
            out.push(letter);
        }
    }
    out
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn bulk_operations_answer_as_recorded() {
    let Some(errors) = recording("bulk-operations__bulk-operation-run-query-user-error-codes.json") else { return };
    let Some(limit) = recording("bulk-operations__bulk-operation-run-query-concurrency-limit.json") else { return };
    let mut replay = Replay::new(Bench::new());
    for (name, one) in errors["validations"].as_object().unwrap() {
        replay.check(name, &text(&one["query"]), one).await;
    }
    for one in limit["successfulRuns"].as_array().unwrap() {
        replay.check("run", &text(&one["query"]), one).await;
    }
    for one in limit["upstreamCalls"].as_array().unwrap() {
        replay.check("hydrate", &text(&one["query"]), one).await;
    }
    replay.check("sixth", &text(&limit["sixthRun"]["query"]), &limit["sixthRun"]).await;
    for one in limit["cancelAttempts"].as_array().unwrap() {
        replay.check("cancel", &text(&one["query"]), one).await;
    }
    replay.end(&[]);
}

const SUBSCRIPTION: &str = "id topic format includeFields metafieldNamespaces filter createdAt updatedAt
  endpoint { __typename ... on WebhookHttpEndpoint { callbackUrl } }";

pub(crate) fn create() -> String {
    format!(
        "mutation C($topic: WebhookSubscriptionTopic!, $webhookSubscription: WebhookSubscriptionInput!) {{
      webhookSubscriptionCreate(topic: $topic, webhookSubscription: $webhookSubscription) {{
        webhookSubscription {{ {SUBSCRIPTION} }} userErrors {{ field message }} }} }}"
    )
}

pub(crate) fn update() -> String {
    format!(
        "mutation U($id: ID!, $webhookSubscription: WebhookSubscriptionInput!) {{
      webhookSubscriptionUpdate(id: $id, webhookSubscription: $webhookSubscription) {{
        webhookSubscription {{ {SUBSCRIPTION} }} userErrors {{ field message }} }} }}"
    )
}

pub(crate) fn detail() -> String {
    format!("query D($id: ID!) {{ webhookSubscription(id: $id) {{ {SUBSCRIPTION} }} }}")
}

pub(crate) const DELETE: &str = "mutation($id: ID!) { webhookSubscriptionDelete(id: $id) { deletedWebhookSubscriptionId userErrors { field message } } }";

const LIST: &str = "query L($first: Int, $after: String, $last: Int, $before: String, $query: String, $sortKey: WebhookSubscriptionSortKeys, $reverse: Boolean) {
  webhookSubscriptions(first: $first, after: $after, last: $last, before: $before, query: $query, sortKey: $sortKey, reverse: $reverse) {
    nodes { id topic format createdAt updatedAt endpoint { __typename ... on WebhookHttpEndpoint { callbackUrl } } }
    edges { cursor node { id topic } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

#[tokio::test(start_paused = true)]
async fn addresses_are_refused_in_the_recorded_words() {
    let Some(all) = recording("webhooks__webhook-subscription-uri-validation.json") else { return };
    let mut replay = Replay::new(Bench::new());
    let one = |alias: &str, uri: &str| {
        format!(
            "{alias}: webhookSubscriptionCreate(topic: SHOP_UPDATE, webhookSubscription: {{ uri: \"{uri}\" }}) {{ webhookSubscription {{ id }} userErrors {{ field message }} }}"
        )
    };
    let primary = format!(
        "mutation P($baselineTopic: WebhookSubscriptionTopic!, $baselineWebhookSubscription: WebhookSubscriptionInput!) {{ {} {} {}
        baselineCreate: webhookSubscriptionCreate(topic: $baselineTopic, webhookSubscription: $baselineWebhookSubscription) {{ webhookSubscription {{ id }} userErrors {{ field message }} }} }}",
        one("createHttpUriRejected", "http://example.com/a"),
        one("createInternalDomainRejected", "https://localhost/a"),
        one("createShopifyDomainRejected", "https://a.myshopify.com/a"),
    );
    replay.check("primary", &primary, &all["primary"]).await;
    replay.check("updateHttp", &update(), &all["updateHttp"]).await;
    replay.check("cleanup", DELETE, &all["cleanup"]).await;
    replay.end(&[]);
}

#[tokio::test(start_paused = true)]
async fn subscriptions_are_listed_as_recorded() {
    let Some(all) = recording("webhooks__webhook-subscription-list-connection.json") else { return };
    let mut replay = Replay::new(Bench::new());
    for name in ["createOne", "createTwo", "createThree"] {
        replay.check(name, &create(), &all["setup"][name]).await;
        tokio::time::advance(std::time::Duration::from_secs(1)).await;
    }
    for name in
        ["defaultSort", "firstPage", "secondPage", "beforePage", "reverseId", "createdAtFilter", "updatedAtFilter"]
    {
        replay.check(name, LIST, &all["reads"][name]).await;
    }
    let invalid = "query InvalidWebhookSubscriptionSortKey {\n  webhookSubscriptions(first: 1, sortKey: TOPIC) { nodes { id } }\n}";
    replay.check("invalidSortKey", invalid, &all["validation"]["invalidSortKey"]).await;
    for one in all["cleanup"].as_array().unwrap() {
        replay.check("cleanup", DELETE, one).await;
    }
    replay.end(&[]);
}

#[tokio::test(start_paused = true)]
async fn subscriptions_live_as_recorded() {
    let Some(all) = recording("webhooks__webhook-subscription-conformance.json") else { return };
    let mut replay = Replay::new(Bench::new());
    let catalog = format!(
        "query($first: Int!, $unknownId: ID!, $missingQuery: String!) {{
      webhookSubscriptions(first: $first, sortKey: ID) {{ nodes {{ {SUBSCRIPTION} }} edges {{ cursor node {{ id }} }}
        pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }}
      webhookSubscriptionsCount {{ count precision }}
      filteredCount: webhookSubscriptionsCount(query: $missingQuery, limit: 10) {{ count precision }}
      unknown: webhookSubscription(id: $unknownId) {{ id topic format }} }}"
    );
    replay.check("catalog", &catalog, &all["catalog"]).await;
    // Customers can't be made here; the topic of the subscription is all that matters.
    for (part, steps) in [
        ("lifecycle", "create detailAfterCreate update detailAfterUpdate delete postDeleteDetail"),
        (
            "filterDefault",
            "createWithoutFilter detailWithoutFilter deleteWithoutFilter createWithEmptyFilter deleteWithEmptyFilter",
        ),
        (
            "filterValidation",
            "createValidFilter detailValidFilter deleteValidFilter createUpdateBase updateValidFilter \
             detailAfterValidUpdate updateInvalidFilter deleteUpdateBase createInvalidFilter",
        ),
        ("updateValidation", "create updateBlankUri updateHttpUri updateInvalidPubSub detailAfterFailedUpdates delete"),
    ] {
        for step in steps.split_whitespace() {
            let document = match step {
                step if step.starts_with("create") => create(),
                step if step.starts_with("update") => update(),
                step if step.starts_with("delete") => DELETE.to_owned(),
                _ => detail(),
            };
            replay.check(&format!("{part}/{step}"), &document, &all[part][step]).await;
        }
    }
    let branches = "mutation($unknownId: ID!, $unknownUpdateInput: WebhookSubscriptionInput!) {
      updateUnknown: webhookSubscriptionUpdate(id: $unknownId, webhookSubscription: $unknownUpdateInput) { webhookSubscription { id } userErrors { field message } }
      deleteUnknown: webhookSubscriptionDelete(id: $unknownId) { deletedWebhookSubscriptionId userErrors { field message } }
      createMissingUri: webhookSubscriptionCreate(topic: SHOP_UPDATE, webhookSubscription: {}) { webhookSubscription { id } userErrors { field message } } }";
    replay.check("validation", branches, &all["validation"]).await;
    let missing = "mutation MissingCreateWebhookTopic {\n  webhookSubscriptionCreate(webhookSubscription: { uri: \"https://example.com\" }) { userErrors { message } }\n}";
    replay.check("missingCreateTopic", missing, &all["graphqlValidation"]["missingCreateTopic"]).await;
    let null = "mutation NullUpdateWebhookInput {\n  webhookSubscriptionUpdate(id: \"gid://shopify/WebhookSubscription/1\", webhookSubscription: null) { userErrors { message } }\n}";
    replay.check("nullUpdateInput", null, &all["graphqlValidation"]["nullUpdateInput"]).await;
    replay.end(&[]);
}

/// A mutation whose variable `$input` stands in line 2 at `column`, and whose field in line 3 at column 5.
fn inventory(mutation: &str, column: usize, key: bool, whole: bool) -> String {
    let kind = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
    let name = "M".repeat(column - 13);
    let (variable, directive) = match key {
        true => (", $idempotencyKey: String!", " @idempotent(key: $idempotencyKey)"),
        false => ("", ""),
    };
    let group = match whole {
        true => {
            "id createdAt reason referenceDocumentUri changes { name delta quantityAfterChange item { id } location { id name } }"
        }
        false => "id",
    };
    format!(
        "#graphql\n  mutation {name}($input: {kind}!{variable}) {{\n    {mutation}(input: $input){directive} {{\n      inventoryAdjustmentGroup {{ {group} }}\n      userErrors {{ field message code }}\n    }}\n  }}"
    )
}

#[tokio::test(start_paused = true)]
async fn inventory_changes_as_recorded() {
    let Some(all) = recording("products__inventory-quantity-contracts-2026-04.json") else { return };
    let bench = Bench::seeded(Options::default(), |seed| ShopSeed {
        products: 1,
        variants_per_product: 1,
        locations: 1,
        ..seed
    });
    let mut replay = Replay::new(bench);
    let product = format!("gid://shopify/Product/{}", replay.bench.sim.products(&replay.bench.shop)[0]);
    let (item, location, _) = replay.bench.stock();
    let setup = &all["setup"];
    replay.known.insert(text(&setup["product"]["productId"]), product);
    replay.known.insert(text(&setup["product"]["inventoryItemId"]), item.clone());
    replay.known.insert(text(&setup["location"]["id"]), location.clone());
    let (set, on_hand, adjust) =
        ("inventorySetQuantities", "inventorySetOnHandQuantities", "inventoryAdjustQuantities");
    let zero = json!({ "idempotencyKey": "zero", "input": { "name": "available", "reason": "correction", "quantities": [
        { "inventoryItemId": item, "locationId": location, "quantity": 0, "changeFromQuantity": null }
    ] } });
    replay.bench.data(&inventory(set, 41, true, true), zero).await;

    let level = "query($id: ID!) { inventoryItem(id: $id) { id inventoryLevels(first: 5) { nodes { location { id name } quantities(names: [\"available\", \"on_hand\"]) { name quantity } } } } }";
    let asked =
        json!({ "variables": { "id": setup["product"]["inventoryItemId"] }, "response": setup["inventoryItemLevel"] });
    replay.check("inventoryItemLevel", level, &asked).await;
    for (name, mutation, column, key, whole) in [
        (set, set, 41, true, true),
        ("missingSetIdempotency", set, 41, false, false),
        ("missingSetChangeFromQuantity", set, 41, true, true),
        ("legacySetShape", set, 41, true, true),
        (adjust, adjust, 44, true, true),
        (on_hand, on_hand, 47, true, true),
        ("missingSetOnHandIdempotency", on_hand, 47, false, false),
        ("missingSetOnHandChangeFromQuantity", on_hand, 47, true, true),
        ("missingAdjustIdempotency", adjust, 44, false, false),
        ("missingAdjustChangeFromQuantity", adjust, 62, false, false),
    ] {
        replay.check(name, &inventory(mutation, column, key, whole), &all[name]).await;
    }
    for (name, one) in all["unknownIdValidation"].as_object().unwrap() {
        let mutation = match name {
            name if name.starts_with("move") => "inventoryMoveQuantities",
            name if name.starts_with("setOnHand") => on_hand,
            name if name.starts_with("set") => set,
            name if name.starts_with("adjust") => adjust,
            // The ids that it was asked with.
            _ => continue,
        };
        replay.check(name, &inventory(mutation, 41, true, false), one).await;
    }
    for one in all["upstreamCalls"].as_array().unwrap() {
        let name = text(&one["operationName"]);
        if name == "InventoryQuantityContractDownstreamRead" {
            replay.check(&name, &text(&one["query"]), one).await;
        } else {
            // It was asked before anything changed.
            replay.check_cost(&name, &text(&one["query"]), &one["variables"], &one["response"]["body"]).await;
        }
    }
    replay.end(&[]);
}
