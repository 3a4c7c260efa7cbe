//! template.yaml is what its sources make.

use std::path::Path;

use weir_local::Checkout;
use xtask::template::{assemble, differences};

#[test]
fn committed_template_is_what_its_sources_make() {
    let checkout = Checkout::find(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("a checkout");
    let made = assemble(checkout.root()).unwrap_or_else(|problem| panic!("{problem}"));
    let committed = std::fs::read_to_string(checkout.template()).expect("template.yaml can be read");
    let differences = differences(&committed, &made);
    assert!(differences.is_empty(), "`cargo xtask template` writes template.yaml anew\n{differences}");
}
