//! Lines and groups.

use serde::Deserialize;

use super::*;
use crate::operations::testing::shop;

const GROUPED: &str = r#"{"id":"gid://shopify/Product/1","title":"Lamp"}
{"id":"gid://shopify/ProductVariant/11","sku":"L1","__parentId":"gid://shopify/Product/1"}
{"id":"gid://shopify/Metafield/111","__parentId":"gid://shopify/ProductVariant/11"}
{"id":"gid://shopify/ProductVariant/12","sku":"L2","__parentId":"gid://shopify/Product/1"}
{"id":"gid://shopify/Product/2","title":"Desk"}
{"id":"gid://shopify/Product/3","title":"Rug"}
{"id":"gid://shopify/ProductVariant/31","sku":"R1","__parentId":"gid://shopify/Product/3"}
"#;

#[derive(Debug, PartialEq, Deserialize)]
enum Object {
    Product(Product),
    ProductVariant(Variant),
    #[serde(other)]
    Unknown,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Product {
    title: String,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Variant {
    sku: String,
}

#[tokio::test(start_paused = true)]
async fn each_line_is_typed_by_its_id_and_knows_its_parent() {
    let world = World::new(GROUPED);
    let mut lines = Lines::<Object>::new(&world.client(), &shop(), &world.sized(), &call());
    let mut seen = Vec::new();
    while let Some(line) = lines.next().await.unwrap() {
        seen.push((line.number, line.parent, line.object));
    }
    let product = |title: &str| Object::Product(Product { title: title.into() });
    let variant = |sku: &str| Object::ProductVariant(Variant { sku: sku.into() });
    let parent = |id: &str| Some(format!("gid://shopify/{id}"));
    let expected = [
        (1, None, product("Lamp")),
        (2, parent("Product/1"), variant("L1")),
        (3, parent("ProductVariant/11"), Object::Unknown),
        (4, parent("Product/1"), variant("L2")),
        (5, None, product("Desk")),
        (6, None, product("Rug")),
        (7, parent("Product/3"), variant("R1")),
    ];
    assert_eq!(seen, expected);
}

/// Title, part, children's lines, whether it is the last part.
type Seen = (String, u64, Vec<u64>, bool);

async fn groups(text: &str, most: usize) -> Result<Vec<Seen>, BulkError> {
    let world = World::new(text);
    let mut groups = Groups::<Product, Object>::new(&world.client(), &shop(), &world.sized(), most, &call());
    let mut seen = Vec::new();
    while let Some(group) = groups.next().await? {
        let children = group.children.iter().map(|child| child.number).collect();
        seen.push((group.root.title.clone(), group.part, children, group.is_last));
    }
    Ok(seen)
}

#[tokio::test(start_paused = true)]
async fn a_parent_comes_with_its_children_in_parts_of_a_size() {
    let whole = |lamp: Vec<Seen>| {
        let rest = [("Desk".to_owned(), 0, vec![], true), ("Rug".to_owned(), 0, vec![7], true)];
        lamp.into_iter().chain(rest).collect::<Vec<_>>()
    };
    let lamp = |part, children: &[u64], is_last| ("Lamp".to_owned(), part, children.to_vec(), is_last);
    assert_eq!(groups(GROUPED, 3).await.unwrap(), whole(vec![lamp(0, &[2, 3, 4], true)]));
    assert_eq!(groups(GROUPED, 2).await.unwrap(), whole(vec![lamp(0, &[2, 3], false), lamp(1, &[4], true)]));
    let ones = vec![lamp(0, &[2], false), lamp(1, &[3], false), lamp(2, &[4], true)];
    assert_eq!(groups(GROUPED, 1).await.unwrap(), whole(ones.clone()));
    assert_eq!(groups(GROUPED, 0).await.unwrap(), whole(ones));
    assert!(groups("", 1).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_child_away_from_its_parent_is_reported() {
    let lines: Vec<&str> = GROUPED.lines().collect();
    for (order, at) in [(vec![0, 4, 1], 3), (vec![1], 1), (vec![0, 1, 3, 2], 4)] {
        let text = order.iter().map(|line| lines[*line]).collect::<Vec<_>>().join("\n");
        let Err(BulkError::Line(error)) = groups(&text, 9).await else { panic!("{text}") };
        assert_eq!((error.number, error.fault), (at, LineFault::Ungrouped), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_line_that_cannot_be_read_is_named_without_its_content_and_reading_goes_on() {
    let text = concat!(
        "{\"id\":\"gid://shopify/Product/1\",\"title\":\"secret\"}\n",
        "{\"id\":\"gid://shopify/Product/1\",\"title\":17.25}\n",
        "{\"id\":\"secret\n",
        "{\"id\":\"gid://shopify/Product/1\",\"title\":\"Lamp\"}",
    );
    let world = World::new(text);
    let mut lines = Lines::<Object>::new(&world.client(), &shop(), &world.sized(), &call());
    assert!(lines.next().await.unwrap().is_some());
    for (number, fault) in [(2, LineFault::Shape(Some("Product".into()))), (3, LineFault::Syntax)] {
        let Err(error) = lines.next().await else { panic!("line {number} was read") };
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("secret") && !shown.contains("17.25"), "{shown}");
        let BulkError::Line(error) = error else { panic!("{shown}") };
        assert_eq!((error.number, error.fault), (number, fault));
    }
    assert_eq!(lines.next().await.unwrap().unwrap().number, 4);
    assert!(lines.next().await.unwrap().is_none());
}
