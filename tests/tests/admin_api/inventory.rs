//! Inventory writes, against the rules that Shopify has for them.

use shopify_client::inventory::{
    Change, Decision, Expected, QuantityName, Row, RowResult, adjust_quantities, set_quantities,
};

use crate::support::{World, call, shop};

fn change(name: QuantityName) -> Change {
    Change { name, reason: "correction".to_owned(), reference: Some("erp://counts/1".to_owned()) }
}

/// One row for each item, at the first location, whatever is there.
fn rows(world: &World, amounts: &[i64]) -> Vec<Row> {
    let (items, places) = world.sim.inventory(&shop());
    let row = |(item, amount): (&u64, &i64)| Row {
        item: format!("gid://shopify/InventoryItem/{item}"),
        location: format!("gid://shopify/Location/{}", places[0]),
        amount: *amount,
        expected: Expected::Unconditional,
    };
    items.iter().zip(amounts).map(row).collect()
}

#[expect(clippy::unwrap_used, reason = "support of tests, where unwrapping is asserting")]
fn available(world: &World, item: usize) -> i64 {
    let (items, places) = world.sim.inventory(&shop());
    world.sim.available(&shop(), items[item], places[0]).unwrap()
}

fn leave(_: &Row, _: i64) -> Decision {
    Decision::Leave
}

#[tokio::test]
async fn item_twice_at_one_location_is_written_in_order_and_below_zero() {
    let world = World::new().await;
    let mut rows = rows(&world, &[4, 5, -6]);
    rows.push(Row { amount: -7, expected: Expected::Quantity(4), ..rows[0].clone() });
    let (client, change) = (world.client(), change(QuantityName::Available));
    let results = set_quantities(&client, &shop(), &change, &rows, "event", leave, &call()).await.unwrap();
    assert_eq!(results, vec![RowResult::Written; 4]);
    assert_eq!([available(&world, 0), available(&world, 1), available(&world, 2)], [-7, 5, -6]);
    assert_eq!(world.sim.calls_of("InventorySetQuantities"), 2);
}

#[tokio::test]
async fn bundle_in_a_batch_keeps_no_other_row_from_being_written() {
    let world = World::new().await;
    let (items, _) = world.sim.inventory(&shop());
    world.sim.make_bundle(&shop(), items[1]);
    let before = available(&world, 0);
    let rows = rows(&world, &[2, 2, 2]);
    let (client, change) = (world.client(), change(QuantityName::Available));
    let rejected = RowResult::Rejected { code: "NON_MUTABLE_INVENTORY_ITEM".to_owned() };
    let expected = [RowResult::Written, rejected, RowResult::Written];
    for _ in 0..3 {
        // Its key is used up by the refusal: each delivery of the event finds another one, and adds nothing twice.
        let results = adjust_quantities(&client, &shop(), &change, &rows, "event", leave, &call()).await.unwrap();
        assert_eq!(results, expected);
        assert_eq!(available(&world, 0), before + 2);
    }
}

#[tokio::test]
async fn on_hand_below_zero_is_its_rows_fault_alone() {
    let world = World::new().await;
    let rows = rows(&world, &[3, -3]);
    let (client, change) = (world.client(), change(QuantityName::OnHand));
    let results = set_quantities(&client, &shop(), &change, &rows, "event", leave, &call()).await.unwrap();
    let negative = RowResult::Rejected { code: "INVALID_QUANTITY_NEGATIVE".to_owned() };
    assert_eq!(results, [RowResult::Written, negative]);
    assert_eq!(available(&world, 0), 3);
}
