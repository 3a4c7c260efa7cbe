//! The environments that the template gives its functions, as the emulator knows them.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use weir_local::Deployed;

/// The variables of one function.
pub(crate) type Variables = BTreeMap<String, String>;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Functions {
    functions: Vec<Configuration>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Configuration {
    function_name: String,
    environment: Option<Environment>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Environment {
    variables: Variables,
}

/// Those of a stack's functions, by their names in the template.
pub(crate) async fn environments(http: &reqwest::Client, deployed: &Deployed) -> Result<BTreeMap<String, Variables>> {
    let url = format!("{}/2015-03-31/functions/", deployed.endpoint);
    let reply = http.get(&url).send().await?.error_for_status()?;
    let all: Functions = reply.json().await.with_context(|| format!("{url} answered something else than expected"))?;
    let prefix = format!("{}-", deployed.stack_name);
    let own = |Configuration { function_name, environment }: Configuration| {
        let (name, _) = function_name.strip_prefix(&prefix)?.split_once('-')?;
        Some((name.to_owned(), environment?.variables))
    };
    let environments: BTreeMap<_, _> = all.functions.into_iter().filter_map(own).collect();
    ensure!(!environments.is_empty(), "the emulator has no function of stack {}", deployed.stack_name);
    Ok(environments)
}
