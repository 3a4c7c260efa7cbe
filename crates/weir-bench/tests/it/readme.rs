//! What the README says of weir's speed is what was measured.

use std::{fs, path::Path};

use weir_bench::report::{accepted::Accepted, chart, region, table};

#[test]
fn the_readme_and_its_picture_show_the_run_that_was_accepted() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let accepted = Accepted::read(&root).unwrap().expect("counts were accepted");
    let report = accepted.report.expect("a run was accepted");
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let hint = "`cargo xtask bench --render` writes them from bench/accepted.json";
    assert_eq!(region::replace(&readme, &table::all(&report)).unwrap(), readme, "{hint}");
    assert_eq!(chart::svg(&report), fs::read_to_string(root.join("bench/performance.svg")).unwrap(), "{hint}");
}
