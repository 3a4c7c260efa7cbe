//! What is said of requests that are wrong, in Shopify's words.

use serde_json::{Value, json};

use crate::support::Bench;

/// The first error: its message, code and path.
async fn first(query: &str, variables: Value) -> (String, String, Value) {
    let body = Bench::new().ask(query, variables).await;
    let error = &body["errors"][0];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&error["message"]), text(&error["extensions"]["code"]), error["path"].clone())
}

const SET: &str = "mutation M($input: InventorySetQuantitiesInput!) { inventorySetQuantities(input: $input) @idempotent(key: \"k\") { userErrors { code } } }";

#[tokio::test(start_paused = true)]
async fn problems_of_a_variable_are_joined_after_one_for() {
    let begins = "Variable $input of type InventorySetQuantitiesInput! was provided invalid value";
    let row =
        json!({ "inventoryItemId": "7", "locationId": "gid://shopify/Location/1", "quantity": 3_000_000_000_u64 });
    for (input, rest) in [
        (
            json!({}),
            " for name (Expected value to not be null), reason (Expected value to not be null), quantities (Expected value to not be null)",
        ),
        (
            json!({ "name": "available", "reason": "other", "quantities": [row] }),
            " for quantities.0.inventoryItemId (Invalid global id '7'), quantities.0.quantity (Could not coerce value 3000000000 to Int)",
        ),
        (Value::Null, ""),
    ] {
        let (message, code, _) = first(SET, json!({ "input": input })).await;
        let mut parts: Vec<&str> =
            message.strip_prefix(begins).unwrap_or_else(|| panic!("{message}")).split(", ").collect();
        let mut expected: Vec<&str> = rest.split(", ").collect();
        // In the schema's order, which the whole schema and its part have differently.
        for all in [&mut parts, &mut expected] {
            for part in all.iter_mut() {
                *part = part.trim_start_matches(" for ");
            }
            all.sort_unstable();
        }
        assert_eq!(parts, expected, "{message}");
        assert_eq!(message.matches(" for ").count(), usize::from(!rest.is_empty()), "{message}");
        assert_eq!(code, "INVALID_VARIABLE");
    }
}

#[tokio::test(start_paused = true)]
async fn id_that_is_none_is_named_by_its_own_problem() {
    let body = Bench::new().ask("query Q($id: ID!) { product(id: $id) { id } }", json!({ "id": "7" })).await;
    let why = "Invalid global id '7'";
    assert_eq!(
        body["errors"][0]["extensions"]["problems"],
        json!([{ "path": [], "explanation": why, "message": why }])
    );
    for query in ["query Q { product(id: \"7\") { id } }", "query Q { product(id: 7) { id } }"] {
        let (message, code, path) = first(query, json!({})).await;
        assert_eq!((message.as_str(), code.as_str()), (why, "argumentLiteralsIncompatible"));
        assert_eq!(path, json!(["query Q", "product", "id"]));
    }
    let (message, code, _) = first("{ bulkOperation(id: \"gid://shopify/Product/1\") { id } }", json!({})).await;
    assert_eq!((message.as_str(), code.as_str()), ("Invalid id: gid://shopify/Product/1", "RESOURCE_NOT_FOUND"));
    // Parameters of an id are no fault.
    let there = Bench::new().ask("{ node(id: \"gid://shopify/Product/1?a=b\") { id } }", json!({})).await;
    assert_eq!(there["data"], json!({ "node": null }));
}

#[tokio::test(start_paused = true)]
async fn document_is_refused_with_the_codes_that_clients_meet() {
    for (query, message, code, path) in [
        (
            "query Q($a: String, $b: ID!) { product(id: $b) { id } }",
            "Variable $a is declared by Q but not used",
            "variableNotUsed",
            json!(["query Q"]),
        ),
        (
            "query Q { shop { id @nope } }",
            "Directive @nope is not defined",
            "undefinedDirective",
            json!(["query Q", "shop", "id"]),
        ),
        (
            "mutation M { productCreate(product: { titel: \"x\" }) { product { id } } }",
            "InputObject 'ProductCreateInput' doesn't accept argument 'titel'",
            "argumentNotAccepted",
            json!(["mutation M", "productCreate", "product", "titel"]),
        ),
        (
            "mutation M { stagedUploadsCreate(input: [{ filename: \"x\", mimeType: \"y\" }]) { userErrors { message } } }",
            "Argument 'resource' on InputObject 'StagedUploadInput' is required. Expected type StagedUploadTargetGenerateUploadResource!",
            "missingRequiredInputObjectAttribute",
            json!(["mutation M", "stagedUploadsCreate", "input", "resource"]),
        ),
        (
            "query Q { products(first: 3000000000) { nodes { id } } }",
            "Argument 'first' on Field 'products' has an invalid value (3000000000). Expected type 'Int'.",
            "argumentLiteralsIncompatible",
            json!(["query Q", "products", "first"]),
        ),
        (
            "query Q { products(first: 1, sortKey: NOPE) { nodes { id } } }",
            "Argument 'sortKey' on Field 'products' has an invalid value (NOPE). Expected type 'ProductSortKeys'.",
            "argumentLiteralsIncompatible",
            json!(["query Q", "products", "sortKey"]),
        ),
        (
            "query Q { node(id: \"gid://shopify/Product/1\") { ... on Product { nope } } }",
            "Field 'nope' doesn't exist on type 'Product'",
            "undefinedField",
            json!(["query Q", "node", "... on Product", "nope"]),
        ),
        (
            "query Q { product { id } }",
            "Field 'product' is missing required arguments: id",
            "missingRequiredArguments",
            json!(["query Q", "product"]),
        ),
    ] {
        assert_eq!(first(query, json!({})).await, (message.to_owned(), code.to_owned(), path), "{query}");
    }
}

#[tokio::test(start_paused = true)]
async fn window_of_a_connection_has_one_end_and_250_at_most() {
    for (arguments, message) in [
        ("", "you must provide one of first or last"),
        ("(reverse: true)", "you must provide one of first or last"),
        ("(first: 1, last: 1)", "providing both first and last is not supported"),
    ] {
        let (said, code, path) = first(&format!("{{ products{arguments} {{ nodes {{ id }} }} }}"), json!({})).await;
        assert_eq!((said.as_str(), code.as_str(), path), (message, "BAD_REQUEST", json!(["products"])), "{arguments}");
    }
    for size in ["first: 251", "last: 251", "first: -1"] {
        let (_, code, _) = first(&format!("{{ products({size}) {{ nodes {{ id }} }} }}"), json!({})).await;
        assert_eq!(code, "BAD_REQUEST", "{size}");
    }
    for (query, bad) in [
        ("created_at:not-a-date", true),
        ("created_at:>=not-a-date", true),
        ("created_at:>=2026-01-01", false),
        ("created_at:2026-01-01T00:00:00Z", false),
        ("status:running", false),
    ] {
        let text = format!("{{ bulkOperations(first: 1, query: \"{query}\") {{ nodes {{ id }} }} }}");
        let body = Bench::new().ask(&text, json!({})).await;
        assert_eq!(body["errors"][0]["extensions"]["code"] == "BAD_REQUEST", bad, "{query}: {body}");
        if bad {
            assert_eq!(body["errors"][0]["message"], "Invalid timestamp for query filter `created_at`.");
        }
    }
}
