//! The table of `infra/topics.toml`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    latest: Vec<Latest>,
    every: Vec<Every>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Latest {
    resource: String,
    within: Option<String>,
    id: Vec<String>,
    why: String,
    topics: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Every {
    why: String,
    topics: Vec<String>,
}

/// The table as code, or everything that is wrong with it.
pub(crate) fn generate(text: &str) -> Result<String, Vec<String>> {
    let table: Table = toml::from_str(text).map_err(|error| vec![error.to_string()])?;
    let problems = problems(&table);
    if problems.is_empty() { Ok(code(&table)) } else { Err(problems) }
}

fn problems(table: &Table) -> Vec<String> {
    let mut problems = Vec::new();
    let mut seen = BTreeSet::new();
    for Latest { resource, within, id, why, .. } in &table.latest {
        // `#` parts the keys of the fence.
        let is_name = !resource.is_empty() && !resource.contains(['#', '/']);
        let mut fields = id.iter().flat_map(|field| field.split('|')).chain(within.as_deref());
        if !is_name || why.trim().is_empty() || fields.any(str::is_empty) {
            problems.push(format!(
                "the entry of {resource:?} needs a name without # and /, fields with names and a reason"
            ));
        }
        if !seen.insert(resource) {
            problems.push(format!("the resource {resource:?} has two entries"));
        }
    }
    for every in table.every.iter().filter(|every| every.why.trim().is_empty()) {
        problems.push(format!("the entry of {:?} needs a reason", every.topics));
    }
    let latest = table.latest.iter().flat_map(|entry| &entry.topics);
    let mut topics = BTreeSet::new();
    for topic in latest.chain(table.every.iter().flat_map(|entry| &entry.topics)) {
        if !topic.split_once(['/', '.']).is_some_and(|(resource, action)| !resource.is_empty() && !action.is_empty()) {
            problems.push(format!("{topic:?} is no topic, such as orders/paid"));
        }
        if !topics.insert(topic) {
            problems.push(format!("{topic:?} is decided twice"));
        }
    }
    problems
}

fn code(table: &Table) -> String {
    let mut code = String::from("static RESOURCES: &[Resource] = &[\n");
    let mut latest = BTreeMap::new();
    for (index, Latest { resource, within, id, topics, .. }) in table.latest.iter().enumerate() {
        let id: Vec<Vec<&str>> = id.iter().map(|field| field.split('|').collect()).collect();
        let id: Vec<String> = id.iter().map(|field| format!("&{field:?}")).collect();
        let id = id.join(", ");
        let _ = writeln!(code, "    Resource {{ name: {resource:?}, within: {within:?}, id: &[{id}] }},");
        latest.extend(topics.iter().map(|topic| (topic, index)));
    }
    code.push_str("];\nstatic LATEST: &[(&str, usize)] = &[\n");
    for (topic, resource) in latest {
        let _ = writeln!(code, "    ({topic:?}, {resource}),");
    }
    let every: BTreeSet<&String> = table.every.iter().flat_map(|entry| &entry.topics).collect();
    let _ = writeln!(code, "];\nstatic EVERY: &[&str] = &{every:#?};", every = every.iter().collect::<Vec<_>>());
    code
}
