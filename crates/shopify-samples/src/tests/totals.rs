//! The sums, reckoned again from what the bodies say.

use super::{body, each_object, samples};
use serde_json::Value;

const COLUMNS: [&str; 2] = ["shop_money", "presentment_money"];

/// In minor units; a currency writes all its amounts with the same number of decimals.
#[track_caller]
fn minor(amount: &Value) -> i64 {
    amount.as_str().unwrap_or_else(|| panic!("{amount} is no money")).replace('.', "").parse().unwrap()
}

fn sum(list: &Value, amount: impl Fn(&Value) -> i64) -> i64 {
    list.as_array().unwrap().iter().map(amount).sum()
}

fn quantity(line: &Value) -> i64 {
    line["quantity"].as_i64().unwrap()
}

#[test]
fn an_order_adds_up_in_both_currencies() {
    for seed in 0..200 {
        let mut samples = samples(seed);
        for stage in ["create", "updated", "paid", "fulfilled", "partially_fulfilled", "cancelled"] {
            let order = body(&mut samples, &format!("orders/{stage}"));
            COLUMNS.iter().for_each(|column| check_order(&order, column));
        }
    }
}

#[track_caller]
fn check_order(order: &Value, column: &str) {
    let set = |of: &Value, name: &str| minor(&of[name][column]["amount"]);
    let taxes = |of: &Value| sum(&of["tax_lines"], |tax| set(tax, "price_set"));

    let goods = sum(&order["line_items"], |line| set(line, "price_set") * quantity(line));
    assert_eq!(goods, set(order, "total_line_items_price_set"));
    let discounts =
        sum(&order["line_items"], |line| sum(&line["discount_allocations"], |part| set(part, "amount_set")));
    assert_eq!(discounts, set(order, "total_discounts_set"));
    assert_eq!(goods - discounts, set(order, "subtotal_price_set"));
    let tax = sum(&order["line_items"], taxes) + sum(&order["shipping_lines"], taxes);
    assert_eq!(tax, set(order, "total_tax_set"));
    assert_eq!(tax, taxes(order));
    let shipping = sum(&order["shipping_lines"], |line| set(line, "price_set"));
    assert_eq!(shipping, set(order, "total_shipping_price_set"));
    let added = if order["taxes_included"] == true { 0 } else { tax };
    let total = goods - discounts + shipping + added;
    assert_eq!(total, set(order, "total_price_set"));

    let refunded: i64 = sum(&order["refunds"], |refund| refunded(refund, order["taxes_included"] == true, column));
    assert_eq!(total - refunded, set(order, "current_total_price_set"));
    let grams = sum(&order["line_items"], |line| line["grams"].as_i64().unwrap() * quantity(line));
    assert_eq!(grams, order["total_weight"].as_i64().unwrap());
}

fn refunded(refund: &Value, taxes_included: bool, column: &str) -> i64 {
    let set = |of: &Value, name: &str| minor(&of[name][column]["amount"]);
    let tax = |amount: i64| if taxes_included { 0 } else { amount };
    sum(&refund["refund_line_items"], |line| set(line, "subtotal_set") + tax(set(line, "total_tax_set")))
        + sum(&refund["refund_shipping_lines"], |line| {
            set(line, "subtotal_amount_set") + tax(set(line, "tax_amount_set"))
        })
}

#[test]
fn outstanding_amount_is_total_minus_payments() {
    for seed in 0..200 {
        let order = body(&mut samples(seed), "orders/create");
        let expected = if order["financial_status"] == "paid" { "0.00".into() } else { order["total_price"].clone() };
        assert_eq!(order["total_outstanding"], expected);
    }
}

#[test]
fn a_refund_pays_back_what_its_lines_say() {
    for seed in 0..200 {
        let mut samples = samples(seed);
        let refund = body(&mut samples, "refunds/create");
        let included = samples.shop.home.taxes_included;
        let paid_back = sum(&refund["transactions"], |transaction| minor(&transaction["amount"]));
        assert_eq!(paid_back, refunded(&refund, included, "presentment_money"));
    }
}

#[test]
fn a_fulfilled_order_has_nothing_left_to_ship_and_a_partial_one_has() {
    for seed in 0..200 {
        let mut samples = samples(seed);
        let mut left = |stage: &str| {
            let order = body(&mut samples, &format!("orders/{stage}"));
            assert_eq!(order["fulfillments"].as_array().unwrap().len(), 1);
            sum(&order["line_items"], |line| line["fulfillable_quantity"].as_i64().unwrap())
        };
        assert_eq!(left("fulfilled"), 0);
        assert!(left("partially_fulfilled") > 0);
    }
}

#[test]
fn draft_orders_and_checkouts_add_up() {
    for seed in 0..200 {
        let mut samples = samples(seed);
        for topic in ["draft_orders/create", "draft_orders/update", "checkouts/create", "checkouts/update"] {
            let body = body(&mut samples, topic);
            let goods = sum(&body["line_items"], |line| minor(&line["price"]) * quantity(line));
            let tax = sum(&body["tax_lines"], |tax| minor(&tax["price"]));
            assert_eq!(tax, minor(&body["total_tax"]));
            let (discounts, shipping) = if topic.starts_with("draft") {
                let price = |of: &Value, name: &str| if of.is_null() { 0 } else { minor(&of[name]) };
                (price(&body["applied_discount"], "amount"), price(&body["shipping_line"], "price"))
            } else {
                assert_eq!(goods, minor(&body["total_line_items_price"]));
                assert_eq!(goods, sum(&body["line_items"], |line| minor(&line["line_price"])));
                (minor(&body["total_discounts"]), sum(&body["shipping_lines"], |line| minor(&line["price"])))
            };
            assert_eq!(goods - discounts, minor(&body["subtotal_price"]));
            let added = if body["taxes_included"] == true { 0 } else { tax };
            assert_eq!(goods - discounts + shipping + added, minor(&body["total_price"]));
        }
    }
}

#[test]
fn a_carts_line_costs_price_times_quantity() {
    for seed in 0..50 {
        let cart = body(&mut samples(seed), "carts/update");
        for line in cart["line_items"].as_array().unwrap() {
            assert_eq!(minor(&line["price"]) * quantity(line), minor(&line["line_price"]));
        }
    }
}

#[test]
fn an_amount_and_its_set_agree() {
    each_object(50, |_, topic, fields| {
        for (name, amount) in fields {
            if let Some(set) = fields.get(&format!("{name}_set")) {
                let in_set = &set["shop_money"]["amount"];
                match amount.as_f64() {
                    Some(float) => assert_eq!((float * 100.0).round() as i64, minor(in_set), "{topic}: {name}"),
                    None => assert_eq!(amount, in_set, "{topic}: {name}"),
                }
            }
        }
    });
}
