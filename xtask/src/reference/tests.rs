use super::*;

fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

#[test]
fn committed_pages_are_what_their_sources_make() {
    let stale = stale(checkout()).unwrap();
    assert!(stale.is_empty(), "{stale:?}: `cargo xtask reference` writes them");
}

#[test]
fn every_command_parameter_and_metric_has_a_place() {
    let pages = pages(checkout()).unwrap();
    let page = |file: &str| &pages.iter().find(|page| page.file == file).unwrap().text;
    for command in weir_cli::input::commands() {
        // The first is `weir` itself.
        let title = [vec!["weir".to_owned()], command].concat().join(" ");
        assert!(page("command-line.md").contains(&format!("\n## {title}\n")), "{title}");
    }
    let template = weir_local::Checkout::find(checkout()).unwrap().read_template().unwrap();
    for name in template["Parameters"].as_object().unwrap().keys() {
        assert_eq!(page("parameters.md").matches(&format!("\n| `{name}` |")).count(), 1, "{name}");
    }
    for metric in weir_telemetry::metrics::EMITTED {
        assert!(page("metrics.md").contains(&format!("\n| `{}` |", metric.name)), "{}", metric.name);
    }
}
