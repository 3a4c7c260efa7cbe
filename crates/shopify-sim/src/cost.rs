//! What a query costs, requested and actual.
//!
//! The formula was fitted to costs that the Admin API really answered with (2026):
//!
//! - An object costs 1, a scalar 0, a mutation 10 with the objects that its payload names; what those hold counts.
//! - A list costs as one object, `nodes(ids:)` too (seen with up to four ids).
//! - A connection of `n` costs `2 + f(n) · w`, where `w` is what one node costs with all it holds and
//!   `f(n) = max(1, floor(2 · ln n))`: 1 → 1, 5 → 3, 10 → 4, 50 → 7, 100 → 9, 250 → 11. `nodes` and `edges.node` both count.
//! - Actually, each node that came costs `f(n) / n` of that, each element of a list once, rounded up (less than 0.2 is
//!   nothing); an empty connection costs as much as nodes without children. Never more than requested, and 1 at least.

use apollo_compiler::{
    ExecutableDocument,
    executable::{Field, Operation, Selection, SelectionSet},
    response::{JsonMap, JsonValue},
};

/// Types that cost nothing themselves: parts of the object that holds them.
const FREE: [&str; 12] = [
    "ApiVersion",
    "LocationAddress",
    "MoneyBag",
    "MoneyV2",
    "PageInfo",
    "SelectedOption",
    "ShopAddress",
    "WebhookEventBridgeEndpoint",
    "WebhookHttpEndpoint",
    "WebhookPubSubEndpoint",
    "WebhookSubscriptionEndpoint",
    "Weight",
];

/// Counts over a whole shop cost more than objects.
const COUNT: f64 = 10.0;
const MUTATION: f64 = 10.0;

/// The cost's rules over one operation.
pub(crate) struct Pricing<'a> {
    pub(crate) document: &'a ExecutableDocument,
    pub(crate) variables: &'a JsonMap,
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Query,
    Mutation,
    Payload,
    Inside,
}

