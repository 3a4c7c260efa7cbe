//! The table of `infra/routes.toml`.

use std::{collections::BTreeMap, fmt::Write};

use serde::Deserialize;

use crate::lane::Lane;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    default: String,
    lanes: BTreeMap<String, Vec<String>>,
}

/// The table as code, or everything that is wrong with it.
pub(crate) fn generate(text: &str) -> Result<String, Vec<String>> {
    let table: Table = toml::from_str(text).map_err(|error| vec![error.to_string()])?;
    let (mut exact, mut by_resource, mut problems) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    // The variant's name is its Debug form.
    let mut lane = |name: &str| match name.parse::<Lane>() {
        Ok(lane) => format!("{lane:?}"),
        Err(problem) => {
            problems.push(problem);
            String::new()
        }
    };
    let default = lane(&table.default);
    let lanes: Vec<_> = table.lanes.iter().map(|(name, patterns)| (lane(name), patterns)).collect();
    for (lane, pattern) in
        lanes.iter().flat_map(|(lane, patterns)| patterns.iter().map(move |one| (lane.as_str(), one)))
    {
        let earlier = match pattern.strip_suffix("/*") {
            Some(resource) if is_name(resource) => by_resource.insert(resource, lane),
            None if pattern.split_once('/').is_some_and(|(a, b)| is_name(a) && is_name(b)) => {
                exact.insert(pattern, lane)
            }
            _ => {
                problems.push(format!(
                    "{pattern:?} is neither a topic, such as orders/paid, nor a whole resource, such as orders/*"
                ));
                continue;
            }
        };
        if earlier.is_some() {
            problems.push(format!("{pattern:?} is routed twice"));
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut code = format!("static DEFAULT: Lane = Lane::{default};\nstatic EXACT: &[(&str, Lane)] = &[\n");
    for (topic, lane) in exact {
        let _ = writeln!(code, "    ({topic:?}, Lane::{lane}),");
    }
    code.push_str("];\nstatic BY_RESOURCE: &[(&str, Lane)] = &[\n");
    for (resource, lane) in by_resource {
        let _ = writeln!(code, "    ({resource:?}, Lane::{lane}),");
    }
    code.push_str("];\n");
    Ok(code)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
