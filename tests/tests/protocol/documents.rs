//! Documents of the table of operations.

use weir_aws::{
    DocumentStore,
    documents::{Document, Stored},
};
use weir_tests::World;

#[tokio::test]
async fn a_document_is_replaced_only_by_who_read_its_version() {
    let world = World::new("operations").await;
    let operations = DocumentStore::new(&world.aws, world.deployed.operations_table.clone());
    assert_eq!(operations.get::<String>("cursors", "a").await.unwrap(), None);
    let put =
        async |expected, value: &str| operations.put("cursors", "a", expected, &value.to_owned(), None).await.unwrap();
    assert_eq!(put(Some(1), "x").await, Stored::Lost(None), "it is not there");
    assert_eq!(put(None, "first").await, Stored::Written(1));
    let first = Document { name: "a".to_owned(), version: 1, value: "first".to_owned() };
    assert_eq!(put(None, "again").await, Stored::Lost(Some(first.clone())), "it is there already");
    assert_eq!(put(Some(1), "second").await, Stored::Written(2));
    let second = Document { version: 2, value: "second".to_owned(), ..first };
    assert_eq!(put(Some(1), "late").await, Stored::Lost(Some(second.clone())));
    assert_eq!(operations.get("cursors", "a").await.unwrap(), Some(second));
    operations.delete("cursors", "a").await.unwrap();
    assert_eq!(operations.get::<String>("cursors", "a").await.unwrap(), None);
    world.end().await;
}

#[tokio::test]
async fn collection_is_listed_from_either_end_beyond_a_page() {
    let world = World::new("operations-list").await;
    let operations = DocumentStore::new(&world.aws, world.deployed.operations_table.clone());
    for number in 0..120_u32 {
        operations.put("runs", &format!("{number:03}"), None, &number, None).await.unwrap();
    }
    operations.put("others", "000", None, &999_u32, None).await.unwrap();
    let listed = async |backwards, limit| {
        let documents = operations.list::<u32>("runs", backwards, limit).await.unwrap();
        documents.into_iter().map(|document| document.value).collect::<Vec<_>>()
    };
    assert_eq!(listed(false, 500).await, (0..120).collect::<Vec<_>>());
    assert_eq!(listed(true, 3).await, [119, 118, 117]);
    assert!(listed(false, 0).await.is_empty());
    world.end().await;
}
