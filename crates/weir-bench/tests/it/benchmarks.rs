//! docs/benchmarks.md shows the figures that were measured.

use std::{fs, path::Path};

use weir_bench::report::{accepted::Accepted, chart, region, table};

#[test]
fn benchmarks_document_and_picture_show_the_accepted_run() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let accepted = Accepted::read(&root).unwrap().expect("counts were accepted");
    let report = accepted.report.expect("a run was accepted");
    let document = fs::read_to_string(root.join("docs/benchmarks.md")).unwrap();
    let hint = "`cargo xtask bench --render` writes them from bench/accepted.json";
    assert_eq!(region::replace(&document, &table::all(&report)).unwrap(), document, "{hint}");
    assert_eq!(chart::svg(&report), fs::read_to_string(root.join("bench/performance.svg")).unwrap(), "{hint}");
}
