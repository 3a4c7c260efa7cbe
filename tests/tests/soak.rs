//! A short crash soak. CONTRIBUTING.md has the long one.

use std::{path::Path, process::Stdio};

use serde_json::Value;
use tokio::process::Command;
use weir_local::{Checkout, build_functions};

#[tokio::test]
async fn no_event_is_lost_completed_twice_or_overtaken_while_workers_are_killed_and_connections_cut() {
    let checkout = Checkout::find(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    let binaries = build_functions(&checkout, true).await.unwrap();
    let mut soak = Command::new(binaries.join("xtask"));
    // One of seven invocations: in so few events, fewer would hit nothing.
    soak.args(["soak", "--json", "--events", "300", "--seed", "11", "--kill-percent", "15", "--patience", "300"]);
    soak.current_dir(checkout.root()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let output = soak.kill_on_drop(true).spawn().unwrap().wait_with_output().await.unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let report: Value = serde_json::from_str(printed.lines().last().expect("a report")).unwrap();
    let figures = |names: &[&str]| names.iter().map(|name| report[name].as_u64().unwrap()).collect::<Vec<_>>();

    assert_eq!(figures(&["accepted"]), [300], "{report}");
    let broken = figures(&["lost", "completed_twice", "steps_back", "overlaps", "strangers", "dlq"]);
    assert_eq!(broken, [0; 6], "{report}");
    assert!(output.status.success(), "{report}");
    // It would prove nothing if nothing had happened.
    assert!(figures(&["kills", "cuts", "lost_replies", "duplicates"]).iter().all(|count| *count > 2), "{report}");
}
