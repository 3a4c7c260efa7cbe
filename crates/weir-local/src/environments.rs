//! The environments that the template gives its functions, as the emulator knows them.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::deployed::Deployed;

/// The variables of one function.
pub type Variables = BTreeMap<String, String>;

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

/// The emulator does not tell the environments.
#[derive(Debug, thiserror::Error)]
pub enum EnvironmentsError {
    /// It did not answer, or with something else than functions.
    #[error("{url} did not answer with functions")]
    Unanswered {
        /// What was asked.
        url: String,
        /// Why.
        source: reqwest::Error,
    },
    /// It has no function of the stack.
    #[error("the emulator has no function of stack {0}")]
    NoFunctions(String),
}

/// Those of a stack's functions, by their names in the template.
///
/// # Errors
/// If the emulator does not answer, or has no function of the stack.
pub async fn environments(
    http: &reqwest::Client,
    deployed: &Deployed,
) -> Result<BTreeMap<String, Variables>, EnvironmentsError> {
    let url = format!("{}/2015-03-31/functions/", deployed.endpoint);
    let answer = async { http.get(&url).send().await?.error_for_status()?.json().await };
    let all: Functions = match answer.await {
        Ok(all) => all,
        Err(source) => return Err(EnvironmentsError::Unanswered { url, source }),
    };
    let prefix = format!("{}-", deployed.stack_name);
    let own = |Configuration { function_name, environment }: Configuration| {
        let (name, _) = function_name.strip_prefix(&prefix)?.split_once('-')?;
        Some((name.to_owned(), environment?.variables))
    };
    let environments: BTreeMap<_, _> = all.functions.into_iter().filter_map(own).collect();
    if environments.is_empty() {
        return Err(EnvironmentsError::NoFunctions(deployed.stack_name.clone()));
    }
    Ok(environments)
}
