use super::*;

#[track_caller]
fn faults(text: &str) -> Vec<String> {
    parse(text.as_bytes()).unwrap_err().faults.iter().map(ToString::to_string).collect()
}

#[test]
fn lines_of_one_sku_are_members_of_one_pool() {
    let text = "\u{feff}Shop,SKU,location,buffer,available\r\n\
        north.myshopify.com,TEA-1,Warehouse,2,40\r\n\
        South.myshopify.com,TEA-1,\"Store, second floor\",,\r\n\
        \r\n\
        north.myshopify.com,CUP,655441491,0,40\r\n";
    let pools = parse(text.as_bytes()).unwrap();
    let [cup, tea] = &pools[..] else { panic!("{pools:?}") };
    assert_eq!((cup.sku.as_str(), cup.available, cup.members.len()), ("CUP", Some(40), 1));
    assert_eq!(cup.members[0].line, 5, "an empty line counts");
    assert_eq!((tea.sku.as_str(), tea.available), ("TEA-1", Some(40)));
    let [north, south] = &tea.members[..] else { panic!("{tea:?}") };
    assert_eq!((north.line, north.buffer), (2, 2));
    assert_eq!((south.line, south.buffer, south.location.as_str()), (3, 0, "Store, second floor"));
    assert_eq!(south.shop.as_str(), "south.myshopify.com");
}

#[test]
fn buffer_and_stock_can_be_left_out() {
    let pools = parse(b"sku,shop,location\nTEA-1,north.myshopify.com,Warehouse\n").unwrap();
    assert_eq!((pools[0].available, pools[0].members[0].buffer), (None, 0));
}

#[test]
fn every_fault_is_named_with_line_and_column() {
    let text = "sku,shop,location,buffer,available\n\
        ,north,,-1,many\n\
        TEA-1,north.myshopify.com,Warehouse,2,40\n\
        TEA-1,north.myshopify.com,Warehouse,2,40\n\
        TEA-1,south.myshopify.com,Warehouse,0,41\n\
        TEA-1,south.myshopify.com\n\
        CUP,south.myshopify.com,Warehouse,2000000000,1.5\n";
    assert_eq!(
        faults(text),
        [
            "line 2, column sku: the field is empty",
            "line 2, column shop: \"north\" is not the domain of a shop: write it like north.myshopify.com",
            "line 2, column location: the field is empty",
            "line 2, column buffer: -1 is below zero",
            "line 2, column available: \"many\" is not a whole number",
            "line 4: an earlier line has the same SKU, shop and location",
            "line 5, column available: an earlier line of this SKU says 40, this one 41: a pool has one stock",
            "line 6: the line has 2 fields, and the header has 5: separate fields by commas, and quote those with a comma",
            "line 7, column buffer: 2000000000 is more than the 1,000,000,000 units that a level can have",
            "line 7, column available: \"1.5\" is not a whole number",
        ]
    );
}

#[test]
fn files_that_are_not_such_csv_are_refused_as_a_whole() {
    assert_eq!(faults("sku,shop\n").len(), 1);
    assert!(faults("sku;shop;location\nA;b;c\n")[0].contains("separated by commas"));
    assert_eq!(faults("sku,shop,location,sku\n"), ["line 1, column sku: the header has the column twice"]);
    assert_eq!(faults("sku,shop,location\n"), ["line 1: the file has no lines below its header"]);
    assert_eq!(faults("").len(), 3);
    assert!(parse(&[0xff, 0xfe, 0]).unwrap_err().to_string().contains("UTF-8"));
    assert!(parse(&vec![b'a'; MAX_BYTES + 1]).unwrap_err().to_string().contains("split it"));
}

#[test]
fn no_text_makes_it_panic() {
    let mut rng = fastrand::Rng::with_seed(7);
    let alphabet = ["sku", "shop", "location", ",", "\n", "\"", "\r", "-1", "é", "north.myshopify.com", "\0", ";"];
    for _ in 0..2_000 {
        let text: String = (0..rng.usize(0..60)).map(|_| alphabet[rng.usize(0..alphabet.len())]).collect();
        let _unread = parse(text.as_bytes());
        let _unread = parse(format!("sku,shop,location,buffer,available\n{text}").as_bytes());
    }
}
