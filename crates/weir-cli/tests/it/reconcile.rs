use crate::{run, weir};

#[test]
fn help_shows_examples_and_bad_input_changes_nothing() {
    let help = run(weir(&["reconcile"]).arg("--help"));
    assert_eq!(help.status, 0, "{}", help.stderr);
    assert!(help.stdout.contains("Examples:") && help.stdout.contains("--dry-run"), "{}", help.stdout);
    for (line, status, said) in [
        (&["reconcile"][..], 2, "--shop"),
        (&["reconcile", "--shop", "not a shop"], 2, "hint:"),
        (&["reconcile", "--shop", "north.myshopify.com", "--since", "soon"], 2, "expected a time"),
        (&["reconcile", "--shop", "north.myshopify.com", "--since", "2999-01-01T00:00:00Z"], 2, "future"),
        (&["reconcile", "--shop", "north.myshopify.com", "--until", "1h"], 2, "--since"),
        (&["reconcile", "--shop", "north.myshopify.com", "--topics", "refunds/create"], 2, "orders/paid"),
        (&["reconcile", "--shop", "north.myshopify.com", "--points", "0"], 2, "--points"),
    ] {
        let ended = run(&mut weir(line));
        assert_eq!(ended.status, status, "{line:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(said), "{line:?}: {}", ended.stderr);
        assert_eq!(ended.stdout, "");
    }
}