impl Pricing<'_> {
    /// Before it runs.
    pub(crate) fn requested(&self, operation: &Operation) -> u32 {
        rounded(self.selection(&operation.selection_set, root(operation)))
    }

    /// After it ran, by what came.
    pub(crate) fn actual(&self, operation: &Operation, data: Option<&JsonMap>, requested: u32) -> u32 {
        // What failed whole is charged for each of its root fields.
        let nothing = JsonMap::new();
        let spent = self.map(&operation.selection_set, data.unwrap_or(&nothing), root(operation));
        // What failed whole is charged for its mutations all the same.
        let floor = if root(operation) == Place::Mutation {
            let fields = operation.selection_set.root_fields(self.document).count();
            u32::try_from(fields).unwrap_or(u32::MAX).saturating_mul(10)
        } else {
            1
        };
        rounded(spent).max(floor).min(requested)
    }

    fn selection(&self, set: &SelectionSet, place: Place) -> f64 {
        let mut own = 0.0;
        let mut dearest = 0.0_f64;
        for selection in &set.selections {
            match selection {
                Selection::Field(field) => own += self.field(field, place),
                Selection::InlineFragment(inline) => {
                    let cost = self.selection(&inline.selection_set, place);
                    match &inline.type_condition {
                        Some(condition) if *condition != set.ty => dearest = dearest.max(cost),
                        _ => own += cost,
                    }
                }
                Selection::FragmentSpread(spread) => {
                    let Some(fragment) = self.document.fragments.get(&spread.fragment_name) else { continue };
                    let cost = self.selection(&fragment.selection_set, place);
                    if *fragment.type_condition() == set.ty { own += cost } else { dearest = dearest.max(cost) }
                }
            }
        }
        own + dearest
    }

    fn field(&self, field: &Field, place: Place) -> f64 {
        if field.selection_set.is_empty() {
            return 0.0;
        }
        if place == Place::Mutation {
            return MUTATION + self.selection(&field.selection_set, Place::Payload);
        }
        if let Some(size) = self.connection(field) {
            return 2.0 + factor(size) * self.nodes(&field.selection_set);
        }
        self.own(field, place) + self.selection(&field.selection_set, Place::Inside)
    }

    fn own(&self, field: &Field, place: Place) -> f64 {
        let name = field.ty().inner_named_type().as_str();
        if place == Place::Payload || FREE.contains(&name) || name.ends_with("Error") {
            0.0
        } else if name == "Count" && place == Place::Query {
            COUNT
        } else {
            1.0
        }
    }

    /// How many a connection is asked for; `None` for a field that is no connection. Without a window: 0.
    fn connection(&self, field: &Field) -> Option<u32> {
        if !field.ty().inner_named_type().ends_with("Connection") {
            return None;
        }
        let size = |name| self.integer(field, name);
        Some(size("first").or_else(|| size("last")).unwrap_or(0))
    }

    fn integer(&self, field: &Field, argument: &str) -> Option<u32> {
        let value = field.specified_argument_by_name(argument)?;
        match value.as_variable() {
            Some(variable) => u32::try_from(self.variables.get(variable.as_str())?.as_i64()?).ok(),
            None => u32::try_from(value.to_i32()?).ok(),
        }
    }

    /// What one node costs: selected through `nodes`, through `edges`, or both.
    fn nodes(&self, set: &SelectionSet) -> f64 {
        let mut cost = 0.0;
        for field in set.root_fields(self.document) {
            match field.name.as_str() {
                "nodes" => cost += 1.0 + self.selection(&field.selection_set, Place::Inside),
                "edges" => {
                    for node in field.selection_set.root_fields(self.document).filter(|node| node.name == "node") {
                        cost += 1.0 + self.selection(&node.selection_set, Place::Inside);
                    }
                }
                _ => {}
            }
        }
        cost
    }

    fn map(&self, set: &SelectionSet, data: &JsonMap, place: Place) -> f64 {
        let mut cost = 0.0;
        for field in set.root_fields(self.document).filter(|field| !field.selection_set.is_empty()) {
            match data.get(field.response_key().as_str()) {
                Some(value) => cost += self.value(field, value, place),
                None if place == Place::Query => cost += self.value(field, &JsonValue::Null, place),
                None => {}
            }
        }
        cost
    }

    fn value(&self, field: &Field, value: &JsonValue, place: Place) -> f64 {
        match (value, self.connection(field)) {
            // An empty list has cost as much as one object.
            (JsonValue::Array(values), _) if values.is_empty() => self.own(field, place),
            (JsonValue::Array(values), _) => values.iter().map(|value| self.value(field, value, place)).sum(),
            (JsonValue::Object(map), _) if place == Place::Mutation => {
                MUTATION + self.map(&field.selection_set, map, Place::Payload)
            }
            (JsonValue::Object(map), Some(size)) => 2.0 + self.came(field, map, size),
            (JsonValue::Object(map), None) => {
                self.own(field, place) + self.map(&field.selection_set, map, Place::Inside)
            }
            (_, None) if place == Place::Query => 1.0,
            // One that failed, of which nothing came.
            (_, Some(_)) if place == Place::Query => 2.0,
            _ => 0.0,
        }
    }

    /// What the nodes of a connection cost that came: `nodes` and `edges` each for itself.
    fn came(&self, field: &Field, map: &JsonMap, size: u32) -> f64 {
        let (mut total, mut selected) = (0.0, false);
        for part in field.selection_set.root_fields(self.document) {
            let values = map.get(part.response_key().as_str()).and_then(JsonValue::as_array);
            let values = values.map_or(&[][..], Vec::as_slice);
            let mut cost = 0.0;
            match part.name.as_str() {
                "nodes" => {
                    selected = true;
                    for node in values.iter().filter_map(JsonValue::as_object) {
                        cost += 1.0 + self.map(&part.selection_set, node, Place::Inside);
                    }
                }
                "edges" => {
                    for inner in part.selection_set.root_fields(self.document).filter(|inner| inner.name == "node") {
                        selected = true;
                        let key = inner.response_key().as_str();
                        let nodes = values.iter().filter_map(|edge| edge.as_object()?.get(key)?.as_object());
                        cost +=
                            nodes.map(|node| 1.0 + self.map(&inner.selection_set, node, Place::Inside)).sum::<f64>();
                    }
                }
                _ => {}
            }
            total += whole(cost * factor(size) / f64::from(size.max(1)));
        }
        if total > 0.0 || !selected {
            return total;
        }
        let some = |part: &str| map.get(part).and_then(JsonValue::as_array).is_some_and(|values| !values.is_empty());
        if some("nodes") || some("edges") { 0.0 } else { factor(size) }
    }
}

fn root(operation: &Operation) -> Place {
    if operation.is_mutation() { Place::Mutation } else { Place::Query }
}

/// How much a connection's size weighs.
fn factor(size: u32) -> f64 {
    match size {
        0 => 0.0,
        size => (2.0 * f64::from(size).ln()).floor().max(1.0),
    }
}

/// Up, except for a trifle: less than a fifth.
fn whole(cost: f64) -> f64 {
    (cost - 0.199_999).ceil().max(0.0)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what u32 holds")]
fn rounded(cost: f64) -> u32 {
    cost.clamp(1.0, f64::from(u32::MAX)) as u32
}
